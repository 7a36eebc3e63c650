#include "nas/train/training.hpp"

#include <c10/core/DeviceGuard.h>
#include <c10/util/Exception.h>

#include <filesystem>
#include <new>
#include <system_error>

#include "nas/core/error.hpp"
#include "nas/ops/captured_graph.hpp"
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

/// Why a training could not go on.
struct Fault {
  std::string reason;  ///< empty: there was none
  std::string message;
};

/// Trains, or says in `fault` why that is impossible for this candidate. Whatever the training held
/// is released when this returns. Throws Error(kDevice) when the device is at fault: it would fail
/// every later candidate too.
std::optional<TrainingResult> train_or_fail(const TrainingRequest& request, Progress& progress,
                                            Fault& fault) {
  try {
    const c10::DeviceGuard guard{at::Device(request.lowering.device)};
    const ops::StreamLease stream(request.lowering.device);
    return TrainingRun(request, progress, stream).run();
  } catch (const c10::OutOfMemoryError& error) {
    fault = {"oom", error.what_without_backtrace()};
  } catch (const c10::Error& error) {
    fault = {"error", error.what_without_backtrace()};
    if (is_host_out_of_memory(fault.message)) fault.reason = "oom";
    if (is_device_failure(fault.message)) {
      throw Error(ErrorKind::kDevice, request.lowering.device + ": " + fault.message);
    }
  } catch (const std::bad_alloc&) {
    fault = {"oom", "out of host memory"};
  }
  return std::nullopt;
}

TrainingResult failed_result(const Progress& progress, const Fault& fault) {
  TrainingResult result;
  result.outcome.state = space::TrialState::kFail;
  result.outcome.reason = fault.reason;
  result.outcome.detail = fault.message.substr(0, fault.message.find('\n'));
  result.outcome.intermediate = progress.intermediate;
  result.outcome.hurdles = progress.hurdles;
  result.outcome.seconds = progress.seconds;
  return result;
}

}  // namespace

std::optional<TrainingResult> train(const TrainingRequest& request) {
  require_consistent(request);
  fix_numerics(request.training.threads, request.training.deterministic);
  Progress progress;
  Fault fault;
  std::optional<TrainingResult> result = train_or_fail(request, progress, fault);
  if (!fault.reason.empty()) {
    ops::release_idle_streams(request.lowering.device);
    release_unused_memory(request.lowering.device);
    result = failed_result(progress, fault);
  }
  return result;
}

}  // namespace nas::train
