#include "nas/space/space.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <nlohmann/json.hpp>
#include <set>

#include "nas/space/blocks.hpp"
#include "nas/space/primitive.hpp"
#include "nas/space/text.hpp"
#include "space/space_slot.hpp"
#include "space_fixture.hpp"
#include "support/error_of.hpp"
#include "support/required.hpp"

namespace nas::space {
namespace {

using test::error_of;
using test::kChoices;
using test::kEvolvingLayer;
using test::message_of;
using test::read_space;

constexpr std::uint64_t kSeed = 20211;

DrawKey key(std::uint64_t subject, Purpose purpose = Purpose::kTest) {
  return {.seed = kSeed, .purpose = purpose, .subject = subject};
}

std::vector<Sample> all_samples(const Space& space) {
  std::vector<Sample> all;
  space.enumerate([&](const Sample& sample) {
    all.push_back(sample);
    return true;
  });
  return all;
}

std::vector<std::string> names(const Space& space) {
  std::vector<std::string> all;
  for (const Choice& choice : space.choices()) all.push_back(choice.name);
  for (const ProgramSlot& slot : space.slots()) all.push_back(slot.name);
  return all;
}

/// Upper bound of a chi-square statistic that a right sampler exceeds once in a million
/// (Wilson-Hilferty approximation; 4.753 is the normal quantile of 1e-6).
double chi_square_bound(double degrees) {
  const double spread = 2.0 / (9.0 * degrees);
  return degrees * std::pow(1.0 - spread + 4.753 * std::sqrt(spread), 3.0);
}

double chi_square(const std::vector<double>& observed, const std::vector<double>& expected) {
  double sum = 0;
  for (std::size_t i = 0; i < observed.size(); ++i) {
    sum += (observed[i] - expected[i]) * (observed[i] - expected[i]) / expected[i];
  }
  return sum;
}

TEST(Space, WithoutChoicesIsOneArchitecture) {
  const Space space = read_space(R"({"layers": 2, "model_dim": 32, "heads": 4, "inner_dim": 96,
      "mixer": "mdha", "feed_forward": "squared_relu", "norm": "rms_norm", "norm_place": "post",
      "bias": true})");
  EXPECT_TRUE(space.choices().empty());
  EXPECT_TRUE(space.slots().empty());
  EXPECT_EQ(space.size().finite, 1);
  EXPECT_TRUE(space.size().exact);
  EXPECT_FALSE(space.size().has_programs);
  const BlockOptions options{Positions::kRope, true};
  Architecture expected;
  expected.model.model_dim = 32;
  expected.layers.assign(2,
                         {4, 96,
                          layer_program({block_program("mdha", Slot::kMixer, options),
                                         block_program("squared_relu", Slot::kFeedForward, options),
                                         NormKind::kRmsNorm, NormPlace::kPost})});
  EXPECT_EQ(space.architecture(space.initial()), expected);
  EXPECT_EQ(space.sample(key(0)), space.initial());
  Change change;
  EXPECT_FALSE(space.mutate(space.initial(), key(0), change));
}

TEST(Space, ReadsChoicesInAFixedOrder) {
  const Space space = read_space(kChoices);
  EXPECT_EQ(names(space), (std::vector<std::string>{"model_dim", "layer0.heads", "layer1.heads",
                                                    "inner_dim", "norm", "mixer",
                                                    "layer0.feed_forward", "layer1.feed_forward"}));
  const Choice& inner = space.choices()[3];
  EXPECT_TRUE(inner.is_integer_range);
  EXPECT_EQ(inner.min, 64);
  EXPECT_EQ(inner.max, 128);
  EXPECT_EQ(inner.step, 32);
  EXPECT_EQ(inner.options, (std::vector<Json>{64, 96, 128}));
  EXPECT_EQ(space.choices()[4].initial, 1);
  EXPECT_EQ(space.initial().choices, (std::vector<std::uint16_t>{0, 0, 0, 0, 1, 0, 0, 0}));
  EXPECT_FALSE(space.choices()[0].is_integer_range);
}

TEST(Space, ArchitectureTakesTheChosenOptions) {
  const Space space = read_space(kChoices);
  const Architecture made = space.architecture({{1, 0, 1, 2, 0, 1, 2, 1}, {}});
  const BlockOptions options;
  Architecture expected;
  expected.model.model_dim = 64;
  const Program attention = block_program("softmax_attention", Slot::kMixer, options);
  expected.layers = {
      {2, 128,
       layer_program({attention, block_program("squared_relu", Slot::kFeedForward, options)})},
      {4, 128, layer_program({attention, block_program("gelu", Slot::kFeedForward, options)})}};
  EXPECT_EQ(made, expected);
}

TEST(Space, TakesTheModelAndItsPositions) {
  ModelSpec model;
  model.vocab_size = 1000;
  model.positions = Positions::kLearned;
  model.tied_head = false;
  const Space space = read_space(kChoices, model);
  const Architecture made = space.architecture(space.initial());
  model.model_dim = 32;
  EXPECT_EQ(made.model, model);
  EXPECT_FALSE(has_rope(made.layers[0].program));
}

TEST(Space, SlotsHaveNamesByLayer) {
  const std::string slot = R"({"program": {"vocabulary": ["add"], "initial": "mdha"}})";
  const std::string sizes = R"("layers": 2, "model_dim": 32, "heads": 4, "inner_dim": 64, )";
  const std::string whole =
      R"({"program": {"vocabulary": ["add"], "initial": {"mixer": "mdha", "feed_forward": "relu"}}})";
  EXPECT_EQ(names(read_space("{" + sizes + R"("feed_forward": "relu", "mixer": )" + slot + "}")),
            (std::vector<std::string>{"mixer"}));
  EXPECT_EQ(names(read_space("{" + sizes + R"("feed_forward": "relu", "mixer": {"per_layer": )" +
                             slot + "}}")),
            (std::vector<std::string>{"layer0.mixer", "layer1.mixer"}));
  EXPECT_EQ(names(read_space("{" + sizes + R"("layer": )" + whole + "}")),
            (std::vector<std::string>{"layer.program"}));
  EXPECT_EQ(names(read_space("{" + sizes + R"("layer": {"per_layer": )" + whole + "}}")),
            (std::vector<std::string>{"layer0.program", "layer1.program"}));
}

TEST(Space, SharedProgramStandsInEveryLayer) {
  const Space space = read_space(kEvolvingLayer);
  ASSERT_EQ(space.slots().size(), 1U);
  const ProgramSlot& slot = space.slots()[0];
  EXPECT_EQ(slot.initial, layer_program({block_program("softmax_attention", Slot::kMixer, {}),
                                         block_program("relu", Slot::kFeedForward, {})}));
  EXPECT_EQ(slot.rules.check.max_nodes, 40);
  EXPECT_EQ(slot.sample_mutations, 3);
  const Architecture made = space.architecture(space.initial());
  ASSERT_EQ(made.layers.size(), 2U);
  EXPECT_EQ(made.layers[0].program, slot.initial);
  EXPECT_EQ(made.layers[1].program, slot.initial);
}

TEST(Space, FixedProgramsInTextForm) {
  const std::string sizes = R"("layers": 1, "model_dim": 32, "heads": 4, "inner_dim": 64, )";
  const std::string text = R"json(["program(x: [batch, seq, model_dim])", "  return tanh(x)"])json";
  const Program tanh =
      program_from_text("program(x: [batch, seq, model_dim])\n return tanh(x)", "");
  const Space block = read_space("{" + sizes + R"("mixer": "mdha", "feed_forward": )" + text + "}");
  EXPECT_EQ(block.architecture(block.initial()).layers[0].program,
            layer_program({block_program("mdha", Slot::kMixer, {}), tanh}));
  const Space layer = read_space("{" + sizes + R"("layer": )" + text + "}");
  EXPECT_EQ(layer.architecture(layer.initial()).layers[0].program, tanh);
}

// Everything that a causal program can hold: not what sums over or turns to later tokens.
TEST(Space, VocabularyOfACausalModel) {
  const std::vector<std::uint16_t> usable = usable_primitives(TimeMixing::kCausal);
  std::vector<std::string> left_out;
  for (std::size_t i = 0; i < primitives().size(); ++i) {
    const bool is_usable = std::find(usable.begin(), usable.end(), i) != usable.end();
    if (!is_usable && !primitives()[i].is_structural) left_out.push_back(primitives()[i].name);
  }
  const auto structural =
      std::count_if(primitives().begin(), primitives().end(),
                    [](const PrimitiveSpec& spec) { return spec.is_structural; });
  EXPECT_EQ(structural, 5);
  EXPECT_EQ(left_out, (std::vector<std::string>{"matmul_tn", "mean_time", "transpose"}));
  EXPECT_EQ(usable_primitives(TimeMixing::kBidirectional).size() + 5, primitives().size());
}

TEST(SpaceSize, IsTheNumberOfEnumeratedSamples) {
  const Space space = read_space(kChoices);
  const std::vector<Sample> all = all_samples(space);
  EXPECT_EQ(all.size(), 2U * 4 * 3 * 2 * 2 * 9);
  EXPECT_EQ(space.size().finite, 864);
  EXPECT_TRUE(space.size().exact);
  std::set<std::vector<std::uint16_t>> distinct;
  for (const Sample& sample : all) distinct.insert(sample.choices);
  EXPECT_EQ(distinct.size(), all.size());
  // The last choice fastest.
  EXPECT_EQ(all[0].choices, (std::vector<std::uint16_t>{0, 0, 0, 0, 0, 0, 0, 0}));
  EXPECT_EQ(all[1].choices, (std::vector<std::uint16_t>{0, 0, 0, 0, 0, 0, 0, 1}));
  EXPECT_TRUE(std::is_sorted(all.begin(), all.end(), [](const Sample& a, const Sample& b) {
    return a.choices < b.choices;
  }));
}

TEST(SpaceSize, CountsWhatRulesAllow) {
  const Space space =
      read_space(R"({"layers": 2, "model_dim": {"choice": [24, 32, 48], "initial": 32},
      "heads": {"per_layer": {"choice": [2, 3, 4, 5]}}, "inner_dim": {"int": {"min": 16, "max": 96, "step": 16}, "initial": 96},
      "mixer": {"choice": ["mdha", "softmax_attention"]}, "feed_forward": "relu",
      "rules": ["inner_dim >= 1.7 * model_dim", "head_dim != 12"]})");
  int expected = 0;
  for (const int model_dim : {24, 32, 48}) {
    for (const int first : {2, 3, 4, 5}) {
      for (const int second : {2, 3, 4, 5}) {
        for (int inner = 16; inner <= 96; inner += 16) {
          bool good = 10 * inner >= 17 * model_dim;
          for (const int heads : {first, second}) {
            good &= model_dim % heads == 0 && model_dim / heads % 2 == 0 && model_dim / heads != 12;
          }
          expected += good ? 2 : 0;
        }
      }
    }
  }
  ASSERT_GT(expected, 0);
  EXPECT_EQ(space.size().finite, expected);
  const std::vector<Sample> all = all_samples(space);
  EXPECT_EQ(all.size(), static_cast<std::size_t>(expected));
  for (const Sample& sample : all) {
    EXPECT_EQ(space.broken_rule(sample), "");
    EXPECT_NO_THROW(require_valid(space.architecture(sample), "t"));
  }
}

