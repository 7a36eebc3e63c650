#include <cuda_runtime.h>

#include "nas/core/philox.hpp"
#include "ops/launch.cuh"
#include "ops/windows_kernel.hpp"

namespace nas::ops {

namespace {

// One block a row: its first token is drawn by every thread for itself, which costs less than a
// barrier.
template <class Token>
__global__ void gather_windows_kernel(WindowDraws draws, const Token* tokens, std::int64_t* windows,
                                      std::int64_t length) {
  begin_kernel();
  std::uint32_t words[4];
  draw_words(draws.seed, draws.purpose, draws.subject, static_cast<std::uint32_t>(*draws.step),
             blockIdx.x, words);
  const std::uint64_t bits = (std::uint64_t{words[1]} << 32) | words[0];
  const std::uint64_t first = __umul64hi(bits, static_cast<std::uint64_t>(draws.positions));
  std::int64_t* const row = windows + std::int64_t{blockIdx.x} * length;
  for (std::int64_t i = threadIdx.x; i < length; i += blockDim.x) {
    row[i] = static_cast<std::int64_t>(tokens[first + i]);
  }
}

template <class Token>
int launch_any(const WindowDraws& draws, const void* tokens, std::int64_t* windows,
               std::int64_t rows, std::int64_t length, CUstream_st* stream) {
  constexpr unsigned kThreads = 128;
  return launch(gather_windows_kernel<Token>, static_cast<unsigned>(rows), kThreads, 0, stream,
                draws, static_cast<const Token*>(tokens), windows, length);
}

}  // namespace

int launch_gather_windows(const WindowDraws& draws, const void* tokens, int width,
                          std::int64_t* windows, std::int64_t rows, std::int64_t length,
                          CUstream_st* stream) {
  if (rows == 0 || length == 0) return cudaSuccess;
  if (width == 1) return launch_any<std::uint8_t>(draws, tokens, windows, rows, length, stream);
  if (width == 2) return launch_any<std::uint16_t>(draws, tokens, windows, rows, length, stream);
  return launch_any<std::uint32_t>(draws, tokens, windows, rows, length, stream);
}

}  // namespace nas::ops
