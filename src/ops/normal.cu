#include <cuda_runtime.h>

#include "nas/core/normal_pair.hpp"
#include "ops/launch.cuh"
#include "ops/normal_kernel.hpp"

namespace nas::ops {

namespace {

constexpr int kThreads = 256;

__global__ void __launch_bounds__(kThreads)
    fill_normal_kernel(const __grid_constant__ NormalFill fill) {
  begin_kernel();
  const std::int64_t draw = std::int64_t{blockIdx.x} * kThreads + threadIdx.x;
  if (draw * kNormalsOfDraw >= fill.count) return;
  std::uint32_t words[4];
  draw_words(fill.seed, fill.purpose, fill.subject, fill.step, static_cast<std::uint32_t>(draw),
             words);
  double normals[kNormalsOfDraw];
  normal_pair(words[0], words[1], normals);
  normal_pair(words[2], words[3], normals + 2);
  for (int i = 0; i < kNormalsOfDraw; ++i) {
    const std::int64_t at = draw * kNormalsOfDraw + i;
    if (at >= fill.count) return;
    const double apart = exact::product(fill.std, normals[i]);
    fill.values[at] = static_cast<float>(exact::sum(fill.mean[at % fill.period], apart));
  }
}

}  // namespace

int launch_fill_normal(const NormalFill& fill, CUstream_st* stream) {
  if (fill.count == 0) return cudaSuccess;
  const std::int64_t draws = (fill.count + kNormalsOfDraw - 1) / kNormalsOfDraw;
  const auto blocks = static_cast<unsigned>((draws + kThreads - 1) / kThreads);
  return launch(fill_normal_kernel, blocks, kThreads, 0, stream, fill);
}

}  // namespace nas::ops