TEST(SpaceSize, LargeSpacesGiveAnUpperBound) {
  const Space space = read_space(
      R"({"layers": 12, "model_dim": 64, "heads": {"per_layer": {"choice": [1, 2, 4, 8]}},
      "inner_dim": {"per_layer": {"int": {"min": 1, "max": 1000}}}, "mixer": "mdha", "feed_forward": "relu",
      "rules": ["inner_dim >= 0"]})");
  EXPECT_FALSE(space.size().exact);
  EXPECT_DOUBLE_EQ(space.size().finite, std::pow(4000.0, 12));
}

TEST(SpaceSize, ProgramsHaveNoNumber) {
  const Space space = read_space(kEvolvingLayer);
  EXPECT_TRUE(space.size().has_programs);
  EXPECT_EQ(space.size().finite, 2);
  EXPECT_EQ(message_of([&] {
              space.enumerate([](const Sample&) { return true; });
              return 0;
            }),
            "the space cannot be enumerated: \"layer.program\" is an evolving program");
}

TEST(SpaceSize, EnumerationStopsWhenTold) {
  int visited = 0;
  read_space(kChoices).enumerate([&](const Sample&) { return ++visited < 5; });
  EXPECT_EQ(visited, 5);
}

const std::string kDepths = R"({"layers": {"choice": [1, 3]}, "model_dim": 32,
  "heads": {"per_layer": {"choice": [2, 4]}}, "inner_dim": 64, "mixer": "mdha",
  "feed_forward": {"per_layer": {"choice": ["relu", "gelu", "squared_relu"], "initial": "gelu"}}})";

