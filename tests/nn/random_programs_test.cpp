#include "support/random_programs.hpp"

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>
#include <gtest/gtest.h>

#include <limits>
#include <set>
#include <string_view>

#include "nas/space/canonical.hpp"
#include "nas/space/cost.hpp"
#include "nas/space/text.hpp"
#include "nn/applied_primitive.hpp"
#include "nn/causality.hpp"
#include "nn/layer_plan.hpp"
#include "nn/models.hpp"

namespace nas::test {
namespace {

constexpr std::uint64_t kSeed = kSampleSeed;
constexpr std::uint64_t kPrograms = kSampleSize;
constexpr std::int64_t kSeq = 9;

std::string where(std::uint64_t index, const space::Program& program) {
  return "seed " + std::to_string(kSeed) + " index " + std::to_string(index) + "\n" +
         space::to_text(program);
}

bool is_finite(const nn::Model& model, std::uint64_t index) {
  const at::NoGradGuard no_grad;
  return model.forward(random_tokens(1, kSeq, 16, index)).isfinite().all().item<bool>();
}

/// Other parameters until the logits are finite, for NaN hides a leak. False when none are.
bool make_finite(nn::Model& model, std::uint64_t index) {
  for (const double noise : {0.2, 0.05, 0.5, 0.02, 1.0}) {
    model.initialise(1, 0);
    disturb(model, noise, index);
    if (is_finite(model, index)) return true;
  }
  return false;
}

TEST(RandomPrograms, HaveTheParametersThatAreCountedAndLeakNothing) {
  std::uint64_t never_finite = 0;
  for (std::uint64_t index = 0; index < kPrograms; ++index) {
    const space::Program program = random_program(kSeed, index);
    const space::Architecture architecture = small_architecture(program);
    nn::Model model(architecture, {.fuse = index % 2 == 0});
    std::int64_t count = 0;
    for (const nn::NamedTensor& parameter : model.parameters()) count += parameter.tensor.numel();
    ASSERT_EQ(count, space::cost_of(architecture, {}).params) << where(index, program);
    never_finite += make_finite(model, index) ? 0 : 1;
    ASSERT_EQ(nn::causality_violation(model, kSeq, index), "") << where(index, program);
  }
  EXPECT_LE(never_finite, kPrograms / 100);
}

TEST(RandomPrograms, GiveTheSameBitsWithAndWithoutGradients) {
  std::set<std::string> primitives;
  for (std::uint64_t index = 0; index < 300; ++index) {
    const space::Program program = random_program(kSeed, index);
    for (const space::Node& node : program.nodes) primitives.insert(space::spec_of(node).name);
    nn::Model model(small_architecture(program), {.fuse = index % 2 == 0});
    model.initialise(1, 0);
    const at::Tensor tokens = random_tokens(2, kSeq, 16, index);
    const at::Tensor with = model.forward(tokens);
    ASSERT_TRUE(with.requires_grad());
    const at::NoGradGuard no_grad;
    ASSERT_EQ(nn::first_difference(with, model.forward(tokens)), kSeq) << where(index, program);
  }
  EXPECT_EQ(primitives.size(), causal_vocabulary().size()) << "a primitive was not tried";
}

/// The layer of a program as it is written, with parameters that depend on their name and shape
/// alone: what the copies of a node in two forms of a program hold is then the same.
nn::LayerPlan plan_as_written(const space::Program& program) {
  std::vector<nn::LayerParameter> parameters;
  nn::LayerPlan plan = nn::plan_layer(small_architecture(program), 0, parameters);
  std::vector<at::Tensor> tensors;
  for (const nn::LayerParameter& parameter : parameters) {
    const space::ParameterShape& shape = parameter.shape;
    const std::int64_t seed = (shape.sizes[0] * 1000 + shape.sizes[1]) * 100 + shape.sizes[2];
    tensors.push_back(random_tensor(shape.axes(), static_cast<std::uint64_t>(seed),
                                    std::string_view(shape.name).size()));
  }
  nn::attach_parameters(plan, tensors);
  nn::plan_releases(plan);
  return plan;
}

TEST(RandomPrograms, CanonicalFormComputesTheSameBits) {
  const at::NoGradGuard no_grad;
  std::uint64_t shortened = 0;
  for (std::uint64_t index = 0; index < kPrograms; ++index) {
    const space::Program program = random_program(kSeed, index);
    const space::Program canonical = space::canonical(program);
    shortened += canonical.nodes.size() < program.nodes.size() ? 1 : 0;
    nn::TimeTables tables(at::kCPU);
    const at::Tensor x = random_tensor({2, kSeq, 8}, kSeed, index);
    const at::Tensor written = nn::run_plan(plan_as_written(program), x, tables);
    const at::Tensor lowered = nn::run_plan(plan_as_written(canonical), x, tables);
    ASSERT_EQ(nn::first_difference(written, lowered), kSeq)
        << where(index, program) << "\ncanonical\n"
        << space::to_text(canonical);
  }
  EXPECT_GT(shortened, kPrograms / 50) << "hardly a rewrite was tried";
}

/// What the norms of a plan write over one token's row; a norm bounds its output, so an overflow
/// has to start behind it.
struct Overflow {
  std::int64_t token = -1;  ///< none
  double value = 0;
};
Overflow overflow;

at::Tensor overflowing(const nn::ForwardContext& context) {
  at::Tensor y = nn::impl_of(context.node.node).forward(context).clone();
  if (overflow.token >= 0) y.select(-2, overflow.token).fill_(overflow.value);
  return y;
}

/// A layer whose norms overflow on demand.
nn::LayerPlan overflowing_plan(const space::Program& program, bool fuse, std::uint64_t seed) {
  static const nn::PrimitiveImpl overflowing_norm{"overflowing norm", overflowing, nullptr};
  nn::LayerPlan plan = small_layer(program, fuse, seed);
  for (nn::Step& step : plan.steps) {
    if (step.impl->name == "layer_norm" || step.impl->name == "rms_norm")
      step.impl = &overflowing_norm;
  }
  return plan;
}

// 1e18 overflows products of two (scores, squares), 1e38 sums too; a score, an exponential or a
// whole row of a later token is then inf or NaN.
TEST(RandomPrograms, AnOverflowAtALaterTokenReachesNoEarlierOne) {
  const at::NoGradGuard no_grad;
  constexpr float kInfinity = std::numeric_limits<float>::infinity();
  std::uint64_t overflowed = 0;
  for (std::uint64_t index = 0; index < kPrograms; ++index) {
    const space::Program program = random_program(kSeed, index);
    const nn::LayerPlan plan = overflowing_plan(program, index % 2 == 0, index);
    nn::TimeTables tables(at::kCPU);
    const at::Tensor x = random_tensor({1, kSeq, 8}, kSeed, index);
    overflow = {};
    const at::Tensor expected = nn::run_plan(plan, x, tables);
    const auto token = static_cast<std::int64_t>(1 + index % (kSeq - 1));
    for (const double value : {1e18, -1e38, static_cast<double>(kInfinity)}) {
      overflow = {token, value};
      at::Tensor changed = x.clone();
      changed.select(1, token).mul_(value);
      const at::Tensor y = nn::run_plan(plan, changed, tables);
      ASSERT_EQ(nn::first_difference(expected.narrow(1, 0, token), y.narrow(1, 0, token)), token)
          << value << " at token " << token << ", " << where(index, program);
      overflowed += y.isfinite().all().item<bool>() ? 0 : 1;
    }
  }
  overflow = {};
  EXPECT_GT(overflowed, kPrograms);  // of three times as many runs
}

}  // namespace
}  // namespace nas::test
