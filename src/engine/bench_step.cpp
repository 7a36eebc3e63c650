#include "nas/train/step_timing.hpp"
#include "nas/train/training.hpp"
#include "verbs.hpp"

namespace nas::engine {

run::StepBenchResult bench_step(const run::StepBench& bench) {
  train::StepTimingRequest request;
  request.architecture = bench.architecture;
  request.training = bench.config.training;
  request.lowering.device = nn::resolve_device(config::device_names(bench.config.device).front());
  request.lowering.fuse = bench.config.training.fuse;
  request.lowering.deterministic = bench.config.training.deterministic;
  request.lowering.bf16 = train::uses_bf16(bench.config.training, request.lowering.device);
  request.seed = bench.config.seed;
  request.groups = static_cast<int>(bench.groups);
  request.steps_of_a_group = static_cast<int>(bench.steps_of_a_group);
  request.lists_kernels = bench.lists_kernels;
  const train::StepTiming timing = train::time_training_steps(request);
  run::StepBenchResult result{request.lowering.device,
                              timing.first_step_seconds,
                              timing.second_step_seconds,
                              timing.again_seconds,
                              timing.step_ms,
                              timing.reserved_bytes,
                              {}};
  const auto steps = static_cast<double>(bench.steps_of_a_group);
  result.kernels.reserve(timing.kernels.size());
  for (const train::KernelTime& kernel : timing.kernels) {
    result.kernels.push_back(
        {kernel.name, static_cast<double>(kernel.calls) / steps, 1e6 * kernel.seconds / steps});
  }
  return result;
}

}  // namespace nas::engine
