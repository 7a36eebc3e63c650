#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "nas/ops/elementwise.hpp"
#include "nas/space/text.hpp"
#include "nn/applied_primitive.hpp"
#include "nn/fusion.hpp"
#include "nn/models.hpp"

namespace nas::test {
namespace {

using Kind = nn::Step::Kind;

/// One layer of a small model in double precision, fused for a GPU or as it is.
nn::LayerPlan plan_of(const std::string& body, bool fused) {
  const space::Program program =
      space::program_from_text("program(x: [batch, seq, model_dim])\n" + body, "test");
  nn::LayerPlan plan = small_layer(program, /*fuse=*/false, 1);
  for (nn::Step& step : plan.steps) {
    for (at::Tensor& parameter : step.parameters) parameter = parameter.to(at::kDouble);
  }
  if (fused) nn::fuse(plan, nn::FusionTarget::kCuda);
  nn::plan_releases(plan);
  return plan;
}

/// A value with the gradients of a weighed sum of it.
std::vector<at::Tensor> with_gradients(const at::Tensor& y, const std::vector<at::Tensor>& leaves) {
  y.mul(random_tensor(y.sizes(), 2, 0)).sum().backward();
  std::vector<at::Tensor> all{y.detach()};
  for (const at::Tensor& leaf : leaves) all.push_back(leaf.grad());
  return all;
}

/// "inputs:steps" of each chain of a plan that is fused for a GPU, in order; checks that it
/// computes what the plain one does, with the same gradient.
std::string chains_of(const std::string& body) {
  const nn::LayerPlan plan = plan_of(body, true);
  std::string text;
  for (const nn::Step& step : plan.steps) {
    if (step.kind != Kind::kElementwise) continue;
    text += (text.empty() ? "" : " ") + std::to_string(step.inputs.size()) + ":" +
            std::to_string(step.chain.steps.size());
  }
  nn::TimeTables tables(at::kCPU);
  at::Tensor found[2];
  for (const bool fused : {false, true}) {
    const at::Tensor x = random_tensor({2, 7, 8}, 3, 0).to(at::kDouble).requires_grad_(true);
    const at::Tensor y = nn::run_plan(plan_of(body, fused), x, tables);
    found[fused ? 1 : 0] = at::cat(with_gradients(y, {x}));
  }
  EXPECT_TRUE(at::allclose(found[1], found[0], 1e-9, 1e-9)) << body;
  return text;
}

std::size_t count_of(const std::string& body, Kind kind) {
  const nn::LayerPlan plan = plan_of(body, true);
  return static_cast<std::size_t>(std::ranges::count(plan.steps, kind, &nn::Step::kind));
}

TEST(ElementwiseFusion, FunctionsOfPrimitivesComputeWhatTheyDo) {
  std::set<ops::ElementwiseOp> functions;
  for (const AppliedPrimitive& applied : all_applied_primitives()) {
    const nn::PrimitiveImpl& impl = nn::impl_of(applied.node);
    if (impl.elementwise == nullptr) continue;
    ASSERT_TRUE(applied.parameters.empty()) << applied.text();
    const ops::ElementwiseFunction function = impl.elementwise(applied.context());
    functions.insert(function.op);
    const std::size_t arity = applied.inputs.size();
    const ops::ElementwiseChain chain{arity, {{function, 0, static_cast<std::uint8_t>(arity - 1)}}};
    std::vector<at::Tensor> results[2];
    for (const bool by_chain : {false, true}) {
      AppliedPrimitive mine = applied;
      for (at::Tensor& input : mine.inputs) input = input.clone().requires_grad_(true);
      const at::Tensor y =
          by_chain ? ops::elementwise_plain(chain, mine.inputs) : mine.forward(true);
      results[by_chain ? 1 : 0] = with_gradients(y, mine.inputs);
    }
    for (std::size_t i = 0; i <= arity; ++i) {
      EXPECT_TRUE(at::equal(results[1][i], results[0][i])) << applied.text() << " " << i;
    }
  }
  EXPECT_EQ(functions.size(), ops::kElementwiseOps) << "a function that no primitive is";
}

TEST(ElementwiseFusion, JoinsGatesAndBranches) {
  EXPECT_EQ(chains_of("  return multiply(silu(linear(x)), linear(x))\n"), "2:2");
  EXPECT_EQ(chains_of("  a = linear(x)\n  b = linear(x)\n"
                      "  return add(multiply(tanh(a), b), exp(negate(square(b))))\n"),
            "2:6");
  EXPECT_EQ(chains_of("  return linear(gelu(linear(x), approximate=tanh))\n"), "1:1");
}

TEST(ElementwiseFusion, ValuesThatTheChainAloneReadsTwiceAreInside) {
  EXPECT_EQ(chains_of("  a = linear(x)\n  return multiply(a, sigmoid(a))\n"), "1:2");
  EXPECT_EQ(chains_of("  a = tanh(linear(x))\n  return multiply(a, sigmoid(a))\n"), "1:3");
  EXPECT_EQ(chains_of("  a = tanh(linear(x))\n  b = exp(a)\n  return divide(b, add(a, b))\n"),
            "1:4");
}

TEST(ElementwiseFusion, ValuesThatOthersReadAreMade) {
  // a is also normalised; the chain behind it reads what it made.
  EXPECT_EQ(chains_of("  a = tanh(sigmoid(linear(x)))\n"
                      "  return multiply(sin(a), layer_norm(a))\n"),
            "1:2 2:2");
  // The layer's result is read by what follows the layer.
  EXPECT_EQ(chains_of("  a = tanh(sigmoid(linear(x)))\n  return a\n"), "1:2");
}

TEST(ElementwiseFusion, LeavesOthersTheirKernels) {
  const std::string squared = "  return linear(square(relu(linear(x))))\n";
  EXPECT_EQ(chains_of(squared), "");
  EXPECT_EQ(count_of(squared, Kind::kSquaredRelu), 1U);
  EXPECT_EQ(chains_of("  return linear(negate(square(relu(linear(x)))))\n"), "1:3");
  const std::string residual = "  y = add(x, silu(linear(x)))\n  return add(y, layer_norm(y))\n";
  EXPECT_EQ(count_of(residual, Kind::kNorm), 1U);
  EXPECT_EQ(chains_of(residual), "");
  // One function is one kernel of LibTorch's, except where that makes several or computes long.
  for (const char* name : {"abs", "cos", "exp", "negate", "relu", "sigmoid", "sign", "silu", "sin",
                           "square", "tanh", "scale_const", "shift_const"}) {
    EXPECT_EQ(chains_of("  return linear(" + std::string(name) + "(linear(x)))\n"), "") << name;
  }
  for (const char* name : {"abs_root", "gelu", "log_abs", "recip"}) {
    EXPECT_EQ(chains_of("  return linear(" + std::string(name) + "(linear(x)))\n"), "1:1") << name;
  }
  EXPECT_EQ(chains_of("  return divide(linear(x), linear(x))\n"), "2:1");
}

TEST(ElementwiseFusion, ShapesThatDifferEndAChain) {
  EXPECT_EQ(chains_of("  h = tanh(sin(split_heads(linear(x))))\n"
                      "  return tanh(cos(merge_heads(h)))\n"),
            "1:2 1:2");
}

TEST(ElementwiseFusion, KeepsToTheLimitsOfAChain) {
  std::string deep = "  return ";
  for (std::size_t i = 0; i < ops::kMostChainSteps + 3; ++i) deep += i % 2 ? "sin(" : "cos(";
  deep += "linear(x)" + std::string(ops::kMostChainSteps + 3, ')') + "\n";
  EXPECT_EQ(chains_of(deep), "1:3 1:" + std::to_string(ops::kMostChainSteps));
  // Six inputs: the last chain takes the two that are made last and two other chains' values.
  EXPECT_EQ(chains_of("  a = linear(x)\n  b = linear(x)\n  c = linear(x)\n  d = linear(x)\n"
                      "  e = linear(x)\n  f = linear(x)\n"
                      "  ab = multiply(sin(a), sin(b))\n  cd = multiply(sin(c), sin(d))\n"
                      "  ef = multiply(sin(e), sin(f))\n"
                      "  return subtract(subtract(ab, cd), ef)\n"),
            "2:3 2:3 4:5");
}

}  // namespace
}  // namespace nas::test
