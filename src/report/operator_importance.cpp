#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <nlohmann/json.hpp>

#include "nas/core/philox.hpp"
#include "nas/space/text.hpp"
#include "report/importance.hpp"
#include "report/program_diff.hpp"
#include "report/values.hpp"

namespace nas::report {
namespace {

constexpr std::size_t kFewestTrials = 8;
constexpr std::size_t kFewestInGroup = 3;  ///< with and without, for an effect
constexpr int kResamples = 1000;
constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

/// Nodes of each primitive in a layer, on average over the layers.
std::map<std::string, double> nodes_per_layer(const space::Architecture& architecture) {
  const space::Architecture whole = canonical(architecture);
  std::map<std::string, double> counts;
  for (const space::LayerSpec& layer : whole.layers) {
    for (const ProgramLine& line : program_lines(to_text(layer.program))) {
      if (!line.name.empty()) counts[line.operation] += 1.0 / double(whole.layers.size());
    }
  }
  return counts;
}

/// Running sums of one primitive over a (re)sample of trials.
struct Sums {
  double with = 0, with_value = 0, count = 0, count_square = 0, count_value = 0;

  void add(double nodes, double value) {
    if (nodes > 0) {
      with += 1;
      with_value += value;
    }
    count += nodes;
    count_square += nodes * nodes;
    count_value += nodes * value;
  }
  [[nodiscard]] double effect(double size, double value) const {
    const double without = size - with;
    if (with == 0 || without == 0) return kNan;
    return with_value / with - (value - with_value) / without;
  }
  [[nodiscard]] double slope(double size, double value) const {
    const double spread = count_square - count * count / size;
    if (spread <= 1e-9 * count_square) return kNan;
    return (count_value - count * value / size) / spread;
  }
};

/// [primitive][trial]: nodes per layer; and the objective of each trial.
struct CountTable {
  std::vector<std::string> names;
  std::vector<std::vector<double>> nodes;
  std::vector<double> values;
};

CountTable table_of(const std::vector<const space::Trial*>& trials) {
  CountTable table;
  std::map<std::string, std::vector<double>> columns;
  for (std::size_t i = 0; i < trials.size(); ++i) {
    table.values.push_back(trials[i]->outcome.value);
    for (const auto& [name, count] : nodes_per_layer(trials[i]->candidate.architecture)) {
      std::vector<double>& column = columns[name];
      column.resize(trials.size(), 0.0);
      column[i] = count;
    }
  }
  for (auto& [name, column] : columns) {
    table.names.push_back(name);
    table.nodes.push_back(std::move(column));
  }
  return table;
}

/// Statistics of every primitive over one resample of the trials; `pick(i)` is its i-th trial.
template <class Pick>
void resample(const CountTable& table, const Pick& pick, std::vector<double>& effects,
              std::vector<double>& slopes) {
  const std::size_t size = table.values.size();
  std::vector<Sums> sums(table.names.size());
  double value_sum = 0;
  for (std::size_t i = 0; i < size; ++i) {
    const std::size_t trial = pick(i);
    value_sum += table.values[trial];
    for (std::size_t p = 0; p < sums.size(); ++p) {
      sums[p].add(table.nodes[p][trial], table.values[trial]);
    }
  }
  for (std::size_t p = 0; p < sums.size(); ++p) {
    effects[p] = sums[p].effect(double(size), value_sum);
    slopes[p] = sums[p].slope(double(size), value_sum);
  }
}

/// Resampled statistics, [primitive][resample], those that are not defined left out.
struct Resampled {
  std::vector<std::vector<double>> effects, slopes;
};

Resampled bootstrap(const CountTable& table, std::uint64_t seed) {
  constexpr std::uint32_t kStep = 2;  // the forest draws from step 1
  const std::size_t primitives = table.names.size();
  Resampled result{std::vector<std::vector<double>>(primitives),
                   std::vector<std::vector<double>>(primitives)};
  std::vector<double> effects(primitives);
  std::vector<double> slopes(primitives);
  for (int round = 0; round < kResamples; ++round) {
    DrawCursor cursor({seed, Purpose::kBootstrap, static_cast<std::uint64_t>(round), kStep});
    const auto count = static_cast<std::uint32_t>(table.values.size());
    resample(
        table, [&](std::size_t) { return cursor.below(count); }, effects, slopes);
    for (std::size_t p = 0; p < primitives; ++p) {
      if (std::isfinite(effects[p])) result.effects[p].push_back(effects[p]);
      if (std::isfinite(slopes[p])) result.slopes[p].push_back(slopes[p]);
    }
  }
  return result;
}

}  // namespace

Json operator_importance(const StudyFacts& facts) {
  const std::vector<const space::Trial*> trials = evaluated_trials(facts);
  Json json = {{"trials", trials.size()}, {"items", Json::array()}, {"missing", ""}};
  if (trials.size() < kFewestTrials) {
    json["missing"] = "only " + std::to_string(trials.size()) +
                      " trials were evaluated to the end; " + std::to_string(kFewestTrials) +
                      " are needed";
    return json;
  }
  const CountTable table = table_of(trials);
  std::vector<double> effects(table.names.size());
  std::vector<double> slopes(table.names.size());
  resample(
      table, [](std::size_t i) { return i; }, effects, slopes);
  Resampled resampled = bootstrap(table, facts.seed);
  for (std::size_t p = 0; p < table.names.size(); ++p) {
    const auto with = static_cast<std::size_t>(std::count_if(
        table.nodes[p].begin(), table.nodes[p].end(), [](double n) { return n > 0; }));
    const bool in_both = std::min(with, trials.size() - with) >= kFewestInGroup;
    if (!in_both && !std::isfinite(slopes[p])) continue;
    const auto end = [&](std::vector<double>& values, double share, bool defined) {
      return number_json(defined ? quantile_of(values, share) : kNan);
    };
    const bool has_slope = std::isfinite(slopes[p]);
    json["items"].push_back({{"name", table.names[p]},
                             {"with", with},
                             {"without", trials.size() - with},
                             {"effect", number_json(in_both ? effects[p] : kNan)},
                             {"low", end(resampled.effects[p], 0.025, in_both)},
                             {"high", end(resampled.effects[p], 0.975, in_both)},
                             {"slope", number_json(slopes[p])},
                             {"slope_low", end(resampled.slopes[p], 0.025, has_slope)},
                             {"slope_high", end(resampled.slopes[p], 0.975, has_slope)}});
  }
  const auto size_of = [](const Json& item) {
    return item.at("effect").is_number() ? std::abs(item.at("effect").get<double>()) : -1.0;
  };
  std::stable_sort(json["items"].begin(), json["items"].end(),
                   [&](const Json& a, const Json& b) { return size_of(a) > size_of(b); });
  if (json["items"].empty()) json["missing"] = "all trials have the same primitives";
  return json;
}

}  // namespace nas::report
