#include "nn/fusion.hpp"

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <limits>
#include <optional>

#include "nas/ops/cuda.hpp"
#include "nas/space/text.hpp"
#include "nn/applied_primitive.hpp"
#include "nn/attention.hpp"
#include "nn/models.hpp"
#include "support/gpu.hpp"
#include "support/random_programs.hpp"

namespace nas::test {
namespace {

constexpr double kTolerance = 1e-5;  // sums in another order

nn::LayerPlan fused_plan(const std::string& body) {
  const std::string text = "program(x: [batch, seq, model_dim])\n" + body;
  std::vector<nn::LayerParameter> parameters;
  nn::LayerPlan plan = nn::plan_layer(
      space::canonical(small_architecture(space::program_from_text(text, "test"))), 0, parameters);
  nn::fuse(plan, nn::FusionTarget::kCpu);
  return plan;
}

std::vector<double> attention_scales(const nn::LayerPlan& plan) {
  std::vector<double> scales;
  for (const nn::Step& step : plan.steps) {
    if (step.kind == nn::Step::Kind::kAttention) scales.push_back(step.scale);
  }
  return scales;
}

const std::string kHeads =
    "  q = split_heads(linear(x))\n  k = split_heads(linear(x))\n  v = split_heads(linear(x))\n";

TEST(Fusion, RecognisesSoftmaxAttention) {
  const nn::LayerPlan plain =
      fused_plan(kHeads + "  return merge_heads(matmul(softmax(matmul_nt(q, k)), v))\n");
  EXPECT_EQ(attention_scales(plain), std::vector<double>{1.0});
  EXPECT_EQ(plain.steps.size(), 8U);  // three projections, three splits, attention, merge
  const nn::LayerPlan scaled =
      fused_plan(kHeads +
                 "  s = scale_const(matmul_nt(q, k), value=3, by=inv_sqrt_head_dim)\n"
                 "  return merge_heads(matmul(softmax(s), v))\n");
  EXPECT_EQ(attention_scales(scaled), std::vector<double>{1.5});  // head_dim 4
}

TEST(Fusion, LeavesOtherPatternsAlone) {
  // NOLINTBEGIN(bugprone-suspicious-missing-comma): programs of several lines
  for (const std::string& body : std::vector<std::string>{
           // The weights are read twice.
           "  w = softmax(matmul_nt(q, k))\n"
           "  return merge_heads(add(matmul(w, v), matmul(w, k)))\n",
           // The scores are read twice.
           "  s = matmul_nt(q, k)\n"
           "  return merge_heads(matmul(multiply(softmax(s), s), v))\n",
           "  s = matmul_nt(q, k)\n"
           "  return merge_heads(add(matmul(softmax(s), v), matmul(s, k)))\n",
           // No softmax, or something between.
           "  return merge_heads(matmul(relu(matmul_nt(q, k)), v))\n",
           "  return merge_heads(matmul(softmax(relu(matmul_nt(q, k))), v))\n",
           "  return merge_heads(matmul(square(softmax(matmul_nt(q, k))), v))\n",
       }) {
    // NOLINTEND(bugprone-suspicious-missing-comma)
    EXPECT_TRUE(attention_scales(fused_plan(kHeads + body)).empty()) << body;
  }
}

/// The value that a plan's first attention makes, or nothing.
std::optional<nn::PlanValue> first_attention(const nn::LayerPlan& plan) {
  for (const nn::Step& step : plan.steps) {
    if (step.kind == nn::Step::Kind::kAttention) return step.outputs[0];
  }
  return std::nullopt;
}

at::Tensor value_of(nn::LayerPlan plan, nn::PlanValue value, const at::Tensor& x) {
  plan.output = value;
  nn::plan_releases(plan);
  nn::TimeTables tables(at::kCPU);
  return nn::run_plan(plan, x, tables);
}

// What follows an attention may amplify a rounding without bound (a norm of nearly equal values),
// so the attention's own value is compared.
TEST(Fusion, AttentionsOfRandomProgramsComputeTheSame) {
  constexpr std::uint64_t kSeed = 20261122;
  const at::NoGradGuard no_grad;
  int fused = 0;
  for (std::uint64_t index = 0; index < 400; ++index) {
    const space::Program program = random_program(kSeed, index);
    const nn::LayerPlan plan = small_layer(program, true, index);
    const auto value = first_attention(plan);
    if (!value) continue;
    ++fused;
    const at::Tensor x = random_tensor({2, 19, 8}, kSeed, index);
    const at::Tensor y = value_of(plan, *value, x);
    const at::Tensor expected = value_of(small_layer(program, false, index), *value, x);
    const double scale = std::max(1.0, expected.abs().max().item<double>());
    ASSERT_TRUE(at::allclose(y, expected, 0, kTolerance * scale, /*equal_nan=*/true))
        << "seed " << kSeed << " index " << index << ": "
        << (y - expected).abs().max().item<double>() << " of " << scale << "\n"
        << space::to_text(program);
  }
  EXPECT_GT(fused, 100) << "too few programs held an attention";
}

std::size_t count_of(const nn::LayerPlan& plan, nn::Step::Kind kind) {
  return static_cast<std::size_t>(std::ranges::count(plan.steps, kind, &nn::Step::kind));
}

/// Two layers of a program, joined and fused, in double precision: a wrong value shows, a rounding
/// that the program amplifies does not.
nn::LayerPlan two_layers(const space::Program& program, nn::FusionTarget target,
                         std::uint64_t seed) {
  nn::LayerPlan plan =
      nn::join({small_layer(program, false, seed), small_layer(program, false, seed + 1)});
  for (nn::Step& step : plan.steps) {
    for (at::Tensor& parameter : step.parameters) parameter = parameter.to(at::kDouble);
  }
  nn::fuse(plan, target);
  nn::plan_releases(plan);
  return plan;
}

TEST(Fusion, JoinsNormsAndProjectionsForAGpu) {
  using Kind = nn::Step::Kind;
  const nn::LayerPlan primer =
      two_layers(primer_architecture().layers[0].program, nn::FusionTarget::kCuda, 1);
  EXPECT_EQ(count_of(primer, Kind::kNorm), 4U);
  // All but the first read a sum: also that at the end of the layer before.
  std::size_t adding = 0;
  for (const nn::Step& step : primer.steps) {
    adding += step.kind == Kind::kNorm && step.inputs.size() == 2 ? 1 : 0;
  }
  EXPECT_EQ(adding, 3U);
  EXPECT_EQ(count_of(primer, Kind::kProjections), 2U);
  EXPECT_EQ(count_of(primer, Kind::kAttention), 2U);
  EXPECT_EQ(count_of(primer, Kind::kSquaredRelu), 2U);
  for (const nn::Step& step : primer.steps) {
    if (step.kind == Kind::kProjections) {
      EXPECT_TRUE(step.convolves && !step.splits_heads);
      EXPECT_EQ(step.outputs.size(), 3U);
    }
  }
  const nn::LayerPlan vanilla =
      two_layers(vanilla_architecture().layers[0].program, nn::FusionTarget::kCuda, 1);
  for (const nn::Step& step : vanilla.steps) {
    if (step.kind == Kind::kProjections) {
      EXPECT_FALSE(step.convolves || step.splits_heads);
    }
  }
  EXPECT_EQ(count_of(vanilla, Kind::kProjections), 2U);
}

// What is fused for a GPU alone computes the same on the CPU, whatever else reads its values.
TEST(Fusion, RandomProgramsComputeTheSameForAGpu) {
  constexpr std::uint64_t kSeed = 20261126;
  const at::NoGradGuard no_grad;
  std::size_t norms = 0;
  std::size_t projections = 0;
  std::size_t chains = 0;
  std::size_t longest = 0;
  std::size_t compared = 0;
  for (std::uint64_t index = 0; index < 300; ++index) {
    const space::Program program = random_program(kSeed, index);
    const nn::LayerPlan cpu = two_layers(program, nn::FusionTarget::kCpu, index);
    const nn::LayerPlan cuda = two_layers(program, nn::FusionTarget::kCuda, index);
    norms += count_of(cuda, nn::Step::Kind::kNorm);
    projections += count_of(cuda, nn::Step::Kind::kProjections);
    chains += count_of(cuda, nn::Step::Kind::kElementwise);
    for (const nn::Step& step : cuda.steps) longest = std::max(longest, step.chain.steps.size());
    nn::TimeTables tables(at::kCPU);
    const at::Tensor x = random_tensor({2, 19, 8}, kSeed, index).to(at::kDouble);
    const at::Tensor expected = nn::run_plan(cpu, x, tables);
    const at::Tensor found = nn::run_plan(cuda, x, tables);
    ASSERT_EQ(found.sizes(), expected.sizes());
    if (!expected.isfinite().all().item<bool>()) continue;
    ++compared;
    const double scale = std::max(1.0, expected.abs().max().item<double>());
    ASSERT_TRUE(at::allclose(found, expected, 0, 1e-6 * scale))
        << "seed " << kSeed << " index " << index << ": "
        << (found - expected).abs().max().item<double>() << " of " << scale << "\n"
        << space::to_text(program);
  }
  EXPECT_GT(compared, 150U);
  EXPECT_GT(norms, 100U);
  EXPECT_GT(projections, 20U);
  EXPECT_GT(chains, 100U);
  EXPECT_GT(longest, 4U);
}

TEST(Fusion, HandMadeModelsComputeTheSame) {
  for (const auto& architecture : {vanilla_architecture(), primer_architecture()}) {
    nn::Model plain(architecture, {.fuse = false});
    nn::Model fused(architecture, {.fuse = true});
    for (nn::Model* const model : {&plain, &fused}) {
      model->initialise(1, 0);
      disturb(*model, 0.1, 1);
    }
    const at::Tensor tokens = random_tokens(2, 50, 40, 1);
    const at::Tensor logits = fused.forward(tokens);
    EXPECT_TRUE(at::allclose(logits, plain.forward(tokens), kTolerance, kTolerance));
    EXPECT_FALSE(at::equal(logits, plain.forward(tokens))) << "nothing was fused";
  }
}

at::Tensor reference(const at::Tensor& q, const at::Tensor& k, const at::Tensor& v, double scale) {
  const std::int64_t seq = q.size(2);
  const at::Tensor later = at::ones({seq, seq}, q.options().dtype(at::kBool)).triu(1);
  const at::Tensor scores = q.matmul(k.transpose(2, 3)) * scale;
  return scores.masked_fill(later, -std::numeric_limits<float>::infinity()).softmax(-1).matmul(v);
}

/// The three operands [2, 3, seq, head_dim], as split_heads leaves them.
std::vector<at::Tensor> operands(std::int64_t seq, std::int64_t head_dim, at::Device device) {
  std::vector<at::Tensor> all;
  for (std::uint64_t i = 0; i < 3; ++i) {
    const at::Tensor x = random_tensor({2, seq, 3, head_dim}, 9, i).to(device).transpose(1, 2);
    all.push_back(x.detach().requires_grad_(true));
  }
  return all;
}

void expect_reference(at::Device device, double scale) {
  for (const std::int64_t seq : {1, 2, 31, 32, 33, 64, 200}) {
    for (const std::int64_t head_dim : {2, 5, 8, 16, 64}) {
      const auto ours = operands(seq, head_dim, device);
      const auto theirs = operands(seq, head_dim, device);
      const at::Tensor y = nn::attention(ours[0], ours[1], ours[2], {scale, true});
      const at::Tensor expected = reference(theirs[0], theirs[1], theirs[2], scale);
      EXPECT_TRUE(at::allclose(y, expected, 1e-4, kTolerance)) << seq << " " << head_dim;
      const at::Tensor weights = random_tensor(y.sizes(), 10, 0).to(device);
      (y * weights).sum().backward();
      (expected * weights).sum().backward();
      for (std::size_t i = 0; i < 3; ++i) {
        EXPECT_TRUE(at::allclose(ours[i].grad(), theirs[i].grad(), 1e-3, 1e-4))
            << seq << " " << head_dim << " gradient " << i;
      }
    }
  }
}

/// No bad row of a later token reaches an earlier output, and grad mode changes no bit.
void expect_no_leak(at::ScalarType type, at::Device device) {
  const at::NoGradGuard no_grad;
  for (const std::int64_t seq : {9, 40, 70, 200}) {
    std::vector<at::Tensor> tensors;
    for (const at::Tensor& x : operands(seq, 16, device)) tensors.push_back(x.detach().to(type));
    const at::Tensor before = nn::attention(tensors[0], tensors[1], tensors[2], {0.25, true});
    for (const std::int64_t t : {seq / 2, seq - 1}) {
      for (std::size_t i = 0; i < 3; ++i) {
        for (const double bad :
             {1e38, std::numeric_limits<double>::infinity(),
              -std::numeric_limits<double>::infinity(), std::numeric_limits<double>::quiet_NaN()}) {
          std::vector<at::Tensor> changed = tensors;
          changed[i] = changed[i].clone();
          changed[i].select(2, t).fill_(bad);
          const at::Tensor after = nn::attention(changed[0], changed[1], changed[2], {0.25, true});
          EXPECT_TRUE(at::equal(before.narrow(2, 0, t), after.narrow(2, 0, t)))
              << "seq " << seq << " token " << t << " operand " << i << " value " << bad;
        }
      }
    }
    const at::AutoGradMode grad(true);
    tensors[1].requires_grad_(true);
    EXPECT_TRUE(at::equal(nn::attention(tensors[0], tensors[1], tensors[2], {0.25, true}), before));
  }
}

TEST(Attention, IsTheReferenceForwardAndBackward) {
  for (const double scale : {0.3, -0.4, 0.0}) expect_reference(at::kCPU, scale);
}

TEST(Attention, LetsNothingBadReachAnEarlierToken) {
  expect_no_leak(at::kFloat, at::kCPU);
  expect_no_leak(at::kBFloat16, at::kCPU);
}

TEST(Attention, BidirectionalAttendsToEveryKey) {
  const auto x = operands(9, 8, at::kCPU);
  const at::Tensor y = nn::attention(x[0], x[1], x[2], {0.3, false});
  const at::Tensor expected = (x[0].matmul(x[1].transpose(2, 3)) * 0.3).softmax(-1).matmul(x[2]);
  EXPECT_TRUE(at::allclose(y, expected, 1e-4, kTolerance));
}

TEST(GpuAttention, IsTheReferenceForwardAndBackward) {
  NAS_TEST_REQUIRE_GPU();
  for (const double scale : {0.3, -0.4, 0.0}) expect_reference(at::Device(at::kCUDA, 0), scale);
}

TEST(GpuAttention, LetsNothingBadReachAnEarlierToken) {
  NAS_TEST_REQUIRE_GPU();
  expect_no_leak(at::kFloat, at::Device(at::kCUDA, 0));
  expect_no_leak(at::kBFloat16, at::Device(at::kCUDA, 0));
}

}  // namespace
}  // namespace nas::test