// The first layers of the largest depth are used; the others stay at their initial options.
TEST(SpaceDepth, UnusedLayersAddNoSamples) {
  const Space space = read_space(kDepths);
  EXPECT_EQ(space.size().finite, 6 + 6 * 6 * 6);
  std::set<Hash128> hashes;
  for (const Sample& sample : all_samples(space)) {
    const Architecture made = space.architecture(sample);
    EXPECT_EQ(made.layers.size(), sample.choices[0] == 0 ? 1U : 3U);
    hashes.insert(hash_of(made));
  }
  EXPECT_EQ(hashes.size(), 222U);
}

TEST(SpaceDepth, SamplingAndChangesKeepUnusedLayersInitial) {
  const Space space = read_space(kDepths);
  const std::vector<std::uint16_t> unused = {0, 0, 1, 1};  // heads and feed-forwards of 1 and 2
  const auto unused_of = [](const Sample& sample) {
    return std::vector<std::uint16_t>{sample.choices[2], sample.choices[3], sample.choices[5],
                                      sample.choices[6]};
  };
  ASSERT_EQ(space.choices()[5].name, "layer1.feed_forward");
  int shallow = 0;
  for (std::uint64_t i = 0; i < 2000; ++i) {
    const Sample sample = space.sample(key(i));
    Change change;
    const auto mutated = space.mutate(sample, key(i, Purpose::kMutation), change);
    ASSERT_TRUE(mutated);
    const auto child = space.crossover(sample, *mutated, key(i));
    ASSERT_TRUE(child);
    for (const Sample& each : {sample, *mutated, *child}) {
      EXPECT_TRUE(each.choices[0] == 1 || unused_of(each) == unused);
    }
    if (sample.choices[0] == 0) {
      ++shallow;
      EXPECT_TRUE(change.where == "layers" || change.where.starts_with("layer0.")) << change.where;
    }
  }
  // Both depths are equally likely: 1000 +- 5 standard deviations of 22.4.
  EXPECT_NEAR(shallow, 1000, 112);
}

