#include <cuda_bf16.h>
#include <cuda_runtime.h>

#include "ops/adamw_kernel.hpp"
#include "ops/launch.cuh"
#include "ops/reduce.cuh"

namespace nas::ops {

namespace {

constexpr int kThreads = 256;
constexpr int kVector = 4;

/// Where a block works.
struct Place {
  const AdamWSlice& slice;
  std::int64_t begin;
  std::int64_t end;
};

__device__ Place place_of(const AdamWSlices& slices) {
  const auto block = static_cast<std::int32_t>(blockIdx.x);
  std::int32_t low = 0;
  std::int32_t high = slices.slice_count - 1;
  while (low < high) {
    const std::int32_t middle = (low + high + 1) / 2;
    if (slices.slices[middle].first_block <= block) {
      low = middle;
    } else {
      high = middle - 1;
    }
  }
  const AdamWSlice& slice = slices.slices[low];
  const std::int64_t begin = (block - slice.first_block) * kAdamWBlockElements;
  return {slice, begin, min(begin + kAdamWBlockElements, slice.count)};
}

__device__ float4 load_narrow(const std::uint16_t* at) {
  const uint2 raw = *reinterpret_cast<const uint2*>(at);
  const float2 low = __bfloat1622float2(reinterpret_cast<const __nv_bfloat162&>(raw.x));
  const float2 high = __bfloat1622float2(reinterpret_cast<const __nv_bfloat162&>(raw.y));
  return {low.x, low.y, high.x, high.y};
}

__device__ void store_narrow(std::uint16_t* at, const float4& value) {
  const __nv_bfloat162 low = __floats2bfloat162_rn(value.x, value.y);
  const __nv_bfloat162 high = __floats2bfloat162_rn(value.z, value.w);
  uint2 raw;
  raw.x = reinterpret_cast<const unsigned&>(low);
  raw.y = reinterpret_cast<const unsigned&>(high);
  *reinterpret_cast<uint2*>(at) = raw;
}

// Every tensor begins at 16 bytes or more and every block at a multiple of the vector.
__device__ float4 gradient_at(const AdamWSlice& slice, std::int64_t i) {
  float4 sum = {0, 0, 0, 0};
  if (slice.gradient != nullptr) {
    sum = *reinterpret_cast<const float4*>(slice.gradient + i);
  }
  if (slice.narrow_gradient != nullptr) {
    const float4 more = load_narrow(slice.narrow_gradient + i);
    sum = {sum.x + more.x, sum.y + more.y, sum.z + more.z, sum.w + more.w};
  }
  return sum;
}

__device__ float gradient_of_one(const AdamWSlice& slice, std::int64_t i) {
  float sum = slice.gradient != nullptr ? slice.gradient[i] : 0.0F;
  if (slice.narrow_gradient != nullptr) {
    sum += __bfloat162float(reinterpret_cast<const __nv_bfloat16*>(slice.narrow_gradient)[i]);
  }
  return sum;
}

__global__ void gradient_squares_kernel(const __grid_constant__ AdamWSlices slices,
                                        float* squares) {
  begin_kernel();
  const Place place = place_of(slices);
  float sum = 0;
  const std::int64_t whole = place.begin + (place.end - place.begin) / kVector * kVector;
  for (std::int64_t i = place.begin + threadIdx.x * kVector; i < whole; i += kThreads * kVector) {
    const float4 g = gradient_at(place.slice, i);
    sum += g.x * g.x + g.y * g.y + g.z * g.z + g.w * g.w;
  }
  for (std::int64_t i = whole + threadIdx.x; i < place.end; i += kThreads) {
    const float g = gradient_of_one(place.slice, i);
    sum += g * g;
  }
  sum = block_sum<kThreads>(sum);
  if (threadIdx.x == 0) squares[blockIdx.x] = sum;
}

__global__ void norm_of_squares_kernel(const float* squares, std::int64_t count, float* norm) {
  begin_kernel();
  float sum = 0;
  for (std::int64_t i = threadIdx.x; i < count; i += kThreads) sum += squares[i];
  sum = block_sum<kThreads>(sum);
  if (threadIdx.x == 0) *norm = sqrtf(sum);
}

/// What is the same for every element of a step.
struct StepNumbers {
  float gradient_scale;
  float kept;         ///< 1 - rate weight_decay
  float step_size;    ///< rate / (1 - beta1^step)
  float denominator;  ///< 1 / sqrt(1 - beta2^step)
};

struct Updated {
  float weight, first, second;
};

__device__ Updated update(float weight, float first, float second, float gradient,
                          const StepNumbers& step, const AdamWNumbers& numbers) {
  gradient *= step.gradient_scale;
  weight *= step.kept;
  first = numbers.beta1 * first + (1 - numbers.beta1) * gradient;
  second = numbers.beta2 * second + (1 - numbers.beta2) * gradient * gradient;
  weight -= step.step_size * first / (sqrtf(second) * step.denominator + numbers.epsilon);
  return {weight, first, second};
}

__global__ void adamw_kernel(const __grid_constant__ AdamWSlices slices, AdamWNumbers numbers,
                             const float* step_count, const float* rate, const float* norm,
                             float* squares) {
  begin_kernel();
  const Place place = place_of(slices);
  const AdamWSlice& slice = place.slice;
  __shared__ StepNumbers shared;
  if (threadIdx.x == 0) {
    const double steps = *step_count;
    const double first = 1 - pow(static_cast<double>(numbers.beta1), steps);
    const double second = 1 - pow(static_cast<double>(numbers.beta2), steps);
    shared.gradient_scale =
        numbers.clip_norm > 0 ? fminf(numbers.clip_norm / (*norm + 1e-6F), 1.0F) : 1.0F;
    shared.kept = 1 - *rate * slice.weight_decay;
    shared.step_size = static_cast<float>(*rate / first);
    shared.denominator = static_cast<float>(1 / sqrt(second));
  }
  __syncthreads();
  const StepNumbers step = shared;
  float sum = 0;
  const std::int64_t whole = place.begin + (place.end - place.begin) / kVector * kVector;
  for (std::int64_t i = place.begin + threadIdx.x * kVector; i < whole; i += kThreads * kVector) {
    const float4 g = gradient_at(slice, i);
    sum += g.x * g.x + g.y * g.y + g.z * g.z + g.w * g.w;
    float4 w = *reinterpret_cast<const float4*>(slice.weight + i);
    float4 m = *reinterpret_cast<const float4*>(slice.first_moment + i);
    float4 v = *reinterpret_cast<const float4*>(slice.second_moment + i);
    Updated one = update(w.x, m.x, v.x, g.x, step, numbers);
    w.x = one.weight, m.x = one.first, v.x = one.second;
    one = update(w.y, m.y, v.y, g.y, step, numbers);
    w.y = one.weight, m.y = one.first, v.y = one.second;
    one = update(w.z, m.z, v.z, g.z, step, numbers);
    w.z = one.weight, m.z = one.first, v.z = one.second;
    one = update(w.w, m.w, v.w, g.w, step, numbers);
    w.w = one.weight, m.w = one.first, v.w = one.second;
    *reinterpret_cast<float4*>(slice.weight + i) = w;
    *reinterpret_cast<float4*>(slice.first_moment + i) = m;
    *reinterpret_cast<float4*>(slice.second_moment + i) = v;
    if (slice.narrow != nullptr) store_narrow(slice.narrow + i, w);
  }
  for (std::int64_t i = whole + threadIdx.x; i < place.end; i += kThreads) {
    const float gradient = gradient_of_one(slice, i);
    sum += gradient * gradient;
    const Updated one = update(slice.weight[i], slice.first_moment[i], slice.second_moment[i],
                               gradient, step, numbers);
    slice.weight[i] = one.weight;
    slice.first_moment[i] = one.first;
    slice.second_moment[i] = one.second;
    if (slice.narrow != nullptr) {
      reinterpret_cast<__nv_bfloat16*>(slice.narrow)[i] = __float2bfloat16_rn(one.weight);
    }
  }
  if (squares == nullptr) return;
  sum = block_sum<kThreads>(sum);
  if (threadIdx.x == 0) squares[blockIdx.x] = sum;
}

}  // namespace

int launch_gradient_squares(const AdamWSlices& slices, float* squares, CUstream_st* stream) {
  if (slices.block_count == 0) return cudaSuccess;
  return launch(gradient_squares_kernel, static_cast<unsigned>(slices.block_count), kThreads, 0,
                stream, slices, squares);
}

int launch_norm_of_squares(const float* squares, std::int64_t count, float* norm,
                           CUstream_st* stream) {
  return launch(norm_of_squares_kernel, 1, kThreads, 0, stream, squares, count, norm);
}

int launch_adamw(const AdamWSlices& slices, const AdamWNumbers& numbers, const float* step,
                 const float* rate, const float* norm, float* squares, CUstream_st* stream) {
  if (slices.block_count == 0) return cudaSuccess;
  return launch(adamw_kernel, static_cast<unsigned>(slices.block_count), kThreads, 0, stream,
                slices, numbers, step, rate, norm, squares);
}

}  // namespace nas::ops
