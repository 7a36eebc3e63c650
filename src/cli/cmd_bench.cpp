#include <algorithm>
#include <iostream>
#include <nlohmann/json.hpp>

#include "bench_search.hpp"
#include "command.hpp"
#include "nas/core/error.hpp"
#include "nas/core/median.hpp"
#include "nas/core/units.hpp"
#include "nas/space/cost.hpp"
#include "table.hpp"

namespace nas::cli {
namespace {

struct BenchOptions {
  std::string what;
  std::string device;
  BenchSearchOptions search;  ///< with what all have
  std::int64_t groups = 9;
  std::int64_t steps = 50;
};

/// Times the steps of one configuration's initial architecture.
Json bench_config(const BenchOptions& options, const std::string& path) {
  JsonPositions positions;
  const config::RunConfig config =
      config::read_config(find_config(path), options.search.overrides, &positions);
  const run::Plan plan = run::make_plan(config, positions);
  const space::Architecture architecture = plan.space->architecture(plan.space->initial());
  const bool lists_kernels = options.what == "kernels";
  const run::StepBenchResult result = run::engine().bench_step(
      {architecture, config, options.groups, options.steps, lists_kernels});
  const double tokens = static_cast<double>(config.training.batch_size) *
                        static_cast<double>(config.training.seq_len);
  const double step_ms = median(result.step_ms);
  const space::Cost cost =
      cost_of(architecture, {config.training.batch_size, config.training.seq_len});
  // A backward pass takes two products for each of the forward pass.
  const double flops = 3 * cost.flops_per_token * tokens;
  Json row{{"name", config.name},
           {"device", result.device},
           {"step_ms", step_ms},
           {"step_ms_min", std::ranges::min(result.step_ms)},
           {"step_ms_max", std::ranges::max(result.step_ms)},
           {"tokens_per_second", 1e3 * tokens / step_ms},
           {"tflop_per_second", flops / (step_ms * 1e9)},
           {"first_step_ms", 1e3 * result.first_step_seconds},
           {"second_step_ms", 1e3 * result.second_step_seconds},
           {"again_ms", 1e3 * result.again_seconds},
           {"reserved_bytes", result.reserved_bytes},
           {"params", cost.params}};
  if (lists_kernels) {
    row["kernels"] = Json::array();
    for (const run::KernelShare& kernel : result.kernels) {
      row["kernels"].push_back(
          {{"name", kernel.name}, {"calls", kernel.calls}, {"time_us", kernel.time_us}});
    }
  }
  return row;
}

std::string number_text(const Json& row, const char* key) {
  return format_significant(row.at(key).get<double>(), 4);
}

/// Names of kernels hold their template arguments: a line of a table shows the beginning.
std::string short_name(std::string name) {
  constexpr std::size_t kLongest = 90;
  for (const std::string part : {"void ", "(anonymous namespace)::"}) {
    for (std::size_t at = name.find(part); at != std::string::npos; at = name.find(part)) {
      name.erase(at, part.size());
    }
  }
  return name.size() <= kLongest ? name : name.substr(0, kLongest - 3) + "...";
}

std::string kernels_text(const Json& row) {
  Table table{{"kernel", "calls", "us a step", "share"}, {}};
  double total = 0;
  double calls = 0;
  for (const Json& kernel : row["kernels"]) {
    total += kernel["time_us"].get<double>();
    calls += kernel["calls"].get<double>();
  }
  for (const Json& kernel : row["kernels"]) {
    const double share = 100 * kernel["time_us"].get<double>() / total;
    table.rows.push_back({short_name(kernel["name"]), number_text(kernel, "calls"),
                          number_text(kernel, "time_us"), format_significant(share, 3) + " %"});
  }
  table.rows.push_back({"all", format_significant(calls, 4), format_significant(total, 4), ""});
  return row["name"].get<std::string>() + "\n" + to_text(table);
}

int bench_step(const BenchOptions& options) {
  Json rows = Json::array();
  std::string kernels;
  Table table{{"configuration", "step ms", "from", "to", "tokens/s", "TFLOP/s", "first step ms",
               "second", "again", "reserved"},
              {}};
  for (const std::string& path : options.search.configs) {
    const Json row = bench_config(options, path);
    table.rows.push_back({row["name"], number_text(row, "step_ms"), number_text(row, "step_ms_min"),
                          number_text(row, "step_ms_max"),
                          format_count(row["tokens_per_second"].get<double>()),
                          number_text(row, "tflop_per_second"), number_text(row, "first_step_ms"),
                          number_text(row, "second_step_ms"), number_text(row, "again_ms"),
                          format_bytes(row["reserved_bytes"].get<double>())});
    if (row.contains("kernels")) kernels += "\n" + kernels_text(row);
    rows.push_back(row);
  }
  std::cout << (options.search.format == "json" ? rows.dump(2) + "\n" : to_text(table) + kernels);
  return 0;
}

int bench(const BenchOptions& options) {
  BenchOptions all = options;
  if (!options.device.empty()) {
    all.search.overrides.push_back("device=\"" + options.device + "\"");
  }
  if (options.what == "search") return bench_search(all.search);
  if (!options.search.study.empty() || !options.search.workers.empty()) {
    throw Error(ErrorKind::kUsage, "--study and --workers belong to: nas bench search");
  }
  return bench_step(all);
}

}  // namespace

void add_bench(CLI::App& program, Action& action) {
  auto options = std::make_shared<BenchOptions>();
  BenchSearchOptions& search = options->search;
  Verb verb(program, "bench", "how fast this machine trains and searches");
  verb.option("what", options->what,
              "step: training steps of the initial architecture on random tokens; kernels: also "
              "what a GPU does in them; search: candidates an hour of the configuration's search")
      .required()
      .among({"step", "kernels", "search"});
  verb.option("--config", search.configs, "configurations: paths or shipped names")
      .required()
      .one_value_each();
  verb.option("--set", search.overrides, "override: a.b=v").one_value_each();
  verb.option("--device", options->device, "auto, cpu, cuda or cuda:N");
  verb.option("--groups", options->groups, "step: times that are taken; the median is told")
      .range(1, 10'000)
      .shows_default();
  verb.option("--steps", options->steps, "step: training steps for each of them")
      .range(1, 100'000)
      .shows_default();
  verb.option("--workers", search.workers,
              "search: trials at a time, as in nas search; again for one more measurement")
      .range(1, 256)
      .one_value_each();
  verb.option("--warm-up", search.warm_up,
              "search: trials, of other candidates, that are trained before each measurement")
      .range(0, 10'000)
      .shows_default();
  verb.option("--study", search.study,
              "search: folder that keeps the study, or one for each of several [none is kept]");
  verb.option("--format", search.format, "table or json").among({"table", "json"});
  verb.footer(
      "A search is timed from the loop's start to its end, when corpus and libraries are loaded, "
      "without verification. Candidates are the trials that were COMPLETE or missed a hurdle; "
      "duplicates and failures are none, the time that they took counts. \"results\" is a hash of "
      "all values and weights: equal for the same bits.");
  verb.callback([options, &action] { action = [options] { return bench(*options); }; });
}

}  // namespace nas::cli
