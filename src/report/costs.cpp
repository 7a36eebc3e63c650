#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>
#include <set>
#include <tuple>

#include "report/sections.hpp"
#include "report/values.hpp"

namespace nas::report {
namespace {

/// Analytic metrics in the order of their interest; measured ones are found by their names.
constexpr std::array kAnalytic = {"flops_per_token", "params", "decoder_params", "activation_bytes",
                                  "peak_bytes"};

/// Metrics that a report sets against the objective: latencies, further objectives, bounded ones,
/// analytic ones.
std::vector<std::string> cost_metrics(const StudyFacts& facts) {
  std::vector<std::string> metrics;
  std::set<std::string> seen;
  const auto add = [&](const std::string& name) {
    if (seen.insert(name).second) metrics.push_back(name);
  };
  const auto is_first_objective = [&](const std::string& name) {
    return name == facts.objectives[0].metric;
  };
  for (const space::Trial& trial : facts.trials) {
    for (const space::Score& score : trial.outcome.scores) {
      if (score.name.starts_with("latency") && !is_first_objective(score.name)) add(score.name);
    }
  }
  for (std::size_t i = 1; i < facts.objectives.size(); ++i) {
    for (const space::Trial& trial : facts.trials) {
      const space::Score* score = find_score(trial.outcome.scores, facts.objectives[i].metric);
      if (score != nullptr) add(score->name);
    }
  }
  for (const char* name : kAnalytic) {
    if (!is_first_objective(name)) add(name);
  }
  return metrics;
}

struct Point {
  double cost = 0, loss = 0;  ///< smaller is better
  std::int64_t trial = 0;
};

/// Whether a further objective of this name is to be large.
bool is_maximised(const StudyFacts& facts, const std::string& metric) {
  return std::any_of(facts.objectives.begin(), facts.objectives.end(), [&](const Objective& o) {
    return o.maximize && (o.metric == metric || metric.starts_with(o.metric + "["));
  });
}

/// Trials that no other beats in both: cheapest first, each better than all before it.
Json front_of(std::vector<Point> points) {
  std::sort(points.begin(), points.end(), [](const Point& a, const Point& b) {
    return std::tie(a.cost, a.loss, a.trial) < std::tie(b.cost, b.loss, b.trial);
  });
  Json front = Json::array();
  double best = std::numeric_limits<double>::infinity();
  for (const Point& point : points) {
    if (point.loss >= best) continue;
    best = point.loss;
    front.push_back(point.trial);
  }
  return front;
}

}  // namespace

Json costs(const StudyFacts& facts) {
  const double sign = facts.objectives[0].maximize ? -1 : 1;
  const std::vector<const space::Trial*> trials = evaluated_trials(facts);
  Json json = Json::array();
  for (const std::string& metric : cost_metrics(facts)) {
    std::vector<Point> points;
    std::string unit;
    const double cost_sign = is_maximised(facts, metric) ? -1 : 1;
    for (const space::Trial* trial : trials) {
      for (const space::Score& score : trial->outcome.scores) {
        if (score.name != metric || !std::isfinite(score.value)) continue;
        unit = score.unit;
        points.push_back({cost_sign * score.value, sign * trial->outcome.value, trial->number});
        break;
      }
    }
    const auto differs = [&](const Point& point) { return point.cost != points.front().cost; };
    if (std::none_of(points.begin(), points.end(), differs)) continue;
    json.push_back({{"metric", metric}, {"unit", unit}, {"front", front_of(std::move(points))}});
  }
  return json;
}

}  // namespace nas::report
