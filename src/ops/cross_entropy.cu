#include <cuda_runtime.h>

#include "ops/cross_entropy_kernel.hpp"
#include "ops/lane.cuh"
#include "ops/launch.cuh"
#include "ops/reduce.cuh"

namespace nas::ops {

namespace {

constexpr int kThreads = 256;

/// The largest logit seen and the sum of exp(logit - largest).
struct SoftmaxSum {
  float largest;
  float sum;

  __device__ void join(const SoftmaxSum& other) {
    const float both = fmaxf(largest, other.largest);
    // -inf - -inf is no number; a sum without terms stays 0.
    const float mine = largest == both ? sum : sum * __expf(largest - both);
    const float others =
        other.largest == both ? other.sum : other.sum * __expf(other.largest - both);
    largest = both;
    sum = mine + others;
  }
};

__device__ SoftmaxSum block_join(SoftmaxSum value) {
  constexpr int kWarps = kThreads / 32;
  __shared__ SoftmaxSum shared[kWarps];
  for (int lane = 16; lane > 0; lane /= 2) {
    SoftmaxSum other;
    other.largest = __shfl_xor_sync(0xFFFFFFFFU, value.largest, lane);
    other.sum = __shfl_xor_sync(0xFFFFFFFFU, value.sum, lane);
    value.join(other);
  }
  if (threadIdx.x % 32 == 0) shared[threadIdx.x / 32] = value;
  __syncthreads();
  SoftmaxSum total = shared[0];
  for (int warp = 1; warp < kWarps; ++warp) total.join(shared[warp]);
  return total;
}

// A block has a row: once for the sum, once more, out of the cache, for the gradient.
template <class Value, bool kVectors>
__global__ void __launch_bounds__(kThreads) cross_entropy_kernel(CrossEntropy problem) {
  begin_kernel();
  using L = Lane<Value, kVectors>;
  constexpr std::int64_t kStride = kThreads * L::kSize;
  const std::int64_t row = blockIdx.x;
  auto* const logits = static_cast<Value*>(problem.logits) + row * problem.classes;
  const std::int64_t target = problem.targets[row];
  const float target_logit = to_float(logits[target]);
  SoftmaxSum mine{-INFINITY, 0};
  for (std::int64_t i = threadIdx.x * L::kSize; i < problem.classes; i += kStride) {
    const L lane = L::load_from(logits + i);
    float largest = lane.at[0];
#pragma unroll
    for (int k = 1; k < L::kSize; ++k) largest = fmaxf(largest, lane.at[k]);
    float sum = 0;
#pragma unroll
    for (int k = 0; k < L::kSize; ++k) {
      sum += lane.at[k] == largest ? 1.0F : __expf(lane.at[k] - largest);
    }
    mine.join({largest, sum});
  }
  const SoftmaxSum all = block_join(mine);
  // Also the barrier after which the target's logit may be overwritten.
  if (threadIdx.x == 0) problem.losses[row] = logf(all.sum) + (all.largest - target_logit);
  if (!problem.writes_gradient) return;
  const float scale = problem.gradient_scale / all.sum;
  for (std::int64_t i = threadIdx.x * L::kSize; i < problem.classes; i += kStride) {
    L lane = L::load_from(logits + i);
#pragma unroll
    for (int k = 0; k < L::kSize; ++k) {
      lane.at[k] = scale * __expf(lane.at[k] - all.largest);
      if (i + k == target) lane.at[k] -= problem.gradient_scale;
    }
    lane.store_to(logits + i);
  }
}

// The same where a row fits into a block's registers: read once, one exponential for each logit.
template <class Value, int kPasses>
__global__ void __launch_bounds__(kThreads) cross_entropy_kept_kernel(CrossEntropy problem) {
  begin_kernel();
  using L = Lane<Value, true>;
  const std::int64_t row = blockIdx.x;
  auto* const logits = static_cast<Value*>(problem.logits) + row * problem.classes;
  const std::int64_t target = problem.targets[row];
  const float target_logit = to_float(logits[target]);
  const auto place = [](int pass) {
    return (pass * kThreads + static_cast<int>(threadIdx.x)) * L::kSize;
  };
  L kept[kPasses];
  float largest = -INFINITY;
#pragma unroll
  for (int pass = 0; pass < kPasses; ++pass) {
    if (place(pass) < problem.classes) {
      kept[pass] = L::load_from(logits + place(pass));
    } else {
#pragma unroll
      for (int k = 0; k < L::kSize; ++k) kept[pass].at[k] = -INFINITY;
    }
  }
#pragma unroll
  for (int pass = 0; pass < kPasses; ++pass) {
#pragma unroll
    for (int k = 0; k < L::kSize; ++k) largest = fmaxf(largest, kept[pass].at[k]);
  }
  // Its barriers also stand before the target's logit is overwritten.
  largest = block_max<kThreads>(largest);
  float sum = 0;
#pragma unroll
  for (int pass = 0; pass < kPasses; ++pass) {
#pragma unroll
    for (int k = 0; k < L::kSize; ++k) {
      kept[pass].at[k] = __expf(kept[pass].at[k] - largest);
      sum += kept[pass].at[k];
    }
  }
  sum = block_sum<kThreads>(sum);
  if (threadIdx.x == 0) problem.losses[row] = logf(sum) + (largest - target_logit);
  if (!problem.writes_gradient) return;
  const float scale = problem.gradient_scale / sum;
#pragma unroll
  for (int pass = 0; pass < kPasses; ++pass) {
    if (place(pass) >= problem.classes) break;
#pragma unroll
    for (int k = 0; k < L::kSize; ++k) {
      kept[pass].at[k] *= scale;
      if (place(pass) + k == target) kept[pass].at[k] -= problem.gradient_scale;
    }
    kept[pass].store_to(logits + place(pass));
  }
}

__global__ void mean_kernel(const float* losses, std::int64_t count, float* mean) {
  begin_kernel();
  constexpr int kMeanThreads = 1024;
  float sum = 0;
  for (std::int64_t i = threadIdx.x; i < count; i += kMeanThreads) sum += losses[i];
  sum = block_sum<kMeanThreads>(sum);
  if (threadIdx.x == 0) *mean = sum / static_cast<float>(count);
}

template <class Value>
int launch_any(const CrossEntropy& problem, CUstream_st* stream) {
  const auto blocks = static_cast<unsigned>(problem.rows);
  const bool vectors = problem.classes % Vector<Value>::kSize == 0 && is_aligned(problem.logits);
  constexpr std::int64_t kOfPass = kThreads * Vector<Value>::kSize;
  const auto kernel =
      vectors && problem.classes <= 2 * kOfPass   ? cross_entropy_kept_kernel<Value, 2>
      : vectors && problem.classes <= 4 * kOfPass ? cross_entropy_kept_kernel<Value, 4>
      : vectors                                   ? cross_entropy_kernel<Value, true>
                                                  : cross_entropy_kernel<Value, false>;
  return launch(kernel, blocks, kThreads, 0, stream, problem);
}

}  // namespace

int launch_cross_entropy(const CrossEntropy& problem, bool is_bfloat16, CUstream_st* stream) {
  if (problem.rows == 0) return cudaSuccess;
  return is_bfloat16 ? launch_any<__nv_bfloat16>(problem, stream)
                     : launch_any<float>(problem, stream);
}

int launch_mean(const float* losses, std::int64_t count, float* mean, CUstream_st* stream) {
  return launch(mean_kernel, 1, 1024, 0, stream, losses, count, mean);
}

}  // namespace nas::ops
