#include <cuda_runtime.h>

#include <algorithm>

#include "ops/add_norm_kernel.hpp"
#include "ops/lane.cuh"
#include "ops/launch.cuh"
#include "ops/reduce.cuh"

namespace nas::ops {

namespace {

constexpr int kWarps = 4;
constexpr int kThreads = 32 * kWarps;
constexpr int kBackwardWarps = 8;
constexpr int kBackwardThreads = 32 * kBackwardWarps;
constexpr std::int64_t kMostPartials = 512;
/// As many as a large GPU runs at once, since every block ends with a reduction.
template <int kPasses>
constexpr std::int64_t kMostBackwardBlocks = kPasses <= 2 ? 264 : 132;

// A warp has a row. With kPasses > 0 its values stay in registers: every lane has one vector of
// each stretch of 32 vectors. With kPasses = 0 rows are of any width and read again out of the
// cache.
constexpr int kAnyWidth = 0;

template <int kSize, int kPasses, class Function>
__device__ void for_columns(std::int64_t width, const Function& function) {
  const std::int64_t lane = threadIdx.x % 32;
  if constexpr (kPasses == kAnyWidth) {
    for (std::int64_t column = lane * kSize; column < width; column += 32 * kSize) {
      function(0, column);
    }
  } else {
#pragma unroll
    for (int pass = 0; pass < kPasses; ++pass) {
      const std::int64_t column = (pass * 32 + lane) * kSize;
      if (column < width) function(pass, column);
    }
  }
}

template <class Value, bool kVectors, int kPasses>
__global__ void __launch_bounds__(kThreads) norm_forward_kernel(NormForward norm) {
  begin_kernel();
  using L = Lane<Value, kVectors>;
  constexpr bool kKeeps = kPasses != kAnyWidth;
  const std::int64_t width = norm.shape.width;
  const std::int64_t row = std::int64_t{blockIdx.x} * kWarps + threadIdx.x / 32;
  if (row >= norm.shape.rows) return;
  const auto* const x = static_cast<const Value*>(norm.x) + row * width;
  const auto* const added =
      norm.added == nullptr ? nullptr : static_cast<const Value*>(norm.added) + row * width;
  auto* const sum = norm.sum == nullptr ? nullptr : static_cast<Value*>(norm.sum) + row * width;
  auto* const y = static_cast<Value*>(norm.y) + row * width;
  L kept[kKeeps ? kPasses : 1] = {};
  const auto value_at = [&](int pass, std::int64_t column) {
    if constexpr (kKeeps) return kept[pass];
    return L::load_from((sum == nullptr ? x : sum) + column);
  };
  float total = 0;
  if constexpr (kKeeps) {
    // All loads before the first store, so that they are under way together.
    L more[kPasses] = {};
    for_columns<L::kSize, kPasses>(width, [&](int pass, std::int64_t column) {
      kept[pass] = L::load_from(x + column);
      if (added != nullptr) more[pass] = L::load_from(added + column);
    });
    for_columns<L::kSize, kPasses>(width, [&](int pass, std::int64_t column) {
      if (added != nullptr) {
        kept[pass].add(more[pass]);
        // What is normalised is what later operations read: the rounded sum.
        kept[pass].template round<Value>();
        kept[pass].store_to(sum + column);
      }
      total += kept[pass].total();
    });
  } else {
    for_columns<L::kSize, kPasses>(width, [&](int /*pass*/, std::int64_t column) {
      L value = L::load_from(x + column);
      if (added != nullptr) {
        value.add(L::load_from(added + column));
        value.template round<Value>();
        value.store_to(sum + column);
      }
      total += value.total();
    });
  }
  const float mean = norm.shape.is_rms ? 0.0F : warp_sum(total) / static_cast<float>(width);
  float squares = 0;
  for_columns<L::kSize, kPasses>(width, [&](int pass, std::int64_t column) {
    const L value = value_at(pass, column);
#pragma unroll
    for (int i = 0; i < L::kSize; ++i) {
      const float apart = value.at[i] - mean;
      squares += apart * apart;
    }
  });
  const float rstd = rsqrtf(warp_sum(squares) / static_cast<float>(width) + norm.shape.eps);
  for_columns<L::kSize, kPasses>(width, [&](int pass, std::int64_t column) {
    L value = value_at(pass, column);
    const L weight = L::load_floats(norm.weight + column);
    const L bias = norm.bias == nullptr ? L::zero() : L::load_floats(norm.bias + column);
#pragma unroll
    for (int i = 0; i < L::kSize; ++i) {
      value.at[i] = (value.at[i] - mean) * rstd * weight.at[i] + bias.at[i];
    }
    value.store_to(y + column);
  });
  if (threadIdx.x % 32 == 0) {
    if (!norm.shape.is_rms) norm.mean[row] = mean;
    norm.rstd[row] = rstd;
  }
}

// Adds up what the warps of a block hold, [2][width] each, in an order that is always the same;
// the result is in warp 0. shared: kBackwardWarps / 2 of them.
template <class L, int kPasses>
__device__ void add_up_warps(L* weight_sums, L* bias_sums, std::int64_t width, float* shared) {
  const int warp = static_cast<int>(threadIdx.x) / 32;
  for (int half = kBackwardWarps / 2; half > 0; half /= 2) {
    float* const mine = shared + (warp % half) * 2 * width;
    __syncthreads();
    if (warp >= half && warp < 2 * half) {
      for_columns<L::kSize, kPasses>(width, [&](int pass, std::int64_t column) {
        weight_sums[pass].store_floats(mine + column);
        bias_sums[pass].store_floats(mine + width + column);
      });
    }
    __syncthreads();
    if (warp < half) {
      for_columns<L::kSize, kPasses>(width, [&](int pass, std::int64_t column) {
        weight_sums[pass].add(L::load_floats(mine + column));
        bias_sums[pass].add(L::load_floats(mine + width + column));
      });
    }
  }
}

// With g = dy weight and z = (sum - mean) rstd:
//   dx = dsum + rstd (g - avg(g) - z avg(g z)),   without avg(g) for a root mean square;
//   dweight = sum over rows of dy z, dbias = of dy.
// Rows whose values stay in registers leave one partial sum for each block, others for each warp.
template <class Value, bool kVectors, int kPasses>
__global__ void __launch_bounds__(kBackwardThreads)
    norm_backward_kernel(NormBackward norm, std::int64_t partials) {
  begin_kernel();
  using L = Lane<Value, kVectors>;
  constexpr bool kKeeps = kPasses != kAnyWidth;
  extern __shared__ float shared[];
  const std::int64_t width = norm.shape.width;
  const std::int64_t warp = std::int64_t{blockIdx.x} * kBackwardWarps + threadIdx.x / 32;
  const std::int64_t warps = kKeeps ? partials * kBackwardWarps : partials;
  if (!kKeeps && warp >= warps) return;
  float* const weight_partial = norm.partials + (kKeeps ? blockIdx.x : warp) * 2 * width;
  float* const bias_partial = weight_partial + width;
  L weight_sums[kKeeps ? kPasses : 1];
  L bias_sums[kKeeps ? kPasses : 1];
  L weights[kKeeps ? kPasses : 1];
  for_columns<L::kSize, kPasses>(width, [&](int pass, std::int64_t column) {
    if constexpr (kKeeps) {
      weight_sums[pass] = L::zero();
      bias_sums[pass] = L::zero();
      weights[pass] = L::load_floats(norm.weight + column);
    } else {
      L::zero().store_floats(weight_partial + column);
      L::zero().store_floats(bias_partial + column);
    }
  });
  for (std::int64_t row = warp; row < norm.shape.rows; row += warps) {
    const auto* const sum = static_cast<const Value*>(norm.sum) + row * width;
    const auto* const y_gradient = static_cast<const Value*>(norm.y_gradient) + row * width;
    const auto* const more = norm.sum_gradient == nullptr
                                 ? nullptr
                                 : static_cast<const Value*>(norm.sum_gradient) + row * width;
    auto* const x_gradient = static_cast<Value*>(norm.x_gradient) + row * width;
    const float mean = norm.shape.is_rms ? 0.0F : norm.mean[row];
    const float rstd = norm.rstd[row];
    L gradients[kKeeps ? kPasses : 1] = {};
    L normals[kKeeps ? kPasses : 1] = {};
    L passed_on[kKeeps ? kPasses : 1] = {};
    if constexpr (kKeeps) {
      for_columns<L::kSize, kPasses>(width, [&](int pass, std::int64_t column) {
        gradients[pass] = L::load_from(y_gradient + column);
        normals[pass] = L::load_from(sum + column);
        passed_on[pass] = more == nullptr ? L::zero() : L::load_from(more + column);
      });
    }
    float average = 0;
    float projection = 0;
    for_columns<L::kSize, kPasses>(width, [&](int pass, std::int64_t column) {
      L gradient = kKeeps ? gradients[pass] : L::load_from(y_gradient + column);
      L normal = kKeeps ? normals[pass] : L::load_from(sum + column);
      const L weight = kKeeps ? weights[pass] : L::load_floats(norm.weight + column);
#pragma unroll
      for (int i = 0; i < L::kSize; ++i) normal.at[i] = (normal.at[i] - mean) * rstd;
      if constexpr (kKeeps) {
        weight_sums[pass].add_product(gradient, normal);
        bias_sums[pass].add(gradient);
      } else {
        L weight_sum = L::load_floats(weight_partial + column);
        L bias_sum = L::load_floats(bias_partial + column);
        weight_sum.add_product(gradient, normal);
        bias_sum.add(gradient);
        weight_sum.store_floats(weight_partial + column);
        bias_sum.store_floats(bias_partial + column);
      }
#pragma unroll
      for (int i = 0; i < L::kSize; ++i) {
        gradient.at[i] *= weight.at[i];
        average += gradient.at[i];
        projection += gradient.at[i] * normal.at[i];
      }
      if constexpr (kKeeps) {
        gradients[pass] = gradient;
        normals[pass] = normal;
      }
    });
    average = norm.shape.is_rms ? 0.0F : warp_sum(average) / static_cast<float>(width);
    projection = warp_sum(projection) / static_cast<float>(width);
    for_columns<L::kSize, kPasses>(width, [&](int pass, std::int64_t column) {
      L result;
      if constexpr (kKeeps) {
        result = passed_on[pass];
#pragma unroll
        for (int i = 0; i < L::kSize; ++i) {
          result.at[i] +=
              rstd * (gradients[pass].at[i] - average - normals[pass].at[i] * projection);
        }
      } else {
        const L gradient = L::load_from(y_gradient + column);
        const L value = L::load_from(sum + column);
        const L weight = L::load_floats(norm.weight + column);
        result = more == nullptr ? L::zero() : L::load_from(more + column);
#pragma unroll
        for (int i = 0; i < L::kSize; ++i) {
          const float normal = (value.at[i] - mean) * rstd;
          result.at[i] += rstd * (gradient.at[i] * weight.at[i] - average - normal * projection);
        }
      }
      result.store_to(x_gradient + column);
    });
  }
  if constexpr (kKeeps) {
    add_up_warps<L, kPasses>(weight_sums, bias_sums, width, shared);
    if (threadIdx.x >= 32) return;
    for_columns<L::kSize, kPasses>(width, [&](int pass, std::int64_t column) {
      weight_sums[pass].store_floats(weight_partial + column);
      bias_sums[pass].store_floats(bias_partial + column);
    });
  }
}

// A block has 32 neighbouring columns; its warps share the partial sums.
__global__ void norm_sum_kernel(NormBackward norm, std::int64_t partials) {
  begin_kernel();
  constexpr int kSumWarps = 16;
  __shared__ float shared[kSumWarps][32];
  const std::int64_t width = norm.shape.width;
  const std::int64_t place = std::int64_t{blockIdx.x} * 32 + threadIdx.x % 32;
  const int warp = threadIdx.x / 32;
  float sum = 0;
  if (place < 2 * width) {
#pragma unroll 4
    for (std::int64_t i = warp; i < partials; i += kSumWarps) {
      sum += norm.partials[i * 2 * width + place];
    }
  }
  shared[warp][threadIdx.x % 32] = sum;
  __syncthreads();
  if (warp > 0 || place >= 2 * width) return;
  for (int i = 1; i < kSumWarps; ++i) sum += shared[i][threadIdx.x];
  if (place < width) {
    norm.weight_gradient[place] = sum;
  } else if (norm.bias_gradient != nullptr) {
    norm.bias_gradient[place - width] = sum;
  }
}

static_assert(kMostBackwardBlocks<1> <= kMostPartials);

/// Calls launch.template operator()<Value, kVectors, kPasses>() for what a shape needs.
template <class Launch>
int for_shape(const NormShape& shape, bool is_bfloat16, bool is_aligned, const Launch& launch) {
  const auto with_value = [&]<class Value>() -> int {
    constexpr int kSize = Vector<Value>::kSize;
    if (!is_aligned || shape.width % kSize != 0) {
      return launch.template operator()<Value, false, kAnyWidth>();
    }
    if constexpr (sizeof(Value) == 2) {  // what a GPU trains with
      const std::int64_t passes = (shape.width + 32 * kSize - 1) / (32 * kSize);
      if (passes == 1) return launch.template operator()<Value, true, 1>();
      if (passes == 2) return launch.template operator()<Value, true, 2>();
      if (passes == 3) return launch.template operator()<Value, true, 3>();
      if (passes <= 4) return launch.template operator()<Value, true, 4>();
    }
    return launch.template operator()<Value, true, kAnyWidth>();
  };
  return is_bfloat16 ? with_value.template operator()<__nv_bfloat16>()
                     : with_value.template operator()<float>();
}

}  // namespace

std::int64_t norm_partials(const NormShape& shape) {
  return shape.rows < kMostPartials ? shape.rows : kMostPartials;
}

int launch_norm_forward(const NormForward& norm, bool is_bfloat16, CUstream_st* stream) {
  const bool aligned = is_aligned(norm.x) && is_aligned(norm.added) && is_aligned(norm.sum) &&
                       is_aligned(norm.y) && is_aligned(norm.weight) && is_aligned(norm.bias);
  return for_shape(
      norm.shape, is_bfloat16, aligned, [&]<class Value, bool kVectors, int kPasses>() -> int {
        const auto blocks = static_cast<unsigned>((norm.shape.rows + kWarps - 1) / kWarps);
        return launch(norm_forward_kernel<Value, kVectors, kPasses>, blocks, kThreads, 0, stream,
                      norm);
      });
}

int launch_norm_backward(const NormBackward& norm, bool is_bfloat16, CUstream_st* stream) {
  const bool aligned = is_aligned(norm.sum) && is_aligned(norm.y_gradient) &&
                       is_aligned(norm.weight) && is_aligned(norm.partials) &&
                       is_aligned(norm.sum_gradient) && is_aligned(norm.x_gradient);
  std::int64_t partials = 0;
  const int status = for_shape(
      norm.shape, is_bfloat16, aligned, [&]<class Value, bool kVectors, int kPasses>() -> int {
        const std::int64_t of_rows = (norm.shape.rows + kBackwardWarps - 1) / kBackwardWarps;
        std::int64_t blocks = std::min(of_rows, kMostBackwardBlocks<kPasses>);
        partials = blocks;
        std::size_t shared_bytes = kBackwardWarps * norm.shape.width * sizeof(float);
        if constexpr (kPasses == kAnyWidth) {
          partials = norm_partials(norm.shape);
          blocks = (partials + kBackwardWarps - 1) / kBackwardWarps;
          shared_bytes = 0;
        }
        return launch(norm_backward_kernel<Value, kVectors, kPasses>, static_cast<unsigned>(blocks),
                      kBackwardThreads, shared_bytes, stream, norm, partials);
      });
  if (status != cudaSuccess) return status;
  const auto blocks = static_cast<unsigned>((2 * norm.shape.width + 31) / 32);
  return launch(norm_sum_kernel, blocks, 512, 0, stream, norm, partials);
}

}  // namespace nas::ops
