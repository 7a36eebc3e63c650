#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>

#include "nas/core/error.hpp"
#include "nas/run/search_run.hpp"
#include "score_json.hpp"

namespace nas::run {
namespace {

/// Metrics that a constraint may name: analytic ones are checked before a trial exists, measured
/// ones prune it.
constexpr std::array kAnalytic = {"params",          "decoder_params",   "embedding_params",
                                  "flops_per_token", "activation_bytes", "peak_bytes"};
constexpr const char* kLatency = "latency_us";

void check_constraints(const config::RunConfig& config, const JsonPositions& positions) {
  for (std::size_t i = 0; i < config.constraints.size(); ++i) {
    const std::string& metric = config.constraints[i].metric;
    const std::string pointer = "/constraints/" + std::to_string(i) + "/metric";
    const bool analytic = std::find(kAnalytic.begin(), kAnalytic.end(), metric) != kAnalytic.end();
    if (metric == kLatency && !config.profile.latency) {
      throw Error(ErrorKind::kConfig, "constraints[" + std::to_string(i) + "].metric = \"" +
                                          metric + "\" (" + positions.describe(pointer) +
                                          "): latency is not measured; set profile.latency");
    }
    if (analytic || metric == kLatency) continue;
    std::string known = kLatency;
    for (const char* name : kAnalytic) known += std::string(", ") + name;
    throw Error(ErrorKind::kConfig, "constraints[" + std::to_string(i) + "].metric = \"" + metric +
                                        "\" (" + positions.describe(pointer) +
                                        "): must be one of " + known);
  }
}

space::ModelSpec model_spec(const config::RunConfig& config) {
  space::ModelSpec model;
  model.vocab_size = config.data.tokenizer.vocab_size;
  model.positions = config.model.positions == "rope"      ? space::Positions::kRope
                    : config.model.positions == "learned" ? space::Positions::kLearned
                                                          : space::Positions::kNone;
  model.max_len = config.model.max_len;
  model.tied_head = config.model.tied_head;
  model.final_norm = config.model.final_norm == "rms_norm" ? space::NormKind::kRmsNorm
                                                           : space::NormKind::kLayerNorm;
  return model;
}

std::vector<space::Sample> read_enqueued(const config::RunConfig& config,
                                         const space::Space& space) {
  std::vector<space::Sample> samples;
  for (const std::string& path : config.search.enqueue) {
    const space::Architecture architecture = space::read_architecture(path);
    auto sample = space.locate(architecture);
    if (!sample) {
      throw Error(ErrorKind::kConfig, "search.enqueue: the architecture in " + path +
                                          " does not lie in the space of this configuration");
    }
    samples.push_back(std::move(*sample));
  }
  return samples;
}

}  // namespace

Plan make_plan(const config::RunConfig& config, const JsonPositions& positions) {
  Plan plan;
  plan.config = config;
  plan.maximize = config.objectives.front().direction == "maximize";
  check_constraints(config, positions);
  plan.space = std::make_shared<const space::Space>(
      space::Space::from_json(config.space, model_spec(config), positions, "/space"));
  const Registry<search::SearcherFactory> searchers = search::builtin_searchers();
  const search::SearcherFactory* factory = searchers.find(config.search.name);
  if (factory == nullptr) {
    try {
      static_cast<void>(searchers.at(config.search.name));
    } catch (const Error& error) {
      throw Error(ErrorKind::kConfig,
                  "search.name (" + positions.describe("/search/name") + "): " + error.what());
    }
  }
  if (std::string reason = factory->refuses(*plan.space); !reason.empty()) {
    throw Error(ErrorKind::kConfig,
                "searcher \"" + config.search.name + "\" cannot search this space: " + reason);
  }
  search::SearcherContext context;
  context.space = plan.space;
  context.seed = config.seed;
  context.parallelism = config.search.parallelism;
  context.maximize = plan.maximize;
  context.options = factory->read_options(config.search.options, positions, "/search/options");
  plan.config.search.options = context.options;
  plan.searcher = factory->make(context);
  plan.proposal.redraws = static_cast<std::uint32_t>(config.search.redraws);
  plan.proposal.enqueued = read_enqueued(config, *plan.space);
  plan.feasible = [resolved = plan.config](const space::Architecture& architecture) {
    return resolved.constraints.empty()
               ? std::string()
               : broken_constraint(resolved, analytic_scores(resolved, architecture));
  };
  plan.hurdle_steps = search::hurdle_steps(config.training.steps, config.training.hurdles.count);
  return plan;
}

}  // namespace nas::run
