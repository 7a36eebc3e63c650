#include "nas/train/step_timing.hpp"

#include <c10/core/DeviceGuard.h>
#include <c10/cuda/CUDACachingAllocator.h>
#include <c10/cuda/CUDAStream.h>

#include <chrono>

#include "nas/core/error.hpp"
#include "nas/data/random_tokens.hpp"
#include "nas/ops/captured_graph.hpp"
#include "nas/train/numerics.hpp"
#include "train/kernel_times.hpp"
#include "train/schedule.hpp"
#include "train/training_step.hpp"

namespace nas::train {
namespace {

using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point begin) {
  return std::chrono::duration<double>(Clock::now() - begin).count();
}

void wait_for(const at::Device& device) {
  if (device.is_cuda()) c10::cuda::getCurrentCUDAStream(device.index()).synchronize();
}

std::int64_t reserved_bytes(const at::Device& device) {
  if (!device.is_cuda()) return 0;
  const auto stats = c10::cuda::CUDACachingAllocator::getDeviceStats(device.index());
  return stats.reserved_bytes[static_cast<std::size_t>(c10::CachingAllocator::StatType::AGGREGATE)]
      .peak;
}

/// What train() is asked for, as far as steps need it.
TrainingRequest training_of(const StepTimingRequest& request) {
  constexpr std::int64_t kTokens = std::int64_t{1} << 20U;
  TrainingRequest training;
  training.architecture = request.architecture;
  training.training = request.training;
  // The schedule ends with the timing.
  training.training.steps = 2 + (request.groups + 2) * std::int64_t{request.steps_of_a_group};
  training.seed = request.seed;
  training.lowering = request.lowering;
  training.dataset = data::random_tokens(request.architecture.model.vocab_size,
                                         request.training.seq_len, kTokens, request.seed);
  return training;
}

/// What is trained, from its construction on.
class Candidate {
 public:
  Candidate(const StepTimingRequest& request, const TrainingRequest& training,
            const ops::StreamLease& stream)
      : training_(training), model_(request.architecture, request.lowering) {
    model_.make_narrow_copies();
    optimizer_ = builtin_optimizers()
                     .at(request.training.optimizer.name)
                     .make(request.training.optimizer, model_.trained());
    model_.initialise(request.seed, 0);
    step_ = make_training_step(training, model_, *optimizer_, 0, stream);
  }
  void run(int steps) {
    for (int i = 0; i < steps; ++i) {
      step_->run(number_, learning_rate(training_.training, training_.training.steps, number_));
      ++number_;
    }
  }
  void require_sound() const {
    if (const auto bad = step_->first_bad()) {
      throw Error(ErrorKind::kConfig, "the training that is timed went astray: " + *bad);
    }
  }

 private:
  const TrainingRequest& training_;
  nn::Model model_;
  std::unique_ptr<Optimizer> optimizer_;
  std::unique_ptr<TrainingStep> step_;
  std::int64_t number_ = 0;
};

}  // namespace

StepTiming time_training_steps(const StepTimingRequest& request) {
  fix_numerics(request.training.threads, request.training.deterministic);
  const TrainingRequest training = training_of(request);
  const at::Device device(request.lowering.device);
  const c10::DeviceGuard guard{device};
  const ops::StreamLease stream(request.lowering.device);
  StepTiming timing;
  {
    const Clock::time_point begin = Clock::now();
    Candidate candidate(request, training, stream);
    candidate.run(1);
    wait_for(device);
    timing.first_step_seconds = seconds_since(begin);
    candidate.run(1);
    wait_for(device);
    timing.second_step_seconds = seconds_since(begin);
    candidate.run(request.steps_of_a_group);
    for (int group = 0; group < request.groups; ++group) {
      wait_for(device);
      const Clock::time_point group_begin = Clock::now();
      candidate.run(request.steps_of_a_group);
      wait_for(device);
      timing.step_ms.push_back(1e3 * seconds_since(group_begin) / request.steps_of_a_group);
    }
    candidate.require_sound();
    timing.reserved_bytes = reserved_bytes(device);
    if (request.lists_kernels && device.is_cuda()) {
      timing.kernels = kernel_times([&] {
        candidate.run(request.steps_of_a_group);
        wait_for(device);
      });
    }
  }
  const Clock::time_point begin = Clock::now();
  Candidate again(request, training, stream);
  again.run(2);
  wait_for(device);
  timing.again_seconds = seconds_since(begin);
  return timing;
}

}  // namespace nas::train
