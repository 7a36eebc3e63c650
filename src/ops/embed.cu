#include <cuda_runtime.h>

#include <algorithm>

#include "ops/embed_kernel.hpp"
#include "ops/lane.cuh"
#include "ops/launch.cuh"

namespace nas::ops {

namespace {

constexpr int kForwardThreads = 256;
constexpr int kThreads = 512;  ///< backwards
constexpr int kWarps = kThreads / 32;

template <class Value, bool kVectors>
__global__ void __launch_bounds__(kForwardThreads) embed_forward_kernel(EmbedForward embed) {
  begin_kernel();
  using L = Lane<Value, kVectors>;
  const std::int64_t lanes = embed.shape.width / L::kSize;
  const std::int64_t lane = std::int64_t{blockIdx.x} * kForwardThreads + threadIdx.x;
  const std::int64_t row = lane / lanes;
  if (row >= embed.shape.batch * embed.shape.seq) return;
  const std::int64_t column = lane % lanes * L::kSize;
  L sum = L::load_floats(embed.table + embed.tokens[row] * embed.shape.width + column);
  if (embed.positions != nullptr) {
    sum.add(L::load_floats(embed.positions + row % embed.shape.seq * embed.shape.width + column));
  }
  sum.store_to(static_cast<Value*>(embed.y) + row * embed.shape.width + column);
}

// Gradient of the token table without atomic additions. A block owns kOwned tokens, far apart,
// since the frequent ones of most vocabularies are neighbours, and looks for them in all rows,
// kChunk at a time. Rows of a token are added up in their order, or, where it has many, by teams
// whose sums are added in theirs: always the same order.
constexpr int kOwned = 32;
constexpr int kChunk = 4096;
constexpr int kScanned = kChunk / kWarps;  ///< rows that a warp looks through
constexpr int kFew = 16;                   ///< rows that one team adds up alone

struct Owned {
  std::uint16_t found[kChunk];   ///< (row in chunk), by warp that found it
  std::uint8_t which[kChunk];    ///< the owned token of each
  std::uint16_t sorted[kChunk];  ///< rows by token, then in order
  int found_count[kWarps];
  int begin[kOwned + 1];  ///< in sorted
};

/// Fills `owned` with the rows of [first, first + count) that hold this block's tokens; uses
/// `scratch`, kChunk words.
__device__ void find_rows(const std::int64_t* tokens, int count, unsigned blocks, Owned& owned,
                          unsigned* scratch) {
  const int warp = static_cast<int>(threadIdx.x) / 32;
  const int lane = static_cast<int>(threadIdx.x) % 32;
  const unsigned below = (1U << lane) - 1;
  constexpr unsigned kNoToken = ~0U;
#pragma unroll
  for (int i = 0; i < kChunk; i += kThreads) {
    const int row = i + static_cast<int>(threadIdx.x);
    scratch[row] = row < count ? static_cast<unsigned>(tokens[row]) : kNoToken;
  }
  __syncthreads();
  int found = 0;
#pragma unroll
  for (int i = warp * kScanned; i < (warp + 1) * kScanned; i += 32) {
    const unsigned token = scratch[i + lane];
    const bool is_mine = token != kNoToken && token % blocks == blockIdx.x;
    const unsigned mine = __ballot_sync(0xFFFFFFFFU, is_mine);
    if (is_mine) {
      const int place = warp * kScanned + found + __popc(mine & below);
      owned.found[place] = static_cast<std::uint16_t>(i + lane);
      owned.which[place] = static_cast<std::uint8_t>(token / blocks);
    }
    found += __popc(mine);
  }
  if (lane == 0) owned.found_count[warp] = found;
  __syncthreads();
  // Each warp counts some tokens, then puts their rows in place.
  for (int pass = 0; pass < 2; ++pass) {
    for (int which = warp; which < kOwned; which += kWarps) {
      int place = pass == 0 ? 0 : owned.begin[which];
      for (int from = 0; from < kWarps; ++from) {
        for (int i = 0; i < owned.found_count[from]; i += 32) {
          const bool is_row = i + lane < owned.found_count[from];
          const int at = from * kScanned + i + lane;
          const bool is_it = is_row && owned.which[at] == which;
          const unsigned those = __ballot_sync(0xFFFFFFFFU, is_it);
          if (pass == 1 && is_it) owned.sorted[place + __popc(those & below)] = owned.found[at];
          place += __popc(those);
        }
      }
      if (pass == 0 && lane == 0) owned.begin[which + 1] = place;
    }
    __syncthreads();
    if (pass == 0 && threadIdx.x == 0) {
      owned.begin[0] = 0;
      for (int which = 0; which < kOwned; ++which) owned.begin[which + 1] += owned.begin[which];
    }
    __syncthreads();
  }
}

template <class Value, bool kVectors>
__device__ void add_rows(Lane<Value, kVectors>& sum, const Value* gradient, std::int64_t width,
                         const std::uint16_t* rows, int count, int stride) {
  using L = Lane<Value, kVectors>;
  constexpr int kTogether = 8;  // loads that are under way at once
  int i = 0;
  for (; i + (kTogether - 1) * stride < count; i += kTogether * stride) {
    L some[kTogether];
#pragma unroll
    for (int k = 0; k < kTogether; ++k) {
      some[k] = L::load_from(gradient + rows[i + k * stride] * width);
    }
#pragma unroll
    for (int k = 0; k < kTogether; ++k) sum.add(some[k]);
  }
  for (; i < count; i += stride) sum.add(L::load_from(gradient + rows[i] * width));
}

template <class Value, bool kVectors>
__device__ void table_gradient_of_block(const EmbedBackward& embed, std::int64_t blocks,
                                        Owned& owned, float* team_sums) {
  using L = Lane<Value, kVectors>;
  const std::int64_t width = embed.shape.width;
  const std::int64_t rows = embed.shape.batch * embed.shape.seq;
  const int lanes = static_cast<int>(width / L::kSize);
  // Threads beside each other have the columns of a row; wider rows take several turns.
  const int team_size = lanes < kThreads ? lanes : kThreads;
  const int teams = kThreads / team_size;
  const int team = static_cast<int>(threadIdx.x) / team_size;
  const int member = static_cast<int>(threadIdx.x) % team_size;
  for (std::int64_t first = 0; first < rows; first += kChunk) {
    const int count = static_cast<int>(min(rows - first, std::int64_t{kChunk}));
    __syncthreads();  // what the chunk before left is read
    find_rows(embed.tokens + first, count, static_cast<unsigned>(blocks), owned,
              reinterpret_cast<unsigned*>(team_sums));
    const auto* const gradient = static_cast<const Value*>(embed.y_gradient) + first * width;
    const auto finish = [&](int which, int column, L& sum) {
      float* const to = embed.table_gradient + (which * blocks + blockIdx.x) * width + column;
      if (first > 0) sum.add(L::load_floats(to));
      sum.store_floats(to);
    };
    int turn = 0;
    for (int which = 0; which < kOwned; ++which) {
      if (which * blocks + blockIdx.x >= embed.shape.vocab) break;
      const int found = owned.begin[which + 1] - owned.begin[which];
      if (found > kFew || (found == 0 && first > 0)) continue;
      if (turn++ % teams != team) continue;
      for (int column = member * L::kSize; column < width; column += team_size * L::kSize) {
        L sum = L::zero();
        add_rows<Value, kVectors>(sum, gradient + column, width, owned.sorted + owned.begin[which],
                                  found, 1);
        finish(which, column, sum);
      }
    }
    for (int which = 0; which < kOwned; ++which) {
      const int found = owned.begin[which + 1] - owned.begin[which];
      if (found <= kFew) continue;
      for (int turn_begin = 0; turn_begin < width; turn_begin += team_size * L::kSize) {
        const int column = turn_begin + member * L::kSize;
        const bool works = team < teams && column < width;
        L sum = L::zero();
        if (works && team < found) {
          add_rows<Value, kVectors>(sum, gradient + column, width,
                                    owned.sorted + owned.begin[which] + team, found - team, teams);
        }
        float* const mine = team_sums + threadIdx.x * L::kSize;
#pragma unroll
        for (int i = 0; i < L::kSize; ++i) mine[i] = sum.at[i];
        __syncthreads();
        if (works && team == 0) {
          for (int other = 1; other < teams; ++other) {
            const float* const theirs = team_sums + (other * team_size + member) * L::kSize;
#pragma unroll
            for (int i = 0; i < L::kSize; ++i) sum.at[i] += theirs[i];
          }
          finish(which, column, sum);
        }
        __syncthreads();
      }
    }
  }
}

/// A thread adds up the rows of one position over the batch.
template <class Value, bool kVectors>
__device__ void positions_gradient_of_block(const EmbedBackward& embed, std::int64_t block) {
  using L = Lane<Value, kVectors>;
  const std::int64_t width = embed.shape.width;
  const std::int64_t place = (block * kThreads + threadIdx.x) * L::kSize;
  if (place >= embed.shape.max_len * width) return;
  L sum = L::zero();
  const std::int64_t window = embed.shape.seq * width;
  if (place < window) {
    const auto* const gradient = static_cast<const Value*>(embed.y_gradient) + place;
#pragma unroll 8
    for (std::int64_t b = 0; b < embed.shape.batch; ++b) {
      sum.add(L::load_from(gradient + b * window));
    }
  }
  sum.store_floats(embed.positions_gradient + place);
}

template <class Value, bool kVectors>
__global__ void __launch_bounds__(kThreads)
    embed_backward_kernel(EmbedBackward embed, std::int64_t table_blocks) {
  begin_kernel();
  __shared__ Owned owned;
  // Holds tokens while rows are looked for.
  __shared__ float team_sums[kThreads * 8 > kChunk ? kThreads * 8 : kChunk];
  if (blockIdx.x < table_blocks) {
    table_gradient_of_block<Value, kVectors>(embed, table_blocks, owned, team_sums);
  } else {
    positions_gradient_of_block<Value, kVectors>(embed, blockIdx.x - table_blocks);
  }
}

template <class Value, bool kVectors>
int forward(const EmbedForward& embed, CUstream_st* stream) {
  const std::int64_t lanes =
      embed.shape.batch * embed.shape.seq * embed.shape.width / Lane<Value, kVectors>::kSize;
  const auto blocks = static_cast<unsigned>((lanes + kForwardThreads - 1) / kForwardThreads);
  return launch(embed_forward_kernel<Value, kVectors>, blocks, kForwardThreads, 0, stream, embed);
}

template <class Value, bool kVectors>
int backward(const EmbedBackward& embed, CUstream_st* stream) {
  const std::int64_t table_blocks = (embed.shape.vocab + kOwned - 1) / kOwned;
  const std::int64_t lanes = embed.shape.max_len * embed.shape.width / Lane<Value, kVectors>::kSize;
  const auto blocks = static_cast<unsigned>(table_blocks + (lanes + kThreads - 1) / kThreads);
  return launch(embed_backward_kernel<Value, kVectors>, blocks, kThreads, 0, stream, embed,
                table_blocks);
}

}  // namespace

int launch_embed_forward(const EmbedForward& embed, bool is_bfloat16, CUstream_st* stream) {
  const bool aligned =
      is_aligned(embed.table) && is_aligned(embed.positions) && is_aligned(embed.y);
  if (!is_bfloat16) {
    return aligned && embed.shape.width % Vector<float>::kSize == 0
               ? forward<float, true>(embed, stream)
               : forward<float, false>(embed, stream);
  }
  return aligned && embed.shape.width % Vector<__nv_bfloat16>::kSize == 0
             ? forward<__nv_bfloat16, true>(embed, stream)
             : forward<__nv_bfloat16, false>(embed, stream);
}

int launch_embed_backward(const EmbedBackward& embed, bool is_bfloat16, CUstream_st* stream) {
  const bool aligned = is_aligned(embed.y_gradient) && is_aligned(embed.table_gradient) &&
                       is_aligned(embed.positions_gradient);
  if (!is_bfloat16) {
    return aligned && embed.shape.width % Vector<float>::kSize == 0
               ? backward<float, true>(embed, stream)
               : backward<float, false>(embed, stream);
  }
  return aligned && embed.shape.width % Vector<__nv_bfloat16>::kSize == 0
             ? backward<__nv_bfloat16, true>(embed, stream)
             : backward<__nv_bfloat16, false>(embed, stream);
}

}  // namespace nas::ops
