#include "trial_events.hpp"

#include <nlohmann/json.hpp>

namespace nas::run {

TrialEvents::TrialEvents(const Plan& plan, const std::string& study_folder,
                         const space::Trial& trial) {
  if (!plan.config.training.tensorboard) return;
  store::EventFile::Hparams hparams;
  const std::vector<space::Choice>& choices = plan.space->choices();
  for (std::size_t i = 0; i < choices.size(); ++i) {
    hparams.emplace_back(choices[i].name, choices[i].options[trial.candidate.sample.choices[i]]);
  }
  file_ = std::make_unique<store::EventFile>(
      study_folder + "/tensorboard/trial-" + std::to_string(trial.number), std::move(hparams));
}

std::function<void(const std::string&, std::int64_t, double)> TrialEvents::listener() {
  if (!file_) return nullptr;
  return [file = file_.get()](const std::string& name, std::int64_t step, double value) {
    file->scalar(name, step, value);
  };
}

void TrialEvents::finish(space::TrialState state) {
  if (file_) file_->finish(state);
}

}  // namespace nas::run