TEST(SpaceSampling, IsUniformOverWhatRulesAllow) {
  RecordProperty("seed", static_cast<int>(kSeed));
  const Space space = read_space(R"({"layers": 1, "model_dim": {"choice": [24, 32, 48]},
      "heads": {"choice": [2, 3, 4, 6]}, "inner_dim": {"int": {"min": 32, "max": 96, "step": 32}},
      "mixer": "mdha", "feed_forward": {"choice": ["relu", "gelu"]},
      "rules": ["inner_dim > model_dim"]})");
  const std::vector<Sample> all = all_samples(space);
  const int draws = 20000;
  std::map<std::vector<std::uint16_t>, double> seen;
  for (const Sample& sample : all) seen[sample.choices] = 0;
  for (std::uint64_t i = 0; i < draws; ++i) {
    const auto found = seen.find(space.sample(key(i)).choices);
    ASSERT_NE(found, seen.end());
    found->second += 1;
  }
  std::vector<double> observed;
  observed.reserve(seen.size());
  for (const auto& [choices, count] : seen) observed.push_back(count);
  const auto cells = static_cast<double>(all.size());
  ASSERT_GT(cells, 30);
  EXPECT_LT(chi_square(observed, std::vector<double>(observed.size(), draws / cells)),
            chi_square_bound(cells - 1))
      << "seed " << kSeed;
}

