#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <vector>

#include "nas/search/searcher.hpp"
#include "nas/search/synthetic.hpp"

namespace nas::search::testing {

/// A space with a whole evolving layer that starts from the vanilla block, and one choice.
inline std::shared_ptr<const space::Space> evolving_space() {
  const Json json = Json::parse(R"({
    "layers": 1, "model_dim": 32, "heads": 4,
    "inner_dim": {"choice": [32, 64, 128], "initial": 64},
    "layer": {"program": {"vocabulary": "causal", "max_nodes": 60, "sample_mutations": 8,
      "initial": {"mixer": "softmax_attention", "feed_forward": "relu", "norm": "layer_norm",
                  "norm_place": "pre"}}}})");
  return std::make_shared<const space::Space>(
      space::Space::from_json(json, space::ModelSpec{}, JsonPositions("test"), "/space"));
}

/// A space of finite choices only.
inline std::shared_ptr<const space::Space> finite_space() {
  const Json json = Json::parse(R"({
    "layers": 1, "model_dim": 32, "heads": {"choice": [2, 4]}, "inner_dim": {"choice": [32, 64]},
    "norm": "layer_norm", "norm_place": "pre", "mixer": "softmax_attention",
    "feed_forward": "relu"})");
  return std::make_shared<const space::Space>(
      space::Space::from_json(json, space::ModelSpec{}, JsonPositions("test"), "/space"));
}

inline std::unique_ptr<Searcher> make_searcher(const std::string& name,
                                               std::shared_ptr<const space::Space> space,
                                               std::uint64_t seed, const Json& options,
                                               std::int64_t parallelism = 1) {
  const SearcherFactory factory = builtin_searchers().at(name);
  SearcherContext context;
  context.space = std::move(space);
  context.seed = seed;
  context.parallelism = parallelism;
  context.options = factory.read_options(options, JsonPositions("test"), "/search/options");
  return factory.make(context);
}

inline space::Trial finished(std::int64_t number, space::TrialState state, double value,
                             std::vector<std::pair<std::int64_t, double>> intermediate = {}) {
  space::Trial trial;
  trial.number = number;
  trial.outcome.state = state;
  trial.outcome.value = value;
  trial.outcome.intermediate = std::move(intermediate);
  return trial;
}

/// Runs `count` trials of a searcher on the synthetic objective, in order.
inline std::vector<space::Trial> run_synthetic(const Searcher& searcher, const space::Space& space,
                                               std::uint64_t seed, std::int64_t count,
                                               std::int64_t parallelism = 1) {
  const SyntheticObjective objective(seed, {});
  std::vector<space::Trial> trials;
  for (std::int64_t number = 0; number < count; ++number) {
    const std::int64_t visible = std::max<std::int64_t>(0, number - parallelism + 1);
    Proposal proposal =
        propose(searcher, space, {trials, static_cast<std::size_t>(visible)}, number, {},
                [](const space::Architecture&) { return std::string(); });
    space::Trial trial;
    trial.number = number;
    trial.candidate = std::move(proposal.candidate);
    trial.outcome.state = space::TrialState::kComplete;
    trial.outcome.value = objective.value(trial.candidate.architecture, 1, 1, 0);
    trials.push_back(std::move(trial));
  }
  return trials;
}

}  // namespace nas::search::testing
