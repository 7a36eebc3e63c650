#include "metrics.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

#include "nas/core/error.hpp"
#include "nas/run/search_run.hpp"
#include "scores.hpp"

namespace nas::run {
namespace {

struct Metric {
  const char* name;
  MetricKind kind;
};

constexpr const char* kValidation = "val_bpb";
constexpr std::array<Metric, 10> kMetrics{{{"latency_us", MetricKind::kMeasured},
                                           {"params", MetricKind::kAnalytic},
                                           {"decoder_params", MetricKind::kAnalytic},
                                           {"embedding_params", MetricKind::kAnalytic},
                                           {"flops_per_token", MetricKind::kAnalytic},
                                           {"activation_bytes", MetricKind::kAnalytic},
                                           {"peak_bytes", MetricKind::kAnalytic},
                                           {kValidation, MetricKind::kTrained},
                                           {"val_loss_nats", MetricKind::kTrained},
                                           {"train_loss_nats", MetricKind::kTrained}}};

/// Names one entry of a list of the configuration and what is wrong with it.
[[noreturn]] void refuse(const JsonPositions& positions, const char* list, std::size_t i,
                         const char* key, const std::string& value, const std::string& must) {
  const std::string pointer = "/" + std::string(list) + "/" + std::to_string(i) + "/" + key;
  throw Error(ErrorKind::kConfig, std::string(list) + "[" + std::to_string(i) + "]." + key +
                                      " = \"" + value + "\" (" + positions.describe(pointer) +
                                      "): " + must);
}

/// What is wrong with a metric in any list; empty when it is known and provided.
std::string complaint(const config::RunConfig& config, const std::string& metric,
                      bool may_be_trained) {
  const std::optional<MetricKind> kind = metric_kind(metric);
  if (!kind || (*kind == MetricKind::kTrained && !may_be_trained)) {
    std::string known;
    for (const Metric& each : kMetrics) {
      if (each.kind == MetricKind::kTrained && !may_be_trained) continue;
      known += (known.empty() ? "" : ", ") + std::string(each.name);
    }
    return "must be one of " + known;
  }
  if (*kind == MetricKind::kMeasured && !config.profile.latency) {
    return "latency is not measured; set profile.latency";
  }
  if (*kind == MetricKind::kMeasured && config.evaluator == "analytic") {
    return "the evaluator \"analytic\" measures nothing";
  }
  if (*kind == MetricKind::kTrained && config.evaluator == "analytic") {
    return "the evaluator \"analytic\" trains nothing; its objectives are analytic";
  }
  if (*kind == MetricKind::kTrained && config.evaluator == "synthetic" && metric != kValidation) {
    return "the evaluator \"synthetic\" has val_bpb only";
  }
  return "";
}

double product_of(const config::RunConfig& config, const std::vector<double>& metrics) {
  double product = 1;
  for (std::size_t i = 0; i < metrics.size(); ++i) {
    const config::ObjectiveConfig& objective = config.objectives[i];
    if (!(metrics[i] > 0)) return std::numeric_limits<double>::quiet_NaN();
    const double sign = objective.direction == "maximize" ? -1 : 1;
    // The configuration requires one of every objective of a product.
    product *= std::pow(metrics[i] / objective.reference.value_or(1), sign * objective.weight);
  }
  return product;
}

/// The study's values from the values of the configuration's metrics.
std::vector<double> combined(const config::RunConfig& config, std::vector<double> metrics) {
  if (config.combine == "weighted_product") return {product_of(config, metrics)};
  return metrics;
}

}  // namespace

std::optional<MetricKind> metric_kind(const std::string& metric) {
  for (const Metric& known : kMetrics) {
    if (metric == known.name) return known.kind;
  }
  return std::nullopt;
}

bool is_analytic(const std::string& metric) { return metric_kind(metric) == MetricKind::kAnalytic; }

void check_constraints(const config::RunConfig& config, const JsonPositions& positions) {
  for (std::size_t i = 0; i < config.constraints.size(); ++i) {
    const std::string& metric = config.constraints[i].metric;
    const std::string wrong = complaint(config, metric, false);
    if (!wrong.empty()) refuse(positions, "constraints", i, "metric", metric, wrong);
  }
}

void check_objectives(const config::RunConfig& config, const JsonPositions& positions) {
  for (std::size_t i = 0; i < config.objectives.size(); ++i) {
    const config::ObjectiveConfig& objective = config.objectives[i];
    const std::string wrong = complaint(config, objective.metric, true);
    if (!wrong.empty()) refuse(positions, "objectives", i, "metric", objective.metric, wrong);
    const bool is_loss = metric_kind(objective.metric) == MetricKind::kTrained;
    if (is_loss && objective.direction == "maximize") {
      refuse(positions, "objectives", i, "direction", objective.direction,
             "must be \"minimize\": " + objective.metric + " is a loss");
    }
  }
  if (!trained_value(config) && config.training.hurdles.count > 0) {
    throw Error(ErrorKind::kConfig,
                "training.hurdles.count = " + std::to_string(config.training.hurdles.count) + " (" +
                    positions.describe("/training/hurdles/count") +
                    "): must be 0 when no objective is trained: hurdles compare val_bpb");
  }
}

std::vector<space::Objective> combined_objectives(const config::RunConfig& config) {
  if (config.combine == "weighted_product") return {{"weighted_product", false}};
  std::vector<space::Objective> objectives;
  objectives.reserve(config.objectives.size());
  for (const config::ObjectiveConfig& objective : config.objectives) {
    objectives.push_back({objective.metric, objective.direction == "maximize"});
  }
  return objectives;
}

std::optional<std::size_t> trained_value(const config::RunConfig& config) {
  for (std::size_t i = 0; i < config.objectives.size(); ++i) {
    if (metric_kind(config.objectives[i].metric) != MetricKind::kTrained) continue;
    return config.combine == "weighted_product" ? 0 : i;
  }
  return std::nullopt;
}

std::vector<double> analytic_losses(const config::RunConfig& config,
                                    const space::Architecture& architecture) {
  const space::Scores scores = analytic_scores(config, architecture);
  std::vector<double> metrics;
  metrics.reserve(config.objectives.size());
  for (const config::ObjectiveConfig& objective : config.objectives) {
    metrics.push_back(find_score(scores, objective.metric)->value);
  }
  std::vector<double> losses = combined(config, std::move(metrics));
  const std::vector<space::Objective> objectives = combined_objectives(config);
  for (std::size_t i = 0; i < losses.size(); ++i) {
    if (objectives[i].maximize) losses[i] = -losses[i];
  }
  return losses;
}

void apply_objectives(const config::RunConfig& config, const space::Scores& scores,
                      space::Outcome& outcome) {
  if (outcome.state != space::TrialState::kComplete) return;
  std::vector<double> metrics;
  std::string missing;
  for (const config::ObjectiveConfig& objective : config.objectives) {
    const space::Score* score = find_score(scores, objective.metric);
    const bool is_evaluators = score == nullptr && objective.metric == kValidation;
    metrics.push_back(is_evaluators      ? outcome.value
                      : score != nullptr ? score->value
                                         : std::numeric_limits<double>::quiet_NaN());
    if (std::isnan(metrics.back())) missing = objective.metric;
  }
  const std::vector<double> values = combined(config, std::move(metrics));
  if (missing.empty() && std::isnan(values.front())) missing = "weighted_product";
  if (!missing.empty()) {
    outcome.state = space::TrialState::kFail;
    outcome.reason = "nan";
    outcome.detail = "the objective " + missing + " has no value";
    outcome.value = std::numeric_limits<double>::quiet_NaN();
    return;
  }
  outcome.value = values.front();
  outcome.further_values.assign(values.begin() + 1, values.end());
}

}  // namespace nas::run