TEST(SpaceSampling, IsAFunctionOfTheKey) {
  const Space space = read_space(kEvolvingLayer);
  EXPECT_EQ(space.sample(key(3)), space.sample(key(3)));
  EXPECT_NE(space.sample(key(3)), space.sample(key(4)));
  Change first;
  Change second;
  EXPECT_EQ(space.mutate(space.initial(), key(3), first),
            space.mutate(space.initial(), key(3), second));
  EXPECT_EQ(first.where, second.where);
  EXPECT_EQ(first.kind, second.kind);
}

TEST(SpaceSampling, ProgramsAreAcceptedAndVaried) {
  const Space space = read_space(kEvolvingLayer);
  std::set<Hash128> hashes;
  for (std::uint64_t i = 0; i < 200; ++i) {
    const Sample sample = space.sample(key(i));
    EXPECT_EQ(space.broken_rule(sample), "");
    const Architecture made = space.architecture(sample);
    ASSERT_NO_THROW(require_valid(made, "t")) << to_text(sample.programs[0]);
    hashes.insert(hash_of(made));
  }
  EXPECT_GT(hashes.size(), 150U);
}

TEST(SpaceSampling, SaysWhichRuleIsBrokenMost) {
  const Space space = read_space(R"({"layers": 1, "model_dim": 64, "heads": 4,
      "inner_dim": {"int": {"min": 1, "max": 60000}, "initial": 31415}, "mixer": "mdha", "feed_forward": "relu",
      "rules": ["inner_dim != 5", "inner_dim == 31415"]})");
  const auto error = error_of([&] { return space.sample(key(0)); });
  ASSERT_TRUE(error);
  EXPECT_EQ(error->kind(), ErrorKind::kInfeasible);
  EXPECT_EQ(std::string(error->what()),
            "none of 10000 random samples of the space satisfies its rules; \"inner_dim == 31415\" "
            "was broken most, 10000 times");
}

TEST(SpaceMutation, ChangesOnePartAndNeverGivesTheParent) {
  const Space space = read_space(kChoices);
  std::vector<double> changed(space.choices().size());
  const std::uint64_t draws = 16000;
  for (std::uint64_t i = 0; i < draws; ++i) {
    const Sample parent = space.sample(key(i));
    Change change;
    const Sample child =
        test::required(space.mutate(parent, key(i, Purpose::kMutation), change), "child");
    EXPECT_EQ(change.kind, MutationKind::kChoice);
    int differing = 0;
    for (std::size_t c = 0; c < changed.size(); ++c) {
      if (child.choices[c] == parent.choices[c]) continue;
      ++differing;
      changed[c] += 1;
      EXPECT_EQ(change.where, space.choices()[c].name);
    }
    EXPECT_EQ(differing, 1);
  }
  EXPECT_LT(chi_square(changed, std::vector<double>(8, static_cast<double>(draws) / 8)),
            chi_square_bound(7))
      << "seed " << kSeed;
}

