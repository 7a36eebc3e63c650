#pragma once

namespace nas::ops {

/// Sum over a warp, in every lane.
__device__ inline float warp_sum(float value) {
  for (int lane = 16; lane > 0; lane /= 2) value += __shfl_xor_sync(0xFFFFFFFFU, value, lane);
  return value;
}

/// Largest value of a warp, in every lane; NaN does not count.
__device__ inline float warp_max(float value) {
  for (int lane = 16; lane > 0; lane /= 2) {
    value = fmaxf(value, __shfl_xor_sync(0xFFFFFFFFU, value, lane));
  }
  return value;
}

/// Largest value of a block of kThreads threads, in every thread. All threads call it.
template <int kThreads>
__device__ float block_max(float value) {
  constexpr int kWarps = kThreads / 32;
  __shared__ float largest[kWarps];
  value = warp_max(value);
  __syncthreads();  // those of a call before are read
  if (threadIdx.x % 32 == 0) largest[threadIdx.x / 32] = value;
  __syncthreads();
  float total = largest[0];
  for (int warp = 1; warp < kWarps; ++warp) total = fmaxf(total, largest[warp]);
  return total;
}

/// Sum over a block of kThreads threads (a multiple of 32, at most 1024), in every thread, in an
/// order that is always the same. All threads call it.
template <int kThreads>
__device__ float block_sum(float value) {
  constexpr int kWarps = kThreads / 32;
  __shared__ float sums[kWarps];
  value = warp_sum(value);
  __syncthreads();  // sums of a call before are read
  if (threadIdx.x % 32 == 0) sums[threadIdx.x / 32] = value;
  __syncthreads();
  float total = 0;
  for (int warp = 0; warp < kWarps; ++warp) total += sums[warp];
  return total;
}

}  // namespace nas::ops
