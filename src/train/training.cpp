#include "nas/train/training.hpp"

#include <c10/core/DeviceGuard.h>
#include <c10/util/Exception.h>

#include <filesystem>
#include <new>
#include <system_error>

#include "nas/core/error.hpp"
#include "nas/train/numerics.hpp"
#include "train/training_run.hpp"

namespace nas::train {
namespace {

void require_consistent(const TrainingRequest& request) {
  NAS_ASSERT(request.dataset != nullptr);
  NAS_ASSERT((request.training.budget.seconds
                  ? request.hurdle_seconds.size()
                  : request.hurdle_steps.size()) == request.hurdle_bars.size());
  const std::int64_t vocab = request.architecture.model.vocab_size;
  const std::int64_t tokens = request.dataset->tokenizer().vocab_size();
  if (vocab < tokens) {
    throw Error(ErrorKind::kConfig, "model.vocab_size = " + std::to_string(vocab) +
                                        ": the tokenizer has " + std::to_string(tokens) + " ids");
  }
}

/// Error of PyTorch without its stack trace.
Error device_error(const c10::Error& error, const std::string& device) {
  return {device == "cpu" ? ErrorKind::kInternal : ErrorKind::kDevice,
          device + ": " + error.what_without_backtrace()};
}

/// Trains, or says in `out_of_memory` which allocation failed. Whatever the training held is
/// released when this returns.
std::optional<TrainingResult> train_or_run_out(const TrainingRequest& request, Progress& progress,
                                               std::string& out_of_memory) {
  try {
    const c10::DeviceGuard guard{at::Device(request.lowering.device)};
    return TrainingRun(request, progress).run();
  } catch (const c10::OutOfMemoryError& error) {
    out_of_memory = error.what_without_backtrace();
  } catch (const c10::Error& error) {
    out_of_memory = error.what_without_backtrace();
    if (!is_host_out_of_memory(out_of_memory)) throw device_error(error, request.lowering.device);
  } catch (const std::bad_alloc&) {
    out_of_memory = "out of host memory";
  }
  return std::nullopt;
}

TrainingResult out_of_memory_result(const Progress& progress, const std::string& message) {
  TrainingResult result;
  result.outcome.state = space::TrialState::kFail;
  result.outcome.reason = "oom";
  result.outcome.detail = message.substr(0, message.find('\n'));
  result.outcome.intermediate = progress.intermediate;
  result.outcome.hurdles = progress.hurdles;
  result.outcome.seconds = progress.seconds;
  return result;
}

}  // namespace

std::optional<TrainingResult> train(const TrainingRequest& request) {
  require_consistent(request);
  fix_numerics(request.training.threads);
  Progress progress;
  std::string out_of_memory;
  std::optional<TrainingResult> result = train_or_run_out(request, progress, out_of_memory);
  if (!out_of_memory.empty()) {
    release_unused_memory(request.lowering.device);
    result = out_of_memory_result(progress, out_of_memory);
  }
  if (result && !request.checkpoint_path.empty()) {
    std::error_code ignored;
    std::filesystem::remove(request.checkpoint_path, ignored);
  }
  return result;
}

}  // namespace nas::train