TEST(SpaceMutation, DrawsOtherOptionsUniformly) {
  const Space space = read_space(R"({"layers": 1, "model_dim": 64, "heads": 4,
      "inner_dim": {"choice": [8, 16, 24, 32, 40], "initial": 24}, "mixer": "mdha", "feed_forward": "relu"})");
  std::vector<double> seen(5);
  for (std::uint64_t i = 0; i < 4000; ++i) {
    Change change;
    seen[test::required(space.mutate(space.initial(), key(i), change), "child").choices[0]] += 1;
  }
  EXPECT_EQ(seen[2], 0);
  seen.erase(seen.begin() + 2);
  EXPECT_LT(chi_square(seen, std::vector<double>(4, 1000)), chi_square_bound(3));
}

// One choice of weight 1 and one slot of weight 5, the default.
TEST(SpaceMutation, WeighsSlotsAgainstChoices) {
  const Space space = read_space(kEvolvingLayer);
  EXPECT_EQ(space.slots()[0].mutation_weight, 5);
  const Hash128 parent_hash = hash_of(space.architecture(space.initial()));
  std::vector<double> seen(2);
  std::set<MutationKind> kinds;
  for (std::uint64_t i = 0; i < 600; ++i) {
    Change change;
    const Sample child = test::required(space.mutate(space.initial(), key(i), change), "child");
    EXPECT_NE(child, space.initial());
    EXPECT_NE(hash_of(space.architecture(child)), parent_hash);
    EXPECT_NO_THROW(require_valid(space.architecture(child), "t"));
    const bool is_choice = change.kind == MutationKind::kChoice;
    EXPECT_EQ(change.where, is_choice ? "inner_dim" : "layer.program");
    EXPECT_EQ(child.choices == space.initial().choices, !is_choice);
    EXPECT_EQ(child.programs == space.initial().programs, is_choice);
    seen[is_choice ? 0 : 1] += 1;
    kinds.insert(change.kind);
  }
  EXPECT_LT(chi_square(seen, {100, 500}), chi_square_bound(1)) << "seed " << kSeed;
  EXPECT_EQ(kinds.size(), 6U);
}

TEST(SpaceMutation, RespectsRules) {
  const Space space = read_space(R"({"layers": 1, "model_dim": {"choice": [32, 64]}, "heads": 4,
      "inner_dim": {"choice": [64, 128]}, "mixer": "mdha", "feed_forward": "relu",
      "rules": ["inner_dim == 2 * model_dim"]})");
  Change change;
  EXPECT_FALSE(space.mutate(space.initial(), key(0), change));
  const Space loose = read_space(R"({"layers": 1, "model_dim": {"choice": [32, 64]}, "heads": 4,
      "inner_dim": {"choice": [64, 128]}, "mixer": "mdha", "feed_forward": "relu",
      "rules": ["inner_dim >= 2 * model_dim"]})");
  for (std::uint64_t i = 0; i < 100; ++i) {
    const Sample child = test::required(loose.mutate(loose.initial(), key(i), change), "child");
    EXPECT_EQ(child.choices, (std::vector<std::uint16_t>{0, 1}));
  }
}

TEST(SpaceMutation, NeverMakesAnOddHeadUnderRope) {
  // head_dim 3 would do without rope; the vocabulary could bring it in at any time.
  const std::string text = R"json({"layers": 1, "model_dim": 12, "heads": {"choice": [2, 4]},
      "inner_dim": 24, "layer": {"program": {
      "vocabulary": ["relu", "split_heads", "merge_heads"ROPE], "initial":
      ["program(x: [batch, seq, model_dim])", " return merge_heads(square(split_heads(x)))"]}}})json";
  const auto with = [&](const std::string& rope) {
    std::string changed = text;
    changed.replace(changed.find("ROPE"), 4, rope);
    return read_space(changed);
  };
  EXPECT_EQ(with("").broken_rule({{1}, with("").initial().programs}), "");
  EXPECT_EQ(with(R"(, "rope")").broken_rule({{1}, with("").initial().programs}),
            "head_dim is even under rope");
  EXPECT_EQ(with("").size().finite, 2);
  EXPECT_EQ(with(R"(, "rope")").size().finite, 1);
}

