#include "nas/run/trained_trial.hpp"

#include <filesystem>
#include <nlohmann/json.hpp>

#include "nas/core/error.hpp"

namespace nas::run {
namespace {

std::int64_t original_of(const store::Study& study, std::int64_t trial) {
  const Json duplicate = study.trial_attribute(trial, "duplicate_of");
  return duplicate.is_number_integer() ? duplicate.get<std::int64_t>() : trial;
}

}  // namespace

TrainedTrial trained_trial(const store::Study& study, std::int64_t trial) {
  const std::vector<space::Trial> trials = study.trials();
  if (trial < 0 || trial >= static_cast<std::int64_t>(trials.size())) {
    throw Error(ErrorKind::kUsage, "there is no trial " + std::to_string(trial) +
                                       "; the study has " + std::to_string(trials.size()));
  }
  const space::Trial& chosen = trials[static_cast<std::size_t>(trial)];
  if (chosen.outcome.state != space::TrialState::kComplete) {
    throw Error(ErrorKind::kUsage, "trial " + std::to_string(trial) + " is " +
                                       to_text(chosen.outcome.state) +
                                       "; only a COMPLETE trial has trained weights");
  }
  const std::int64_t original = original_of(study, trial);
  const std::string path =
      study.folder() + "/trials/" + std::to_string(original) + "/model.safetensors";
  if (!std::filesystem::exists(path)) {
    throw Error(ErrorKind::kIo, "the weights of trial " + std::to_string(original) +
                                    " are not there (" + path + "); `nas replay " + study.folder() +
                                    " " + std::to_string(original) + " --keep` trains them again");
  }
  const Json stored = study.trial_attribute(original, "weights_hash");
  return {chosen.candidate.architecture, chosen.outcome.value, path,
          stored.is_string() ? stored.get<std::string>() : ""};
}

}  // namespace nas::run
