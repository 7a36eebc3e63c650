#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "fixtures.hpp"
#include "nas/core/error.hpp"

namespace nas::search {
namespace {

using space::Architecture;
using space::Sample;
using space::Trial;
using testing::run_trials;

std::vector<double> equal_value(const Architecture&) { return {1.0}; }

std::vector<Sample> samples_of(const std::vector<Trial>& trials) {
  std::vector<Sample> samples;
  samples.reserve(trials.size());
  for (const Trial& trial : trials) samples.push_back(trial.candidate.sample);
  return samples;
}

TEST(Enumerate, TriesEverySampleInOrderAndEnds) {
  const auto space = testing::deeper_space();
  const auto searcher = testing::make_searcher("enumerate", space, 1, Json::object());
  EXPECT_EQ(searcher->trials_needed(), 18 + 54);
  const std::vector<Trial> trials = run_trials(*searcher, *space, equal_value, 1000);
  EXPECT_EQ(samples_of(trials), testing::all_samples(*space));
  for (const Trial& trial : trials) EXPECT_FALSE(trial.candidate.duplicate_of);
  EXPECT_EQ(samples_of(run_trials(*searcher, *space, equal_value, 1000, 4)), samples_of(trials));
}

TEST(Enumerate, SkipsInfeasibleAndEqualArchitectures) {
  // Two heads or four are the same architecture when no node of the layer uses them.
  const Json json = Json::parse(R"json({
    "layers": 1, "model_dim": 32, "heads": {"choice": [2, 4]}, "inner_dim": {"choice": [32, 64]},
    "layer": ["program(x: [batch, seq, model_dim])", "  v1 = linear(x, out=inner_dim)",
              "  v2 = linear(v1)", "  return v2"]})json");
  SearcherContext context;
  context.space = std::make_shared<const space::Space>(
      space::Space::from_json(json, space::ModelSpec{}, JsonPositions("test"), "/space"));
  const auto space = context.space;
  EXPECT_EQ(testing::all_samples(*space).size(), 4U);
  EXPECT_EQ(testing::make_searcher("enumerate", context, Json::object())->trials_needed(), 2);
  context.feasible = [](const Architecture& architecture) {
    return architecture.layers[0].inner_dim > 32 ? std::string("params 9 > 1") : std::string();
  };
  const auto searcher = testing::make_searcher("enumerate", context, Json::object());
  EXPECT_EQ(run_trials(*searcher, *space, equal_value, 10).size(), 1U);
}

TEST(Enumerate, DoesNotRepeatWhatWasEnqueued) {
  const auto space = testing::deeper_space();
  const std::vector<Sample> all = testing::all_samples(*space);
  const auto searcher = testing::make_searcher("enumerate", space, 1, Json::object());
  ProposalOptions options;
  options.enqueued = {all[40], all[3]};
  const std::vector<Trial> trials = run_trials(*searcher, *space, equal_value, 1000, 1, options);
  ASSERT_EQ(trials.size(), all.size());
  EXPECT_EQ(trials[0].candidate.sample, all[40]);
  EXPECT_EQ(trials[1].candidate.sample, all[3]);
  EXPECT_EQ(trials[2].candidate.sample, all[0]);
}

TEST(Enumerate, FrontOnlyTriesExactlyTheFront) {
  SearcherContext context;
  context.space = testing::deeper_space();
  context.objectives = {{"first", false}, {"second", false}};
  context.analytic_losses = [](const Architecture& architecture) {
    const auto width = static_cast<double>(architecture.layers.back().inner_dim);
    const auto dim = static_cast<double>(architecture.model.model_dim);
    return Point{width * dim + static_cast<double>(architecture.layers.size()), -width};
  };
  std::vector<Point> every;
  const std::vector<Sample> all = testing::all_samples(*context.space);
  every.reserve(all.size());
  for (const Sample& sample : all) {
    every.push_back(context.analytic_losses(context.space->architecture(sample)));
  }
  std::vector<Sample> front;
  for (const std::size_t i : pareto_front(every)) front.push_back(all[i]);
  const auto searcher = testing::make_searcher("enumerate", context, {{"front_only", true}});
  const std::vector<Trial> trials = run_trials(
      *searcher, *context.space,
      [&](const Architecture& architecture) { return context.analytic_losses(architecture); }, 99);
  EXPECT_GT(front.size(), 2U);
  EXPECT_LT(front.size(), all.size() / 2);
  EXPECT_EQ(samples_of(trials), front);
}

TEST(Enumerate, FrontOnlyNeedsAnalyticObjectives) {
  try {
    static_cast<void>(
        testing::make_searcher("enumerate", testing::finite_space(), 1, {{"front_only", true}}));
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kConfig);
    EXPECT_NE(std::string(error.what()).find("every objective is analytic"), std::string::npos);
  }
}

TEST(Enumerate, RefusesProgramsAndHugeSpacesByName) {
  const SearcherFactory& factory = builtin_searchers().at("enumerate");
  EXPECT_EQ(factory.refuses(*testing::finite_space()), "");
  EXPECT_NE(
      factory.refuses(*testing::evolving_space()).find("\"layer.program\" is an evolving program"),
      std::string::npos)
      << factory.refuses(*testing::evolving_space());
  const Json json = Json::parse(R"({
    "layers": 20, "model_dim": 32, "heads": 4, "inner_dim": {"per_layer": {"choice": [32, 64]}},
    "norm": "layer_norm", "norm_place": "pre", "mixer": "softmax_attention",
    "feed_forward": "relu"})");
  const auto huge =
      space::Space::from_json(json, space::ModelSpec{}, JsonPositions("test"), "/space");
  EXPECT_NE(factory.refuses(huge).find("more than a million"), std::string::npos);
}

}  // namespace
}  // namespace nas::search