TEST(SpaceParts, OfLayersBeyondTheDepthAreNotUsed) {
  const Space space = read_space(R"({
    "layers": {"choice": [2, 1]}, "model_dim": 64, "heads": 4,
    "inner_dim": {"per_layer": {"choice": [64, 128]}},
    "mixer": {"per_layer": {"program": {"vocabulary": "causal", "max_nodes": 30,
                                        "initial": "softmax_attention"}}},
    "norm": "layer_norm", "norm_place": "pre", "feed_forward": "relu",
    "rules": ["inner_dim <= 64 * layers"]})");
  ASSERT_EQ(names(space),
            (std::vector<std::string>{"layers", "layer0.inner_dim", "layer1.inner_dim",
                                      "layer0.mixer", "layer1.mixer"}));
  Sample sample = space.initial();
  EXPECT_TRUE(space.uses_choice(sample, 2));
  EXPECT_TRUE(space.uses_slot(sample, 1));
  Change change;
  sample = test::required(space.mutate_in_slot(sample, 1, key(1), change), "mutation");
  EXPECT_EQ(change.where, "layer1.mixer");
  EXPECT_EQ(sample.programs[0], space.initial().programs[0]);
  EXPECT_NE(sample.programs[1], space.initial().programs[1]);
  EXPECT_EQ(space.mutate_in_slot(space.initial(), 1, key(1), change), sample);
  EXPECT_NE(space.mutate_in_slot(space.initial(), 1, key(2), change), sample);

  sample.choices = {1, 0, 1};  // one layer
  EXPECT_FALSE(space.uses_choice(sample, 2));
  EXPECT_FALSE(space.uses_slot(sample, 1));
  Sample expected = space.initial();
  expected.choices[0] = 1;
  EXPECT_EQ(space.accepted(sample), expected);
  sample.choices[1] = 1;
  EXPECT_EQ(space.accepted(sample), std::nullopt) << "128 > 64 * 1";
}

TEST(SpaceCrossover, TakesEachPartFromAParent) {
  const std::string text = R"({"layers": 2, "model_dim": 32,
      "heads": {"per_layer": {"choice": [1, 2, 4, 8]}}, "inner_dim": {"per_layer": {"int": {"min": 1, "max": 64}}},
      "mixer": {"per_layer": {"program": {"vocabulary": "causal", "initial": "mdha"}}},
      "feed_forward": {"choice": ["relu", "gelu", "squared_relu"]}})";
  const Space space = read_space(text);
  ASSERT_EQ(space.choices().size() + space.slots().size(), 7U);
  std::vector<double> from_second(7);
  std::vector<double> differing(7);
  for (std::uint64_t i = 0; i < 300; ++i) {
    const Sample first = space.sample(key(2 * i));
    const Sample second = space.sample(key(2 * i + 1));
    const Sample child =
        test::required(space.crossover(first, second, key(i, Purpose::kMutation)), "child");
    for (std::size_t c = 0; c < 5; ++c) {
      EXPECT_TRUE(child.choices[c] == first.choices[c] || child.choices[c] == second.choices[c]);
      if (first.choices[c] == second.choices[c]) continue;
      differing[c] += 1;
      from_second[c] += child.choices[c] == second.choices[c] ? 1 : 0;
    }
    for (std::size_t s = 0; s < 2; ++s) {
      EXPECT_TRUE(child.programs[s] == first.programs[s] ||
                  child.programs[s] == second.programs[s]);
      if (first.programs[s] == second.programs[s]) continue;
      differing[5 + s] += 1;
      from_second[5 + s] += child.programs[s] == second.programs[s] ? 1 : 0;
    }
  }
  for (std::size_t i = 0; i < 7; ++i) {
    ASSERT_GT(differing[i], 100);
    // Half of them, within 5 standard deviations.
    EXPECT_NEAR(from_second[i], differing[i] / 2, 2.5 * std::sqrt(differing[i])) << i;
  }
}

