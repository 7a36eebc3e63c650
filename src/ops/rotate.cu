#include <cuda_runtime.h>

#include "ops/lane.cuh"
#include "ops/launch.cuh"
#include "ops/rotate_kernel.hpp"

namespace nas::ops {

namespace {

constexpr int kThreads = 256;

// A thread has some features of a row's first half and those that they are turned with. Rows are
// counted as they mostly lie in memory: heads of a token side by side.
template <class Value, bool kVectors>
__global__ void rotate_kernel(Rotation rotation) {
  begin_kernel();
  using L = Lane<Value, kVectors>;
  const std::int64_t lanes = rotation.half / L::kSize;
  const std::int64_t place = std::int64_t{blockIdx.x} * kThreads + threadIdx.x;
  std::int64_t row = place / lanes;
  const std::int64_t head = row % rotation.heads;
  row /= rotation.heads;
  const std::int64_t time = row % rotation.seq;
  const std::int64_t batch = row / rotation.seq;
  if (batch >= rotation.batch) return;
  const std::int64_t feature = place % lanes * L::kSize;
  const auto offset = [&](const RowStrides& strides) {
    return batch * strides.batch + head * strides.head + time * strides.time + feature;
  };
  const auto* const x = static_cast<const Value*>(rotation.x) + offset(rotation.x_strides);
  auto* const y = static_cast<Value*>(rotation.y) + offset(rotation.y_strides);
  const L a = L::load_from(x);
  const L b = L::load_from(x + rotation.half);
  const L cosine = L::load_floats(rotation.cosine + time * rotation.half + feature);
  const L sine = L::load_floats(rotation.sine + time * rotation.half + feature);
  L first;
  L second;
#pragma unroll
  for (int i = 0; i < L::kSize; ++i) {
    const float turned = rotation.sign * sine.at[i];
    first.at[i] = a.at[i] * cosine.at[i] - b.at[i] * turned;
    second.at[i] = b.at[i] * cosine.at[i] + a.at[i] * turned;
  }
  first.store_to(y);
  second.store_to(y + rotation.half);
}

[[nodiscard]] bool are_multiples(const RowStrides& strides, std::int64_t size) {
  return strides.batch % size == 0 && strides.head % size == 0 && strides.time % size == 0;
}

template <class Value>
int launch_any(const Rotation& rotation, CUstream_st* stream) {
  const std::int64_t rows = rotation.batch * rotation.heads * rotation.seq;
  if (rows * rotation.half == 0) return cudaSuccess;
  constexpr std::int64_t kSize = Vector<Value>::kSize;
  const bool vectors = rotation.half % kSize == 0 && are_multiples(rotation.x_strides, kSize) &&
                       are_multiples(rotation.y_strides, kSize) && is_aligned(rotation.x) &&
                       is_aligned(rotation.y) && is_aligned(rotation.cosine) &&
                       is_aligned(rotation.sine);
  const std::int64_t lanes = rows * (vectors ? rotation.half / kSize : rotation.half);
  const auto blocks = static_cast<unsigned>((lanes + kThreads - 1) / kThreads);
  const auto kernel = vectors ? rotate_kernel<Value, true> : rotate_kernel<Value, false>;
  return launch(kernel, blocks, kThreads, 0, stream, rotation);
}

}  // namespace

int launch_rotate(const Rotation& rotation, bool is_bfloat16, CUstream_st* stream) {
  return is_bfloat16 ? launch_any<__nv_bfloat16>(rotation, stream)
                     : launch_any<float>(rotation, stream);
}

}  // namespace nas::ops
