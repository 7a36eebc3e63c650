#include "seeds.hpp"

#include <cmath>
#include <map>
#include <nlohmann/json.hpp>

#include "nas/core/files.hpp"
#include "nas/core/units.hpp"
#include "nas/run/statistics.hpp"

namespace nas::run {
namespace {

using space::Outcome;

/// The mean of one training's value at a step and those that the trainings before it had there.
double mean_with(std::span<const EvaluationResult> before, std::int64_t step, double value) {
  double sum = 0;
  double count = 1;
  for (const EvaluationResult& result : before) {
    for (const auto& [at, earlier] : result.outcome.intermediate) {
      if (at != step) continue;
      sum += earlier;
      count += 1;
    }
  }
  return (sum + value) / count;
}

/// The value of a COMPLETE training at the hurdle of this place; nothing when it was too short to
/// have that hurdle.
std::optional<double> value_at_hurdle(const Outcome& outcome, std::size_t hurdle) {
  if (hurdle >= outcome.hurdles.size() || outcome.hurdles[hurdle] == 0) return std::nullopt;
  for (const auto& [step, value] : outcome.intermediate) {
    if (step == outcome.hurdles[hurdle]) return value;
  }
  return std::nullopt;
}

/// What the next training's own value must not exceed for the mean to pass the bar.
double own_bar(std::span<const EvaluationResult> before, std::size_t hurdle, double bar) {
  double own = bar;
  for (const EvaluationResult& result : before) {
    if (const auto value = value_at_hurdle(result.outcome, hurdle)) own += bar - *value;
  }
  return own;
}

/// The request of the next training.
EvaluationRequest next_request(const SeedsRequest& request,
                               const std::vector<EvaluationResult>& done) {
  const auto seed = static_cast<std::int64_t>(done.size());
  EvaluationRequest next = request.evaluation;
  next.repeat = static_cast<std::uint32_t>(seed);
  if (!next.folder.empty()) {
    next.folder = seed_folder(next.folder, seed);
    make_folders(next.folder);
  }
  for (std::size_t i = 0; i < next.hurdle_bars.size(); ++i) {
    next.hurdle_bars[i] = own_bar(done, i, next.hurdle_bars[i]);
  }
  next.on_value = [&request, &done](std::int64_t step, double value) {
    request.evaluation.on_value(step, mean_with(done, step, value));
  };
  if (seed > 0 && next.on_scalar) {
    next.on_scalar = [&request, seed](const std::string& name, std::int64_t step, double value) {
      request.evaluation.on_scalar("seed-" + std::to_string(seed) + "/" + name, step, value);
    };
  }
  next.on_step = [&request, seed](std::int64_t step) {
    request.evaluation.on_step(seed * request.steps + step);
  };
  return next;
}

/// Means of the scores that all trainings have, in the first one's order.
space::Scores mean_scores(const std::vector<EvaluationResult>& results) {
  space::Scores means;
  for (const space::Score& score : results.front().outcome.scores) {
    std::vector<double> values;
    for (const EvaluationResult& result : results) {
      for (const space::Score& other : result.outcome.scores) {
        if (other.name == score.name) values.push_back(other.value);
      }
    }
    if (values.size() != results.size()) continue;
    const SampleSummary summary = summarise(values);
    space::Score mean = score;
    mean.value = summary.mean;
    mean.spread = summary.deviation;
    mean.protocol += "; mean of " + std::to_string(values.size()) +
                     " seeds, the spread is their standard deviation";
    means.push_back(std::move(mean));
  }
  return means;
}

/// Which training ended the candidate, and where its mean stood.
std::string end_text(const std::vector<EvaluationResult>& results, std::int64_t seeds) {
  std::string which = "training " + std::to_string(results.size()) + " of " + std::to_string(seeds);
  const auto& last = results.back().outcome.intermediate;
  if (results.back().outcome.reason != "hurdle" || last.empty()) return which;
  const std::span<const EvaluationResult> before(results.data(), results.size() - 1);
  const double mean = mean_with(before, last.back().first, last.back().second);
  return which + ", whose bar is set by those before; the mean is " + format_significant(mean, 5);
}

/// What several trainings, the last of which may have ended early, say together.
EvaluationResult joined(const std::vector<EvaluationResult>& results, std::int64_t seeds) {
  EvaluationResult whole;
  whole.extra = results.front().extra;
  Outcome& outcome = whole.outcome;
  outcome.state = results.back().outcome.state;
  outcome.reason = results.back().outcome.reason;
  outcome.detail = results.back().outcome.detail;
  outcome.intermediate = mean_intermediate(results);
  // The first training got at least as far as the others.
  outcome.hurdles = results.front().outcome.hurdles;
  if (outcome.state != space::TrialState::kComplete) {
    outcome.detail += " (" + end_text(results, seeds) + ")";
    return whole;
  }
  std::vector<double> values;
  values.reserve(results.size());
  for (const EvaluationResult& result : results) values.push_back(result.outcome.value);
  outcome.value = summarise(values).mean;
  outcome.scores = mean_scores(results);
  return whole;
}

}  // namespace

std::string seed_folder(const std::string& folder, std::int64_t seed) {
  return seed == 0 ? folder : folder + "/seed-" + std::to_string(seed);
}

std::vector<std::pair<std::int64_t, double>> mean_intermediate(
    std::span<const EvaluationResult> results) {
  std::map<std::int64_t, std::pair<double, double>> sums;  // step -> sum and count
  for (const EvaluationResult& result : results) {
    for (const auto& [step, value] : result.outcome.intermediate) {
      auto& [sum, count] = sums[step];
      sum += value;
      count += 1;
    }
  }
  std::vector<std::pair<std::int64_t, double>> means;
  means.reserve(sums.size());
  for (const auto& [step, entry] : sums) means.emplace_back(step, entry.first / entry.second);
  return means;
}

std::optional<EvaluationResult> evaluate_seeds(const Evaluator& evaluator,
                                               const SeedsRequest& request) {
  if (request.seeds == 1) return evaluator.evaluate(request.evaluation);
  std::vector<EvaluationResult> results = request.done;
  while (static_cast<std::int64_t>(results.size()) < request.seeds) {
    const auto repeat = static_cast<std::uint32_t>(results.size());
    std::optional<EvaluationResult> result = evaluator.evaluate(next_request(request, results));
    if (!result) return std::nullopt;
    const bool is_complete = result->outcome.state == space::TrialState::kComplete;
    if (is_complete && request.on_trained) request.on_trained(repeat, *result);
    results.push_back(std::move(*result));
    if (!is_complete) break;
  }
  return joined(results, request.seeds);
}

}  // namespace nas::run
