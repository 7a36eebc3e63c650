#include "report/values.hpp"

#include <algorithm>
#include <boost/math/distributions/students_t.hpp>
#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>

namespace nas::report {
namespace {

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

}  // namespace

Json number_json(double value) { return std::isfinite(value) ? Json(value) : Json(nullptr); }

const space::Score* find_score(const space::Scores& scores, const std::string& metric) {
  for (const space::Score& score : scores) {
    if (score.name == metric || score.name.starts_with(metric + "[")) return &score;
  }
  return nullptr;
}

double objective_value(const StudyFacts& facts, const space::Trial& trial, std::size_t objective) {
  if (trial.outcome.state != space::TrialState::kComplete) return kNan;
  if (objective == 0) return trial.outcome.value;
  const std::vector<double>& further = trial.outcome.further_values;
  if (objective <= further.size()) return further[objective - 1];
  const space::Score* score = find_score(trial.outcome.scores, facts.objectives[objective].metric);
  return score == nullptr ? kNan : score->value;
}

std::vector<const space::Trial*> evaluated_trials(const StudyFacts& facts) {
  std::vector<const space::Trial*> evaluated;
  for (const space::Trial& trial : facts.trials) {
    if (trial.candidate.duplicate_of) continue;
    if (std::isfinite(objective_value(facts, trial, 0))) evaluated.push_back(&trial);
  }
  return evaluated;
}

const space::Trial* winner_of(const StudyFacts& facts) {
  const Json& verification = *facts.verification;
  if (verification.is_object() && verification.value("winner", Json()).is_number_integer()) {
    return &facts.trials.at(verification.at("winner").get<std::size_t>());
  }
  const space::Trial* best = nullptr;
  for (const space::Trial* trial : evaluated_trials(facts)) {
    const double value = trial->outcome.value;
    if (best == nullptr || (facts.objectives[0].maximize ? value > best->outcome.value
                                                         : value < best->outcome.value)) {
      best = trial;
    }
  }
  return best;
}

std::string change_text(const space::Candidate& candidate) {
  std::string text;
  for (const space::Change& change : candidate.changes) {
    text += (text.empty() ? "" : ", ") + std::string(to_text(change.kind)) + " in " + change.where;
  }
  return text.empty() ? candidate.origin : text;
}

double mean_of(std::span<const double> values) {
  double sum = 0;
  for (const double value : values) sum += value;
  return values.empty() ? kNan : sum / static_cast<double>(values.size());
}

double quantile_of(std::vector<double>& values, double share) {
  if (values.empty()) return kNan;
  std::sort(values.begin(), values.end());
  const double place = share * static_cast<double>(values.size() - 1);
  const auto below = static_cast<std::size_t>(place);
  const std::size_t above = std::min(below + 1, values.size() - 1);
  return values[below] + (place - static_cast<double>(below)) * (values[above] - values[below]);
}

double mean_half_width(std::span<const double> values) {
  if (values.size() < 2) return kNan;
  const auto count = static_cast<double>(values.size());
  const double mean = mean_of(values);
  double squares = 0;
  for (const double value : values) squares += (value - mean) * (value - mean);
  const double error = std::sqrt(squares / (count - 1) / count);
  return boost::math::quantile(boost::math::students_t(count - 1), 0.975) * error;
}

}  // namespace nas::report
