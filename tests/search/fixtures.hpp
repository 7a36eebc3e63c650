#pragma once

#include <functional>
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

/// A space of finite choices with a choice of depth: 2 * 3 * 3 samples with one layer, and with two
/// 2 * 3 * 3 * 3.
inline std::shared_ptr<const space::Space> deeper_space() {
  const Json json = Json::parse(R"({
    "layers": {"choice": [1, 2]}, "model_dim": {"choice": [32, 64]}, "heads": 4,
    "inner_dim": {"per_layer": {"choice": [32, 64, 128]}}, "norm": "layer_norm",
    "norm_place": "pre", "mixer": "softmax_attention",
    "feed_forward": {"choice": ["relu", "gelu", "squared_relu"]}})");
  return std::make_shared<const space::Space>(
      space::Space::from_json(json, space::ModelSpec{}, JsonPositions("test"), "/space"));
}

/// All samples of a finite space.
inline std::vector<space::Sample> all_samples(const space::Space& space) {
  std::vector<space::Sample> samples;
  space.enumerate([&](const space::Sample& sample) {
    samples.push_back(sample);
    return true;
  });
  return samples;
}

/// A searcher with everything in its context but what `context` already holds.
inline std::unique_ptr<Searcher> make_searcher(const std::string& name, SearcherContext context,
                                               const Json& options) {
  const SearcherFactory& factory = builtin_searchers().at(name);
  context.options = factory.options.read(options, JsonPositions("test"), "/search/options");
  return factory.make(context);
}

inline std::unique_ptr<Searcher> make_searcher(const std::string& name,
                                               std::shared_ptr<const space::Space> space,
                                               std::uint64_t seed, const Json& options,
                                               std::int64_t parallelism = 1) {
  SearcherContext context;
  context.space = std::move(space);
  context.seed = seed;
  context.parallelism = parallelism;
  return make_searcher(name, std::move(context), options);
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

/// The values of an architecture, by objective.
using Evaluate = std::function<std::vector<double>(const space::Architecture&)>;

/// Runs up to `count` trials of a searcher, in order, with `parallelism` at a time.
inline std::vector<space::Trial> run_trials(const Searcher& searcher, const space::Space& space,
                                            const Evaluate& evaluate, std::int64_t count,
                                            std::int64_t parallelism = 1,
                                            const ProposalOptions& options = {}) {
  std::vector<space::Trial> trials;
  for (std::int64_t number = 0; number < count; ++number) {
    const std::int64_t visible = std::max<std::int64_t>(0, number - parallelism + 1);
    const History history{trials, static_cast<std::size_t>(visible)};
    if (searcher.exhausted(history)) break;
    Proposal proposal = propose(searcher, space, history, number, options,
                                [](const space::Architecture&) { return std::string(); });
    space::Trial trial;
    trial.number = number;
    trial.candidate = std::move(proposal.candidate);
    trial.outcome.state = space::TrialState::kComplete;
    const std::vector<double> values = evaluate(trial.candidate.architecture);
    trial.outcome.value = values.front();
    trial.outcome.further_values.assign(values.begin() + 1, values.end());
    trials.push_back(std::move(trial));
  }
  return trials;
}

/// The same on the synthetic objective.
inline std::vector<space::Trial> run_synthetic(const Searcher& searcher, const space::Space& space,
                                               std::uint64_t seed, std::int64_t count,
                                               std::int64_t parallelism = 1) {
  const SyntheticObjective objective(seed, {});
  const auto evaluate = [&](const space::Architecture& architecture) {
    return std::vector<double>{objective.value(architecture, 1, 1, 0)};
  };
  return run_trials(searcher, space, evaluate, count, parallelism);
}

}  // namespace nas::search::testing
