#include "nas/run/pareto_front.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <set>

#include "nas/core/error.hpp"
#include "nas/search/pareto.hpp"
#include "scores.hpp"

namespace nas::run {
namespace {

using space::Objective;
using space::Trial;

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

/// A value that a trial has: one of its study's values, else a score.
struct Reading {
  double value = kNan;
  double spread = kNan;
};

Reading reading_of(const Trial& trial, const std::string& metric,
                   const std::vector<Objective>& own) {
  Reading reading;
  if (const space::Score* score = find_score(trial.outcome.scores, metric)) {
    reading = {score->value, score->spread};
  }
  for (std::size_t i = 0; i < own.size(); ++i) {
    if (own[i].metric != metric) continue;
    reading.value = i == 0 ? trial.outcome.value : trial.outcome.further_values[i - 1];
  }
  return reading;
}

[[noreturn]] void throw_unknown(const std::string& metric, const std::vector<Trial>& trials,
                                const std::vector<Objective>& own) {
  std::set<std::string> known;
  for (const Objective& objective : own) known.insert(objective.metric);
  for (const Trial& trial : trials) {
    for (const space::Score& score : trial.outcome.scores) known.insert(score.name);
  }
  std::string list;
  for (const std::string& name : known) list += (list.empty() ? "" : ", ") + name;
  throw Error(ErrorKind::kUsage,
              "no COMPLETE trial has the metric \"" + metric + "\"; recorded are: " + list);
}

/// Points in order of trial; duplicates go to their original.
std::vector<ParetoPoint> points_of(const std::vector<Trial>& trials,
                                   const std::vector<Objective>& own, ParetoFront& front) {
  std::vector<ParetoPoint> points;
  std::map<std::int64_t, std::size_t> place_of;
  for (const Trial& trial : trials) {
    if (trial.outcome.state != space::TrialState::kComplete) continue;
    if (trial.candidate.duplicate_of) {
      const auto original = place_of.find(*trial.candidate.duplicate_of);
      if (original != place_of.end()) {
        points[original->second].duplicates.push_back(trial.number);
      }
      continue;
    }
    ParetoPoint point;
    point.trial = trial.number;
    for (const Objective& objective : front.objectives) {
      const Reading reading = reading_of(trial, objective.metric, own);
      point.values.push_back(reading.value);
      point.spreads.push_back(reading.spread);
    }
    if (std::any_of(point.values.begin(), point.values.end(),
                    [](double value) { return std::isnan(value); })) {
      ++front.without;
      continue;
    }
    place_of[trial.number] = points.size();
    points.push_back(std::move(point));
  }
  return points;
}

/// Whether the intervals of two points overlap in every objective in which they differ.
bool within_spreads(const ParetoPoint& first, const ParetoPoint& second) {
  const auto known = [](double spread) { return std::isnan(spread) ? 0.0 : spread; };
  for (std::size_t i = 0; i < first.values.size(); ++i) {
    const double distance = std::abs(first.values[i] - second.values[i]);
    if (distance > known(first.spreads[i]) + known(second.spreads[i])) return false;
  }
  return true;
}

}  // namespace

ParetoFront pareto_front_of(const store::Study& study, const ParetoOptions& options) {
  const std::vector<Objective> own = study.header().objectives();
  const std::vector<Trial> trials = study.trials();
  ParetoFront front;
  front.objectives = options.objectives.empty() ? own : options.objectives;
  front.ties = options.ties;
  const std::vector<ParetoPoint> points = points_of(trials, own, front);
  front.compared = static_cast<std::int64_t>(points.size());
  for (const Objective& objective : front.objectives) {
    const bool is_recorded = std::any_of(trials.begin(), trials.end(), [&](const Trial& trial) {
      return trial.outcome.state == space::TrialState::kComplete &&
             !std::isnan(reading_of(trial, objective.metric, own).value);
    });
    if (!is_recorded && (front.without > 0 || !options.objectives.empty())) {
      throw_unknown(objective.metric, trials, own);
    }
  }
  std::vector<search::Point> losses;
  for (const ParetoPoint& point : points) {
    search::Point& loss = losses.emplace_back(point.values);
    for (std::size_t i = 0; i < loss.size(); ++i) {
      if (front.objectives[i].maximize) loss[i] = -loss[i];
    }
  }
  for (std::size_t i = 0; i < points.size(); ++i) {
    bool stays = true;
    bool is_beaten = false;
    for (std::size_t k = 0; stays && k < points.size(); ++k) {
      if (!search::dominates(losses[k], losses[i])) continue;
      is_beaten = true;
      stays = options.ties && within_spreads(points[k], points[i]);
    }
    if (!stays) continue;
    front.points.push_back(points[i]);
    front.points.back().is_tie = is_beaten;
  }
  const bool maximize = front.objectives.front().maximize;
  std::stable_sort(front.points.begin(), front.points.end(),
                   [maximize](const ParetoPoint& a, const ParetoPoint& b) {
                     return maximize ? a.values[0] > b.values[0] : a.values[0] < b.values[0];
                   });
  return front;
}

std::vector<Objective> objectives_from_text(const std::string& text) {
  std::vector<std::string> parts{""};
  int depth = 0;
  for (const char c : text) {
    depth += c == '[' ? 1 : c == ']' ? -1 : 0;
    if (c == ',' && depth == 0) {
      parts.emplace_back();
    } else {
      parts.back() += c;
    }
  }
  std::vector<Objective> objectives;
  for (const std::string& part : parts) {
    const std::size_t colon = part.rfind(':');
    const std::string direction = colon == std::string::npos ? "minimize" : part.substr(colon + 1);
    const std::string metric = part.substr(0, colon);
    if (metric.empty() || (direction != "minimize" && direction != "maximize")) {
      throw Error(ErrorKind::kUsage, "--objectives: \"" + part +
                                         "\" must be METRIC, METRIC:minimize or METRIC:maximize");
    }
    objectives.push_back({metric, direction == "maximize"});
  }
  return objectives;
}

}  // namespace nas::run
