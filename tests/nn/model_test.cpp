#include "nas/nn/model.hpp"

#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <ATen/core/grad_mode.h>
#include <gtest/gtest.h>

#include <set>

#include "nas/space/blocks.hpp"
#include "nas/space/cost.hpp"
#include "nas/space/primitive.hpp"
#include "nn/models.hpp"
#include "support/error_of.hpp"

namespace nas::test {
namespace {

using nn::Model;
using nn::NamedTensor;

std::int64_t parameter_count(const Model& model) {
  std::int64_t count = 0;
  for (const NamedTensor& parameter : model.parameters()) count += parameter.tensor.numel();
  return count;
}

TEST(Model, NamesParametersByTheirPathInOrder) {
  const Model model(vanilla_architecture(), {});
  std::vector<std::string> names;
  for (const NamedTensor& parameter : model.parameters()) names.push_back(parameter.name);
  // Two norms of two tensors, four projections, two matrices of the feed-forward in each layer.
  ASSERT_EQ(names.size(), 1U + 2 * (4 + 4 + 2) + 2);
  EXPECT_EQ(names.front(), "embedding.weight");
  EXPECT_EQ(names.back(), "final_norm.bias");
  EXPECT_EQ(names[1].rfind("layers.0.v", 0), 0U) << names[1];
  EXPECT_EQ(std::set<std::string>(names.begin(), names.end()).size(), names.size());
  for (const NamedTensor& parameter : model.parameters()) {
    EXPECT_TRUE(parameter.tensor.requires_grad() && parameter.tensor.is_leaf());
    EXPECT_EQ(parameter.tensor.scalar_type(), at::kFloat);
  }
}

TEST(Model, HasTheParametersThatTheCostModelCounts) {
  space::Architecture architecture = primer_architecture();
  for (const bool tied : {true, false}) {
    for (const space::Positions positions : {space::Positions::kNone, space::Positions::kLearned}) {
      for (const space::NormKind norm : {space::NormKind::kLayerNorm, space::NormKind::kRmsNorm}) {
        architecture.model.tied_head = tied;
        architecture.model.positions = positions;
        architecture.model.final_norm = norm;
        const Model model(architecture, {});
        EXPECT_EQ(parameter_count(model), space::cost_of(architecture, {}).params);
      }
    }
  }
}

TEST(Model, GivesFloatLogitsForAnyBatchAndLength) {
  Model model(vanilla_architecture(), {});
  model.initialise(1, 0);
  for (const auto& [batch, seq] : {std::pair{1, 1}, {3, 5}, {2, 64}, {1, 200}}) {
    const at::Tensor logits = model.forward(random_tokens(batch, seq, 40, 1));
    EXPECT_EQ(logits.sizes(), (std::vector<std::int64_t>{batch, seq, 40}));
    EXPECT_EQ(logits.scalar_type(), at::kFloat);
    EXPECT_TRUE(logits.isfinite().all().item<bool>());
  }
}

TEST(Model, IsAFunctionOfTheCanonicalForm) {
  // The operands of the residual adds swapped.
  space::Architecture swapped = vanilla_architecture();
  for (space::LayerSpec& layer : swapped.layers) {
    for (space::Node& node : layer.program.nodes) {
      if (space::spec_of(node).name == "add") std::swap(node.inputs[0], node.inputs[1]);
    }
  }
  Model first(vanilla_architecture(), {});
  Model second(swapped, {});
  first.initialise(4, 0);
  second.initialise(4, 0);
  EXPECT_EQ(first.weights_hash(), second.weights_hash());
  const at::Tensor tokens = random_tokens(2, 9, 40, 1);
  EXPECT_TRUE(at::equal(first.forward(tokens), second.forward(tokens)));
}

TEST(Model, GivesTheSameBitsWithAndWithoutGradients) {
  for (const bool fuse : {true, false}) {
    Model model(primer_architecture(), {.fuse = fuse});
    model.initialise(1, 0);
    const at::Tensor tokens = random_tokens(2, 33, 40, 1);
    const at::Tensor with = model.forward(tokens);
    EXPECT_TRUE(with.requires_grad());
    const at::NoGradGuard no_grad;
    EXPECT_TRUE(at::equal(with, model.forward(tokens)));
  }
}

TEST(Model, EveryParameterOfATrainedModelGetsAGradient) {
  Model model(primer_architecture(), {});
  model.initialise(1, 0);
  disturb(model, 0.1, 1);
  model.forward(random_tokens(2, 9, 40, 1)).square().mean().backward();
  for (const NamedTensor& parameter : model.parameters()) {
    ASSERT_TRUE(parameter.tensor.grad().defined()) << parameter.name;
    EXPECT_GT(parameter.tensor.grad().abs().sum().item<float>(), 0) << parameter.name;
  }
}

TEST(Model, Bfloat16LogitsAreFloatAndClose) {
  Model wide(vanilla_architecture(), {});
  Model narrow(vanilla_architecture(), {.bf16 = true});
  wide.initialise(1, 0);
  narrow.initialise(1, 0);
  const at::Tensor tokens = random_tokens(2, 17, 40, 1);
  const at::Tensor logits = narrow.forward(tokens);
  EXPECT_EQ(logits.scalar_type(), at::kFloat);
  // Logits are of order 1; 8 bits of mantissa through two layers.
  EXPECT_LT((logits - wide.forward(tokens)).abs().max().item<float>(), 0.1);
  EXPECT_FALSE(at::equal(logits, wide.forward(tokens)));
  EXPECT_EQ(narrow.parameters()[0].tensor.scalar_type(), at::kFloat);
}

TEST(Model, LearnedPositionsBreakTheOrderSymmetryAndBoundTheLength) {
  space::Architecture architecture = vanilla_architecture();
  architecture.model.positions = space::Positions::kLearned;
  architecture.model.max_len = 12;
  Model model(architecture, {});
  model.initialise(1, 0);
  const at::Tensor same = at::full({1, 12}, 7, at::kLong);
  const at::Tensor logits = model.forward(same);
  EXPECT_FALSE(at::allclose(logits[0][0], logits[0][11]));
  const std::string message = message_of([&] {
    return model.forward(at::full({1, 13}, 7, at::kLong));
  });
  EXPECT_NE(message.find("13"), std::string::npos) << message;
  EXPECT_NE(message.find("model.max_len = 12"), std::string::npos) << message;
}

TEST(Model, RefusesAnInvalidArchitecture) {
  space::Architecture architecture = vanilla_architecture();
  architecture.layers[1].heads = 5;
  const auto error = error_of([&] { return Model(architecture, {}); });
  EXPECT_EQ(error->kind(), ErrorKind::kConfig);
}

TEST(Model, LoadsValuesByName) {
  Model source(vanilla_architecture(), {});
  source.initialise(3, 0);
  Model target(vanilla_architecture(), {});
  target.initialise(4, 0);
  EXPECT_NE(source.weights_hash(), target.weights_hash());
  std::vector<NamedTensor> values;
  for (const NamedTensor& parameter : source.parameters()) {
    values.insert(values.begin(), {parameter.name, parameter.tensor.detach().clone()});
  }
  target.load(values);
  EXPECT_EQ(source.weights_hash(), target.weights_hash());
  EXPECT_TRUE(target.parameters()[0].tensor.requires_grad());
}

TEST(Model, LoadNamesWhatDoesNotFit) {
  Model model(vanilla_architecture(), {});
  model.initialise(3, 0);
  const Hash128 before = model.weights_hash();
  std::vector<NamedTensor> values;
  for (const NamedTensor& parameter : model.parameters()) {
    values.push_back({parameter.name, parameter.tensor.detach() + 1});
  }
  const auto message = [&](const std::vector<NamedTensor>& wrong) {
    const auto error = error_of([&] {
      model.load(wrong);
      return 0;
    });
    EXPECT_EQ(error->kind(), ErrorKind::kData);
    return std::string(error->what());
  };
  std::vector<NamedTensor> missing = values;
  missing.pop_back();
  EXPECT_NE(message(missing).find("final_norm.bias"), std::string::npos);
  std::vector<NamedTensor> extra = values;
  extra.push_back({"stranger", at::zeros({1})});
  EXPECT_NE(message(extra).find("stranger"), std::string::npos);
  std::vector<NamedTensor> twice = values;
  twice.push_back(values[0]);
  EXPECT_NE(message(twice).find("twice"), std::string::npos);
  std::vector<NamedTensor> misshapen = values;
  misshapen[0].tensor = at::zeros({24, 40});
  EXPECT_NE(message(misshapen).find("[24, 40]"), std::string::npos);
  EXPECT_NE(message(misshapen).find("[40, 24]"), std::string::npos);
  EXPECT_EQ(model.weights_hash(), before) << "a refused load must change nothing";
}

TEST(Model, WeightsHashSeesEveryByte) {
  Model model(vanilla_architecture(), {});
  model.initialise(3, 0);
  const Hash128 before = model.weights_hash();
  const at::NoGradGuard no_grad;
  at::Tensor last = model.parameters().back().tensor;
  last[23].add_(1e-6);
  EXPECT_NE(model.weights_hash(), before);
  last[23].zero_();
  EXPECT_EQ(model.weights_hash(), before);
}

}  // namespace
}  // namespace nas::test
