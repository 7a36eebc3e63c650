#pragma once

#include <functional>
#include <memory>
#include <string>

#include "nas/run/search_run.hpp"
#include "nas/store/event_file.hpp"

namespace nas::run {

/// TensorBoard's view of one trial: STUDY/tensorboard/trial-<number>, with the space's finite
/// choices as its hyperparameters. Nothing when training.tensorboard is off.
class TrialEvents {
 public:
  TrialEvents(const Plan& plan, const std::string& study_folder, const space::Trial& trial);

  /// For EvaluationRequest::on_scalar; lives no longer than this.
  [[nodiscard]] std::function<void(const std::string&, std::int64_t, double)> listener();
  void finish(space::TrialState state);

 private:
  std::unique_ptr<store::EventFile> file_;
};

}  // namespace nas::run
