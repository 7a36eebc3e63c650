// Writes a study with trials of every kind for optuna_test.py and prints, as JSON, what Optuna must
// find in it. usage: nas_optuna_study make|make-pareto|open FOLDER

#include <algorithm>
#include <array>
#include <cstdio>
#include <functional>
#include <limits>
#include <nlohmann/json.hpp>

#include "nas/core/error.hpp"
#include "nas/store/study.hpp"
#include "store/example_study.hpp"

namespace nas::store {
namespace {

using space::Outcome;
using space::TrialState;
using testing::make_outcome;

constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

struct PlannedTrial {
  Outcome outcome;
  std::vector<double> constraints;
};

std::vector<PlannedTrial> planned_trials() {
  using enum TrialState;
  return {
      {make_outcome(kComplete, "", 2.5, {{10, 3.0}, {20, 2.75}}), {-1.0}},
      // Best of all, but infeasible.
      {make_outcome(kComplete, "", 0.5 / 3), {-1.0, 0.25}},
      {make_outcome(kPruned, "hurdle", kNan, {{20, 4.5}, {10, 5.0}}), {-2.0}},
      {make_outcome(kPruned, "constraint"), {3.0}},
      {make_outcome(kPruned, "hurdle", kNan, {{10, kNan}}), {-1.0}},
      {make_outcome(kFail, "nan", kNan, {{10, kNan}, {20, kInfinity}}), {}},
      {make_outcome(kComplete, "", 1.0 / 3), {0.0}},
      {make_outcome(kFail, "oom"), {-1.0}},
      // A duplicate: the value of trial 6.
      {make_outcome(kComplete, "", 1.0 / 3), {0.0}},
      {make_outcome(kComplete, "", kInfinity, {{10, -kInfinity}}), {-1.0}},
      {make_outcome(kComplete, "", 0.25), {kInfinity, kNan}},
  };
}

Json number_or_name(double value) {
  if (value != value) return "nan";
  if (value == kInfinity) return "inf";
  if (value == -kInfinity) return "-inf";
  return value;
}

Json expected_trial(const space::Candidate& candidate, const Outcome& outcome) {
  Json json = Json::object();
  json["state"] = to_text(outcome.state);
  json["params"] = Json::object();
  const std::vector<space::Choice>& choices = testing::example_space().choices();
  for (std::size_t i = 0; i < choices.size(); ++i) {
    json["params"][choices[i].name] = choices[i].options[candidate.sample.choices[i]];
  }
  json["value"] = outcome.state == TrialState::kComplete ? number_or_name(outcome.value) : Json();
  json["intermediate"] = Json::object();
  for (const auto& [step, value] : outcome.intermediate) {
    json["intermediate"][std::to_string(step)] = number_or_name(value);
  }
  json["hash"] = candidate.hash.hex();
  json["architecture"] = to_json(candidate.architecture);
  json["reason"] = outcome.reason;
  return json;
}

Json make(const std::string& folder) {
  Study study = Study::create(folder, testing::example_header());
  Json expected = Json::object();
  expected["name"] = testing::example_header().name;
  expected["metric"] = testing::example_header().metric;
  const std::vector<PlannedTrial> plan = planned_trials();
  std::int64_t best = -1;
  for (std::size_t i = 0; i < plan.size(); ++i) {
    const auto number = static_cast<std::int64_t>(i);
    const auto& [outcome, constraints] = plan[i];
    const space::Candidate candidate = testing::example_candidate(number);
    study.begin_trial(number, candidate, testing::example_space(), {});
    study.finish_trial(number, outcome, constraints, {});
    Json trial = expected_trial(candidate, outcome);
    trial["constraints"] = Json::array();
    for (const double value : constraints) trial["constraints"].push_back(number_or_name(value));
    expected["trials"].push_back(std::move(trial));
    const bool is_feasible = std::all_of(constraints.begin(), constraints.end(),
                                         [](double value) { return value <= 0; });
    if (outcome.state == TrialState::kComplete && is_feasible &&
        (best < 0 || outcome.value < plan[static_cast<std::size_t>(best)].outcome.value)) {
      best = number;
    }
  }
  expected["best"] = best;
  // One trial still running and one that waits.
  for (std::int64_t k = 0; k < 2; ++k) {
    const auto number = static_cast<std::int64_t>(plan.size()) + k;
    const space::Candidate candidate = testing::example_candidate(number);
    study.begin_trial(number, candidate, testing::example_space(), {});
    if (k == 1) study.requeue_trial(number);
    Outcome outcome;
    outcome.state = k == 0 ? TrialState::kRunning : TrialState::kWaiting;
    Json trial = expected_trial(candidate, outcome);
    trial["constraints"] = Json::array();
    expected["trials"].push_back(std::move(trial));
  }
  return expected;
}

/// Whether `first` is at least as good in all of val_bpb (least is best), params (most) and
/// latency_us (least), and better in one.
bool dominates(const Outcome& first, const Outcome& second) {
  const auto losses = [](const Outcome& outcome) {
    return std::array{outcome.value, -outcome.further_values[0], outcome.further_values[1]};
  };
  const auto a = losses(first);
  const auto b = losses(second);
  return a != b && std::equal(a.begin(), a.end(), b.begin(), std::less_equal<>());
}

/// A study of three objectives: what Optuna must find in it, with its front.
Json make_pareto(const std::string& folder) {
  StudyHeader header = testing::example_header();
  header.further_objectives = {{"params", true}, {"latency_us", false}};
  Study study = Study::create(folder, header);
  Json expected{{"name", header.name}, {"metrics", {"val_bpb", "params", "latency_us"}}};
  std::vector<std::pair<std::int64_t, Outcome>> feasible;
  constexpr std::int64_t kTrials = 40;
  for (std::int64_t number = 0; number < kTrials; ++number) {
    DrawCursor cursor({5, Purpose::kTest, static_cast<std::uint64_t>(number), 0});
    Outcome outcome = make_outcome(TrialState::kComplete, "", cursor.below(40));
    outcome.further_values = {static_cast<double>(cursor.below(40)), cursor.below(40) / 3.0};
    if (number == 7) outcome = make_outcome(TrialState::kPruned, "hurdle", kNan, {{10, -1.0}});
    if (number == 8) outcome = make_outcome(TrialState::kFail, "oom");
    // The best in everything, but a constraint is broken.
    if (number == 9) outcome.value = outcome.further_values[1] = -1;
    const double constraint = number == 9 ? 0.5 : -1.0;
    study.begin_trial(number, testing::example_candidate(number), testing::example_space(), {});
    study.finish_trial(number, outcome, {constraint}, {});
    Json values;
    if (outcome.state == TrialState::kComplete) {
      values = {outcome.value, outcome.further_values[0], outcome.further_values[1]};
      if (constraint <= 0) feasible.emplace_back(number, outcome);
    }
    expected["trials"].push_back({{"state", to_text(outcome.state)}, {"values", values}});
  }
  for (const auto& [number, outcome] : feasible) {
    const bool is_beaten = std::any_of(feasible.begin(), feasible.end(), [&](const auto& other) {
      return dominates(other.second, outcome);
    });
    if (!is_beaten) expected["best"].push_back(number);
  }
  return expected;
}

/// States of the trials of a study that Optuna may have written to.
Json open(const std::string& folder) {
  const Study study = Study::open(folder, Study::Access::kWrite);
  Json states = Json::array();
  for (const space::Trial& trial : study.trials()) states.push_back(to_text(trial.outcome.state));
  return states;
}

}  // namespace
}  // namespace nas::store

int main(int argc, char** argv) {
  if (argc != 3) {
    std::fputs("usage: nas_optuna_study make|make-pareto|open FOLDER\n", stderr);
    return 2;
  }
  try {
    const std::string action = argv[1];
    const nas::Json result = action == "make"          ? nas::store::make(argv[2])
                             : action == "make-pareto" ? nas::store::make_pareto(argv[2])
                                                       : nas::store::open(argv[2]);
    std::puts(result.dump().c_str());
    return 0;
  } catch (const nas::Error& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return nas::exit_code(error.kind());
  }
}