TEST(SpaceCrossover, GivesNothingThatRulesRefuse) {
  const Space space = read_space(R"({"layers": 1, "model_dim": {"choice": [32, 64]}, "heads": 4,
      "inner_dim": {"choice": [64, 128]}, "mixer": "mdha", "feed_forward": "relu",
      "rules": ["inner_dim == 2 * model_dim"]})");
  const Sample first{{0, 0}, {}};
  const Sample second{{1, 1}, {}};
  int refused = 0;
  for (std::uint64_t i = 0; i < 400; ++i) {
    const auto child = space.crossover(first, second, key(i));
    if (!child) {
      ++refused;
    } else {
      EXPECT_TRUE(*child == first || *child == second);
    }
  }
  EXPECT_NEAR(refused, 200, 50);
}

TEST(SpaceRules, AreNamedWhenBroken) {
  const Space space = read_space(R"({"layers": 1, "model_dim": 48, "heads": {"choice": [4, 5, 16]},
      "inner_dim": {"choice": [64, 32]}, "mixer": "mdha", "feed_forward": "relu",
      "rules": ["inner_dim >= model_dim"]})");
  EXPECT_EQ(space.broken_rule({{0, 0}, {}}), "");
  EXPECT_EQ(space.broken_rule({{1, 0}, {}}), "heads divides model_dim");
  EXPECT_EQ(space.broken_rule({{2, 0}, {}}), "head_dim is even under rope");
  EXPECT_EQ(space.broken_rule({{0, 1}, {}}), "inner_dim >= model_dim");
}

TEST(SpaceJson, SamplesRoundTrip) {
  for (const std::string& text : {kChoices, kEvolvingLayer, kDepths}) {
    const Space space = read_space(text);
    for (std::uint64_t i = 0; i < 50; ++i) {
      const Sample sample = space.sample(key(i));
      const Json json = space.to_json(sample);
      EXPECT_EQ(space.sample_from_json(json), sample) << json;
      EXPECT_EQ(space.sample_from_json(parse_stored_json(json.dump(), "t")), sample);
    }
  }
  const Space space = read_space(kEvolvingLayer);
  const Json json = space.to_json(space.initial());
  EXPECT_EQ(json["choices"].dump(), R"({"inner_dim":128})");
  EXPECT_EQ(json["programs"]["layer.program"], nas::space::to_json(space.initial().programs[0]));
}

TEST(SpaceJson, SampleErrors) {
  const Space space = read_space(kEvolvingLayer);
  const auto message = [&](const std::string& text) {
    return message_of([&] { return space.sample_from_json(parse_stored_json(text, "t")); });
  };
  EXPECT_EQ(message("3"), "the document = 3: must be an object {...}");
  EXPECT_EQ(message("{}"),
            "the document: the key \"choices\" is missing\n"
            "the document: the key \"programs\" is missing");
  EXPECT_EQ(message(R"json({"choices": {"inner_dim": 100, "heads": 4}, "programs": {"layer.program":
          ["program(x: [batch, seq, model_dim])", "  return mean_time(x)"]}, "more": 1})json"),
            "choices.inner_dim = 100: is no option of this space\n"
            "choices.heads: unknown key (known: inner_dim)\n"
            "programs.layer.program: v1 = mean_time(x): leaks the future: averages over all "
            "tokens, later "
            "ones included\n"
            "more: unknown key (known: choices, programs)");
}

}  // namespace
}  // namespace nas::space
