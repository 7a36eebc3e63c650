#include <cuda_runtime.h>

#include "nas/core/philox.hpp"
#include "ops/launch.cuh"
#include "ops/philox_kernel.hpp"

namespace nas::ops {

namespace {

__global__ void philox_draws_kernel(PhiloxRun run, uint4* out) {
  begin_kernel();
  const std::int64_t i = std::int64_t{blockIdx.x} * blockDim.x + threadIdx.x;
  if (i >= run.count) return;
  std::uint32_t words[4];
  draw_words(run.seed, run.purpose, run.subject, run.step,
             run.first_index + static_cast<std::uint32_t>(i), words);
  out[i] = make_uint4(words[0], words[1], words[2], words[3]);
}

}  // namespace

int launch_philox_draws(const PhiloxRun& run, std::uint32_t* out, CUstream_st* stream) {
  constexpr std::int64_t kThreads = 256;
  if (run.count == 0) return cudaSuccess;
  // At most 2^32 draws, so at most 2^24 blocks.
  const auto blocks = static_cast<unsigned>((run.count + kThreads - 1) / kThreads);
  return launch(philox_draws_kernel, blocks, kThreads, 0, stream, run,
                reinterpret_cast<uint4*>(out));
}

}  // namespace nas::ops
