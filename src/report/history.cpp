#include <algorithm>
#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>
#include <set>

#include "report/sections.hpp"
#include "report/values.hpp"

namespace nas::report {
namespace {

constexpr const char* kCurve = "val_bpb";  ///< what intermediate values are of
constexpr std::size_t kMostCurves = 150;
constexpr std::size_t kBestCurves = 30;  ///< of them

/// Trials with something to draw: steps of their own.
std::vector<const space::Trial*> trained_trials(const StudyFacts& facts) {
  std::vector<const space::Trial*> trained;
  for (const space::Trial& trial : facts.trials) {
    if (!trial.candidate.duplicate_of && !trial.outcome.intermediate.empty()) {
      trained.push_back(&trial);
    }
  }
  return trained;
}

/// Steps of a whole training by the configuration; -1 when it does not count in steps.
std::int64_t last_step(const StudyFacts& facts) {
  const auto training = facts.config->find("training");
  if (training == facts.config->end() || !training->is_object()) return -1;
  const auto steps = training->find("steps");
  return steps != training->end() && steps->is_number_integer() ? steps->get<std::int64_t>() : -1;
}

/// At most kMostCurves of them, in order of number.
std::vector<const space::Trial*> selected(const StudyFacts& facts,
                                          std::vector<const space::Trial*> trials) {
  if (trials.size() <= kMostCurves) return trials;
  const double sign = facts.objectives[0].maximize ? -1 : 1;
  std::vector<const space::Trial*> by_value = evaluated_trials(facts);
  std::stable_sort(by_value.begin(), by_value.end(), [&](const auto* a, const auto* b) {
    return sign * a->outcome.value < sign * b->outcome.value;
  });
  std::set<std::int64_t> chosen;
  for (std::size_t i = 0; i < std::min(kBestCurves, by_value.size()); ++i) {
    chosen.insert(by_value[i]->number);
  }
  const std::size_t others = kMostCurves - chosen.size();
  for (std::size_t i = 0; i < others; ++i) {
    chosen.insert(trials[i * trials.size() / others]->number);
  }
  std::erase_if(trials, [&](const auto* trial) { return !chosen.contains(trial->number); });
  return trials;
}

}  // namespace

Json history(const StudyFacts& facts) {
  const double sign = facts.objectives[0].maximize ? -1 : 1;
  Json best = Json::array();
  double standing = 0;
  double seconds = 0;
  for (const space::Trial& trial : facts.trials) {
    seconds += std::isfinite(trial.outcome.seconds) ? trial.outcome.seconds : 0;
    const double value = objective_value(facts, trial, 0);
    if (!std::isfinite(value)) continue;
    if (!best.empty() && sign * value >= sign * standing) continue;
    standing = value;
    best.push_back({trial.number, value, seconds});
  }
  if (!best.empty() && best.back().at(0) != facts.trials.back().number) {
    best.push_back({facts.trials.back().number, standing, seconds});
  }
  return {{"best", best}};
}

Json learning_curves(const StudyFacts& facts) {
  const std::int64_t end = last_step(facts);
  Json curves = Json::array();
  for (const space::Trial* trial : selected(facts, trained_trials(facts))) {
    Json points = Json::array();
    for (const auto& [step, value] : trial->outcome.intermediate) {
      points.push_back({step, number_json(value)});
    }
    // Intermediate values are validation bits per byte, whatever the study searches for.
    const bool is_value = facts.objectives[0].metric == kCurve;
    const space::Score* score = find_score(trial->outcome.scores, kCurve);
    const double final = is_value           ? objective_value(facts, *trial, 0)
                         : score == nullptr ? std::numeric_limits<double>::quiet_NaN()
                                            : score->value;
    if (std::isfinite(final) && trial->outcome.intermediate.back().first < end) {
      points.push_back({end, final});
    }
    curves.push_back({{"trial", trial->number},
                      {"state", to_text(trial->outcome.state)},
                      {"points", std::move(points)}});
  }
  return curves;
}

Json hurdles(const StudyFacts& facts) {
  const std::vector<const space::Trial*> trained = trained_trials(facts);
  Json rows = Json::array();
  for (std::size_t hurdle = 0; hurdle < static_cast<std::size_t>(facts.hurdles); ++hurdle) {
    std::vector<double> values;
    std::set<std::int64_t> steps;
    std::int64_t reached = 0;
    std::int64_t pruned = 0;
    for (const space::Trial* trial : trained) {
      const std::vector<std::int64_t>& met = trial->outcome.hurdles;
      if (hurdle >= met.size() || met[hurdle] == 0) continue;
      ++reached;
      steps.insert(met[hurdle]);
      for (const auto& [step, value] : trial->outcome.intermediate) {
        if (step == met[hurdle] && std::isfinite(value)) values.push_back(value);
      }
      pruned += trial->outcome.state == space::TrialState::kPruned &&
                trial->outcome.reason == "hurdle" && met.size() == hurdle + 1;
    }
    rows.push_back({{"hurdle", hurdle + 1},
                    {"first_step", steps.empty() ? Json() : Json(*steps.begin())},
                    {"last_step", steps.empty() ? Json() : Json(*steps.rbegin())},
                    {"reached", reached},
                    {"pruned", pruned},
                    {"passed", reached - pruned},
                    {"median", number_json(quantile_of(values, 0.5))}});
  }
  return rows;
}

}  // namespace nas::report
