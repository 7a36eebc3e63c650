#include "scores.hpp"

#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>

#include "nas/core/error.hpp"
#include "nas/core/units.hpp"
#include "nas/run/search_run.hpp"
#include "nas/space/cost.hpp"

namespace nas::run {
namespace {

using space::Score;
using space::Scores;

}  // namespace

const Score* find_score(const Scores& scores, const std::string& metric) {
  for (const Score& score : scores) {
    if (score.name == metric || score.name.starts_with(metric + "[")) return &score;
  }
  return nullptr;
}

std::string broken_constraint(const config::RunConfig& config, const Scores& scores) {
  for (const config::ConstraintConfig& constraint : config.constraints) {
    const Score* score = find_score(scores, constraint.metric);
    if (score == nullptr) continue;
    const std::string value = constraint.metric + " " + format_significant(score->value, 6);
    if (constraint.max && !(score->value <= *constraint.max)) {
      return value + " > " + format_exact(*constraint.max);
    }
    if (constraint.min && !(score->value >= *constraint.min)) {
      return value + " < " + format_exact(*constraint.min);
    }
  }
  return "";
}

Scores analytic_scores(const config::RunConfig& config, const space::Architecture& architecture) {
  const space::CostPoint point{config.training.batch_size, config.training.seq_len,
                               config.training.precision == "bf16" ? 2 : 4};
  const space::Cost cost = cost_of(architecture, point);
  const auto score = [](const char* name, double value, const char* unit) {
    Score made;
    made.name = name;
    made.value = value;
    made.unit = unit;
    made.protocol = "analytic";
    return made;
  };
  return {score("params", static_cast<double>(cost.params), ""),
          score("decoder_params", static_cast<double>(cost.decoder_params), ""),
          score("embedding_params", static_cast<double>(cost.embedding_params), ""),
          score("flops_per_token", cost.flops_per_token, "flop"),
          score("activation_bytes", cost.activation_bytes, "byte"),
          score("peak_bytes", cost.peak_bytes, "byte")};
}

std::vector<double> constraint_values(const config::RunConfig& config,
                                      const space::Architecture& architecture,
                                      const Scores& measured) {
  Scores scores = analytic_scores(config, architecture);
  scores.insert(scores.end(), measured.begin(), measured.end());
  std::vector<double> values;
  for (const config::ConstraintConfig& constraint : config.constraints) {
    const Score* score = find_score(scores, constraint.metric);
    // A trial that failed before the measurement has not shown that it satisfies the constraint.
    const double value = score ? score->value : std::numeric_limits<double>::quiet_NaN();
    if (constraint.max) values.push_back(score ? value - *constraint.max : 1.0);
    if (constraint.min) values.push_back(score ? *constraint.min - value : 1.0);
  }
  return values;
}

}  // namespace nas::run
