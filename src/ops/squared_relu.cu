#include <cuda_runtime.h>

#include "ops/lane.cuh"
#include "ops/launch.cuh"
#include "ops/squared_relu_kernel.hpp"

namespace nas::ops {

namespace {

constexpr int kThreads = 256;

// y_gradient is null forwards.
template <class Value, bool kVectors>
__global__ void squared_relu_kernel(const Value* x, const Value* y_gradient, Value* out,
                                    std::int64_t count) {
  begin_kernel();
  using L = Lane<Value, kVectors>;
  const std::int64_t i = (std::int64_t{blockIdx.x} * kThreads + threadIdx.x) * L::kSize;
  if (i >= count) return;
  L lane = L::load_from(x + i);
  L factor;
  if (y_gradient != nullptr) factor = L::load_from(y_gradient + i);
#pragma unroll
  for (int k = 0; k < L::kSize; ++k) {
    // NaN stays NaN, as in LibTorch's relu.
    const float positive = lane.at[k] < 0 ? 0 : lane.at[k];
    lane.at[k] = positive * (y_gradient != nullptr ? 2 * factor.at[k] : positive);
  }
  lane.store_to(out + i);
}

template <class Value>
int launch_any(const void* x, const void* y_gradient, void* out, std::int64_t count,
               CUstream_st* stream) {
  if (count == 0) return cudaSuccess;
  const bool vectors = count % Vector<Value>::kSize == 0 && is_aligned(x) &&
                       is_aligned(y_gradient) && is_aligned(out);
  const std::int64_t lanes = vectors ? count / Vector<Value>::kSize : count;
  const auto blocks = static_cast<unsigned>((lanes + kThreads - 1) / kThreads);
  const auto* const values = static_cast<const Value*>(x);
  const auto* const gradients = static_cast<const Value*>(y_gradient);
  auto* const results = static_cast<Value*>(out);
  const auto kernel =
      vectors ? squared_relu_kernel<Value, true> : squared_relu_kernel<Value, false>;
  return launch(kernel, blocks, kThreads, 0, stream, values, gradients, results, count);
}

}  // namespace

int launch_squared_relu(const void* x, void* y, std::int64_t count, bool is_bfloat16,
                        CUstream_st* stream) {
  return is_bfloat16 ? launch_any<__nv_bfloat16>(x, nullptr, y, count, stream)
                     : launch_any<float>(x, nullptr, y, count, stream);
}

int launch_squared_relu_backward(const void* x, const void* y_gradient, void* x_gradient,
                                 std::int64_t count, bool is_bfloat16, CUstream_st* stream) {
  return is_bfloat16 ? launch_any<__nv_bfloat16>(x, y_gradient, x_gradient, count, stream)
                     : launch_any<float>(x, y_gradient, x_gradient, count, stream);
}

}  // namespace nas::ops
