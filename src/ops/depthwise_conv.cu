#include <cuda_runtime.h>

#include "ops/depthwise_conv_kernel.hpp"
#include "ops/lane.cuh"
#include "ops/launch.cuh"

namespace nas::ops {

namespace {

constexpr int kForwardThreads = 128;
constexpr int kPrimerWidth = 3;
constexpr int kAnyWidth = 0;
constexpr int kTogether = 4;  ///< rows that are loaded before the first is worked on
// Backwards a block has 32 lanes of channels and as many stretches of time.
constexpr int kStretches = 8;

/// Which channels a thread works on.
struct Channels {
  int part;
  std::int64_t first;  ///< within the part
};

template <int kSize>
__device__ Channels channels_of(const ConvShape& shape, std::int64_t lane) {
  const std::int64_t lanes_of_part = shape.channels / kSize;
  return {static_cast<int>(lane / lanes_of_part), lane % lanes_of_part * kSize};
}

/// One tap of a lane's channels.
template <class Value, bool kVectors>
__device__ Lane<Value, kVectors> tap_of(const void* weights, std::int64_t first, int width,
                                        int tap) {
  Lane<Value, kVectors> lane;
  const auto* const from = static_cast<const Value*>(weights);
#pragma unroll
  for (int i = 0; i < Lane<Value, kVectors>::kSize; ++i) {
    lane.at[i] = to_float(from[(first + i) * width + tap]);
  }
  return lane;
}

/// All taps of a lane's channels. With vectors these lie behind each other at 16 bytes.
template <class Value, bool kVectors, int kWidth>
__device__ void load_taps(const void* weights, std::int64_t first,
                          Lane<Value, kVectors> (&taps)[kWidth]) {
  using L = Lane<Value, kVectors>;
  const auto* const from = static_cast<const Value*>(weights) + first * kWidth;
  float flat[kWidth * L::kSize];
#pragma unroll
  for (int j = 0; j < kWidth; ++j) {
    const L some = L::load_from(from + j * L::kSize);
#pragma unroll
    for (int i = 0; i < L::kSize; ++i) flat[j * L::kSize + i] = some.at[i];
  }
#pragma unroll
  for (int j = 0; j < kWidth; ++j) {
#pragma unroll
    for (int i = 0; i < L::kSize; ++i) taps[j].at[i] = flat[i * kWidth + j];
  }
}

/// Some rows of one sequence, one after the other.
struct Stretch {
  std::int64_t sequence;
  std::int64_t begin;
  std::int64_t end;
};

__device__ Stretch stretch_of(const ConvShape& shape, std::int64_t rows, std::int64_t number) {
  const std::int64_t stretches = (shape.seq + rows - 1) / rows;
  const std::int64_t begin = number % stretches * rows;
  return {number / stretches, begin, min(begin + rows, shape.seq)};
}

template <class Value, bool kVectors, int kWidth>
__global__ void __launch_bounds__(kForwardThreads)
    conv_forward_kernel(const __grid_constant__ ConvForward conv, std::int64_t rows) {
  begin_kernel();
  using L = Lane<Value, kVectors>;
  const ConvShape& shape = conv.shape;
  const std::int64_t lanes = shape.parts * shape.channels / L::kSize;
  const std::int64_t place = std::int64_t{blockIdx.x} * kForwardThreads + threadIdx.x;
  const Channels channels = channels_of<L::kSize>(shape, place % lanes);
  const auto [sequence, begin, end] = stretch_of(shape, rows, place / lanes);
  if (sequence >= shape.batch) return;
  const std::int64_t x_stride = shape.parts * shape.channels;
  const auto* const x = static_cast<const Value*>(conv.x) + sequence * shape.seq * x_stride +
                        channels.part * shape.channels + channels.first;
  auto* const y = static_cast<Value*>(conv.y[channels.part]) +
                  sequence * shape.seq * shape.channels + channels.first;
  const void* const weights = conv.weights[channels.part];
  if constexpr (kWidth == kAnyWidth) {
    for (std::int64_t t = begin; t < end; ++t) {
      L sum = L::zero();
      for (int j = 0; j < shape.width && j <= t; ++j) {
        sum.add_product(L::load_from(x + (t - j) * x_stride),
                        tap_of<Value, kVectors>(weights, channels.first, shape.width, j));
      }
      if (conv.finite[channels.part]) sum.template make_finite<Value>();
      sum.store_to(y + t * shape.channels);
    }
  } else {
    L taps[kWidth];
    // past[j]: the row j + 1 before the one at hand.
    L past[kWidth];
    load_taps<Value, kVectors, kWidth>(weights, channels.first, taps);
#pragma unroll
    for (int j = 0; j < kWidth; ++j) {
      if (j + 1 < kWidth) {
        past[j] = begin > j ? L::load_from(x + (begin - j - 1) * x_stride) : L::zero();
      }
    }
    const auto work = [&](const L& now, std::int64_t t) {
      L sum = L::zero();
      sum.add_product(now, taps[0]);
#pragma unroll
      for (int j = 1; j < kWidth; ++j) sum.add_product(past[j - 1], taps[j]);
      if (conv.finite[channels.part]) sum.template make_finite<Value>();
      sum.store_to(y + t * shape.channels);
#pragma unroll
      for (int j = kWidth - 2; j > 0; --j) past[j] = past[j - 1];
      past[0] = now;
    };
    std::int64_t t = begin;
    for (; t + kTogether <= end; t += kTogether) {
      L now[kTogether];
#pragma unroll
      for (int i = 0; i < kTogether; ++i) now[i] = L::load_from(x + (t + i) * x_stride);
#pragma unroll
      for (int i = 0; i < kTogether; ++i) work(now[i], t + i);
    }
    for (; t < end; ++t) work(L::load_from(x + t * x_stride), t);
  }
}

/// Adds up what the stretches of a block found for some taps and stores it, [taps][channels], in an
/// order that is always the same. All threads call it. shared: kStretches / 2 * 32 lanes of each
/// tap.
template <class L, int kTaps>
__device__ void store_tap_gradients(L (&sums)[kTaps], float* to, std::int64_t channels, bool stores,
                                    float* shared) {
  const int lane = static_cast<int>(threadIdx.x);
  const int stretch = static_cast<int>(threadIdx.y);
  const auto place = [&](int from, int tap, int i) {
    return ((from * kTaps + tap) * L::kSize + i) * 32 + lane;
  };
  for (int half = kStretches / 2; half > 0; half /= 2) {
    __syncthreads();
    if (stretch >= half && stretch < 2 * half) {
#pragma unroll
      for (int j = 0; j < kTaps; ++j) {
#pragma unroll
        for (int i = 0; i < L::kSize; ++i) shared[place(stretch - half, j, i)] = sums[j].at[i];
      }
    }
    __syncthreads();
    if (stretch < half) {
#pragma unroll
      for (int j = 0; j < kTaps; ++j) {
#pragma unroll
        for (int i = 0; i < L::kSize; ++i) sums[j].at[i] += shared[place(stretch, j, i)];
      }
    }
  }
  if (!stores || stretch > 0) return;
#pragma unroll
  for (int j = 0; j < kTaps; ++j) sums[j].store_floats(to + j * channels);
}

// dx[t] = sum_j w[j] dy[t + j]; dw[j] = sum_t dy[t] x[t - j]. Walks backwards, so that what comes
// later is at hand. dw[j] pairs dy of a row of a stretch with an x that may lie before it, so
// instead x[t] of the stretch is paired with dy[t + j], wherever that is: every pair is met once.
template <class Value, bool kVectors, int kWidth>
__global__ void __launch_bounds__(32 * kStretches)
    conv_backward_kernel(const __grid_constant__ ConvBackward conv, std::int64_t rows) {
  begin_kernel();
  using L = Lane<Value, kVectors>;
  __shared__ float shared[kStretches / 2 * 32 * L::kSize * (kWidth == kAnyWidth ? 1 : kWidth)];
  const ConvShape& shape = conv.shape;
  const std::int64_t lane = std::int64_t{blockIdx.x} * 32 + threadIdx.x;
  const bool has_channels = lane < shape.parts * shape.channels / L::kSize;
  const Channels channels = channels_of<L::kSize>(shape, has_channels ? lane : 0);
  Stretch stretch = stretch_of(shape, rows, std::int64_t{blockIdx.y} * kStretches + threadIdx.y);
  // A thread without work goes along for the sums.
  if (!has_channels || stretch.sequence >= shape.batch) stretch = {0, 0, 0};
  const auto [sequence, begin, end] = stretch;
  const void* const weights = conv.weights[channels.part];
  const std::int64_t x_stride = shape.parts * shape.channels;
  const std::int64_t x_place =
      sequence * shape.seq * x_stride + channels.part * shape.channels + channels.first;
  const auto* const x = static_cast<const Value*>(conv.x) + x_place;
  auto* const x_gradient = static_cast<Value*>(conv.x_gradient) + x_place;
  const auto* const y_gradient = static_cast<const Value*>(conv.y_gradient[channels.part]) +
                                 sequence * shape.seq * shape.channels + channels.first;
  float* const partials =
      conv.weight_partials +
      (std::int64_t{blockIdx.y} * shape.parts + channels.part) * shape.width * shape.channels +
      channels.first;
  if constexpr (kWidth == kAnyWidth) {
    for (std::int64_t t = begin; t < end; ++t) {
      L gradient = L::zero();
      for (int j = 0; j < shape.width && t + j < shape.seq; ++j) {
        gradient.add_product(L::load_from(y_gradient + (t + j) * shape.channels),
                             tap_of<Value, kVectors>(weights, channels.first, shape.width, j));
      }
      gradient.store_to(x_gradient + t * x_stride);
    }
    for (int j = 0; j < shape.width; ++j) {
      L sum[1] = {L::zero()};
      for (std::int64_t t = begin; t < end && t + j < shape.seq; ++t) {
        sum[0].add_product(L::load_from(y_gradient + (t + j) * shape.channels),
                           L::load_from(x + t * x_stride));
      }
      store_tap_gradients<L, 1>(sum, partials + j * shape.channels, shape.channels, has_channels,
                                shared);
    }
  } else {
    L taps[kWidth];
    L future[kWidth];  ///< [j]: dy of the row j + 1 after the one at hand
    L sums[kWidth];    ///< [j]: dw[j] so far
    load_taps<Value, kVectors, kWidth>(weights, channels.first, taps);
#pragma unroll
    for (int j = 0; j < kWidth; ++j) {
      sums[j] = L::zero();
      if (j + 1 < kWidth) {
        future[j] = begin < end && end + j < shape.seq
                        ? L::load_from(y_gradient + (end + j) * shape.channels)
                        : L::zero();
      }
    }
    const auto work = [&](const L& now, const L& value, std::int64_t t) {
      L gradient = L::zero();
      gradient.add_product(now, taps[0]);
      sums[0].add_product(now, value);
#pragma unroll
      for (int j = 1; j < kWidth; ++j) {
        gradient.add_product(future[j - 1], taps[j]);
        sums[j].add_product(future[j - 1], value);
      }
      gradient.store_to(x_gradient + t * x_stride);
#pragma unroll
      for (int j = kWidth - 2; j > 0; --j) future[j] = future[j - 1];
      future[0] = now;
    };
    std::int64_t t = end;  // rows [begin, t) are left
    for (; t - kTogether >= begin; t -= kTogether) {
      L now[kTogether];
      L value[kTogether];
#pragma unroll
      for (int i = 0; i < kTogether; ++i) {
        now[i] = L::load_from(y_gradient + (t - 1 - i) * shape.channels);
        value[i] = L::load_from(x + (t - 1 - i) * x_stride);
      }
#pragma unroll
      for (int i = 0; i < kTogether; ++i) work(now[i], value[i], t - 1 - i);
    }
    for (; t > begin; --t) {
      work(L::load_from(y_gradient + (t - 1) * shape.channels),
           L::load_from(x + (t - 1) * x_stride), t - 1);
    }
    store_tap_gradients<L, kWidth>(sums, partials, shape.channels, has_channels, shared);
  }
}

// Each warp adds up 32 neighbouring sums; its block's warps share the chunks.
template <class Value>
__global__ void conv_sum_kernel(const __grid_constant__ ConvBackward conv, std::int64_t chunks) {
  begin_kernel();
  constexpr int kWarps = 8;
  __shared__ float shared[kWarps][32];
  const ConvShape& shape = conv.shape;
  const std::int64_t part_size = shape.width * shape.channels;
  const std::int64_t size = shape.parts * part_size;
  const std::int64_t place = std::int64_t{blockIdx.x} * 32 + threadIdx.x % 32;
  float sum = 0;
  if (place < size) {
#pragma unroll 4
    for (std::int64_t chunk = threadIdx.x / 32; chunk < chunks; chunk += kWarps) {
      sum += conv.weight_partials[chunk * size + place];
    }
  }
  shared[threadIdx.x / 32][threadIdx.x % 32] = sum;
  __syncthreads();
  if (threadIdx.x >= 32 || place >= size) return;
  for (int warp = 1; warp < kWarps; ++warp) sum += shared[warp][threadIdx.x];
  const std::int64_t part = place / part_size;
  const std::int64_t tap = place % part_size / shape.channels;
  const std::int64_t channel = place % shape.channels;
  static_cast<Value*>(conv.weight_gradient[part])[channel * shape.width + tap] =
      from_float<Value>(sum);
}

/// Rows of a stretch: few where there is little to do, so that all of a GPU does it.
std::int64_t rows_of_stretch(const ConvShape& shape) {
  constexpr std::int64_t kMuch = std::int64_t{1} << 23U;
  return shape.batch * shape.seq * shape.parts * shape.channels < kMuch ? 8 : 16;
}

std::int64_t stretches_of(const ConvShape& shape) {
  const std::int64_t rows = rows_of_stretch(shape);
  return shape.batch * ((shape.seq + rows - 1) / rows);
}

template <class Value, bool kVectors, int kWidth>
int forward(const ConvForward& conv, CUstream_st* stream) {
  const ConvShape& shape = conv.shape;
  const std::int64_t lanes = shape.parts * shape.channels / Lane<Value, kVectors>::kSize;
  const std::int64_t threads = lanes * stretches_of(shape);
  const auto blocks = static_cast<unsigned>((threads + kForwardThreads - 1) / kForwardThreads);
  return launch(conv_forward_kernel<Value, kVectors, kWidth>, blocks, kForwardThreads, 0, stream,
                conv, rows_of_stretch(shape));
}

template <class Value, bool kVectors, int kWidth>
int backward(const ConvBackward& conv, CUstream_st* stream) {
  const ConvShape& shape = conv.shape;
  const std::int64_t lanes = shape.parts * shape.channels / Lane<Value, kVectors>::kSize;
  const std::int64_t chunks = conv_chunks(shape);
  const dim3 blocks(static_cast<unsigned>((lanes + 31) / 32), static_cast<unsigned>(chunks));
  const int status = launch(conv_backward_kernel<Value, kVectors, kWidth>, blocks,
                            dim3(32, kStretches), 0, stream, conv, rows_of_stretch(shape));
  if (status != cudaSuccess) return status;
  const std::int64_t size = shape.parts * shape.width * shape.channels;
  return launch(conv_sum_kernel<Value>, static_cast<unsigned>((size + 31) / 32), 256, 0, stream,
                conv, chunks);
}

/// Calls launch.template operator()<Value, kVectors, kWidth>() for what a shape needs.
template <class Launch>
int for_shape(const ConvShape& shape, bool is_bfloat16, bool is_aligned, const Launch& launch) {
  // Primer's width keeps its rows in registers; others read them again, out of the cache.
  const auto with_width = [&]<class Value, bool kVectors>() -> int {
    return shape.width == kPrimerWidth ? launch.template operator()<Value, kVectors, kPrimerWidth>()
                                       : launch.template operator()<Value, kVectors, kAnyWidth>();
  };
  const auto with_vectors = [&]<class Value>() -> int {
    const bool vectors = is_aligned && shape.channels % Vector<Value>::kSize == 0;
    return vectors ? with_width.template operator()<Value, true>()
                   : with_width.template operator()<Value, false>();
  };
  return is_bfloat16 ? with_vectors.template operator()<__nv_bfloat16>()
                     : with_vectors.template operator()<float>();
}

}  // namespace

std::int64_t conv_chunks(const ConvShape& shape) {
  return (stretches_of(shape) + kStretches - 1) / kStretches;
}

int launch_conv_forward(const ConvForward& conv, bool is_bfloat16, CUstream_st* stream) {
  bool aligned = is_aligned(conv.x);
  for (int part = 0; part < conv.shape.parts; ++part) {
    aligned &= is_aligned(conv.y[part]) && is_aligned(conv.weights[part]);
  }
  return for_shape(conv.shape, is_bfloat16, aligned, [&]<class Value, bool kVectors, int kWidth>() {
    return forward<Value, kVectors, kWidth>(conv, stream);
  });
}

int launch_conv_backward(const ConvBackward& conv, bool is_bfloat16, CUstream_st* stream) {
  bool aligned =
      is_aligned(conv.x) && is_aligned(conv.x_gradient) && is_aligned(conv.weight_partials);
  for (int part = 0; part < conv.shape.parts; ++part) {
    aligned &= is_aligned(conv.y_gradient[part]) && is_aligned(conv.weights[part]);
  }
  return for_shape(conv.shape, is_bfloat16, aligned, [&]<class Value, bool kVectors, int kWidth>() {
    return backward<Value, kVectors, kWidth>(conv, stream);
  });
}

}  // namespace nas::ops
