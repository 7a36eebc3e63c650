#include <ATen/Functions.h>
#include <ATen/core/grad_mode.h>
#include <gtest/gtest.h>

#include <cmath>
#include <span>

#include "nas/ops/adamw.hpp"
#include "nas/ops/add_norm.hpp"
#include "nas/ops/cross_entropy.hpp"
#include "nas/ops/depthwise_conv.hpp"
#include "nas/ops/embed.hpp"
#include "nas/ops/normal.hpp"
#include "nas/ops/packed_linear.hpp"
#include "nas/ops/rotate.hpp"
#include "nas/ops/squared_relu.hpp"
#include "ops/kernel_agreement.hpp"
#include "support/gpu.hpp"

namespace nas::ops {
namespace {

struct Precision {
  at::ScalarType type;
  double tolerance;
};

// bfloat16 has 8 bits of mantissa; sums of a few hundred roundings of it.
constexpr Precision kPrecisions[] = {{at::kFloat, 2e-5}, {at::kBFloat16, 1.5e-2}};

/// Compares an operation on the GPU with the plain one in double on the same rounded inputs; the
/// last `wide` inputs are float32 always. Twice the same bits.
void expect_agreement(const Operation& kernel, const Operation& plain, const Tensors& inputs,
                      std::size_t wide, Draws& draws,
                      std::span<const Precision> precisions = kPrecisions) {
  for (const Precision& precision : precisions) {
    Tensors on_device;
    Tensors rounded;
    for (std::size_t i = 0; i < inputs.size(); ++i) {
      const bool is_wide = i + wide >= inputs.size();
      on_device.push_back(inputs[i].to(is_wide ? at::kFloat : precision.type).to(at::kCUDA));
      rounded.push_back(on_device.back().cpu().to(at::kDouble));
    }
    Tensors weighing;
    for (const at::Tensor& result : plain(rounded))
      weighing.push_back(draws.normal(result.sizes()));
    const Tensors found = with_gradients(kernel, on_device, weighing);
    const Tensors expected = with_gradients(plain, rounded, weighing);
    ASSERT_EQ(found.size(), expected.size());
    for (std::size_t i = 0; i < found.size(); ++i) {
      EXPECT_LE(difference(found[i], expected[i]), precision.tolerance)
          << "result or gradient " << i << ", " << precision.type << ", first input "
          << inputs[0].sizes();
    }
    const Tensors again = with_gradients(kernel, on_device, weighing);
    for (std::size_t i = 0; i < found.size(); ++i) EXPECT_TRUE(at::equal(found[i], again[i])) << i;
  }
}

class GpuKernels : public testing::Test {
 protected:
  void SetUp() override { NAS_TEST_REQUIRE_GPU(); }
};

TEST_F(GpuKernels, DepthwiseConv) {
  for (std::uint32_t i = 0; i < 24; ++i) {
    Draws draws(i);
    const std::int64_t batch = draws.among({0, 1, 3, 8});
    const std::int64_t seq = draws.among({1, 2, 17, 64, 301});
    const std::int64_t channels = draws.among({1, 7, 24, 128});
    const std::int64_t parts = draws.among({1, 2, 3});
    const std::int64_t width = draws.among({1, 2, 3, 3, 5, 31});
    Tensors inputs{draws.normal({batch, seq, parts * channels})};
    for (std::int64_t part = 0; part < parts; ++part) {
      inputs.push_back(draws.normal({channels, width}));
    }
    const auto with = [](auto function) {
      return [function](const Tensors& all) {
        return function(all[0], Tensors(all.begin() + 1, all.end()), {});
      };
    };
    expect_agreement(with(depthwise_conv), with(depthwise_conv_plain), inputs, 0, draws);
  }
}

TEST_F(GpuKernels, DepthwiseConvMakesPartsFinite) {
  const auto options = at::TensorOptions().device(at::kCUDA);
  for (const std::int64_t width : {3, 4}) {
    for (const Precision& precision : kPrecisions) {
      const at::Tensor x = at::ones({1, 8, 32}, options.dtype(precision.type));
      x.select(1, 2).fill_(INFINITY);
      x.select(1, 5).fill_(-INFINITY);
      const at::Tensor weight = at::ones({16, width}, x.options());
      const Tensors raw = depthwise_conv(x, {weight, weight});
      const Tensors parts = depthwise_conv(x, {weight, weight}, {false, true});
      EXPECT_TRUE(at::equal(parts[0].nan_to_num(), raw[0].nan_to_num()));
      EXPECT_FALSE(parts[0].isfinite().all().item<bool>());
      EXPECT_TRUE(at::equal(parts[1], raw[1].nan_to_num()));
    }
  }
}

TEST_F(GpuKernels, DepthwiseConvOfRowsThatAreNotWhole) {
  Draws draws(900);
  const Operation kernel = [](const Tensors& all) {
    return depthwise_conv(all[0].transpose(0, 1), {all[1]});
  };
  const Operation plain = [](const Tensors& all) {
    return depthwise_conv_plain(all[0].transpose(0, 1), {all[1]});
  };
  expect_agreement(kernel, plain, {draws.normal({33, 4, 16}), draws.normal({16, 3})}, 0, draws);
}

TEST_F(GpuKernels, AddNorm) {
  for (std::uint32_t i = 0; i < 32; ++i) {
    Draws draws(100 + i);
    const std::int64_t rows = draws.among({0, 1, 5, 700, 2049});
    const std::int64_t width = draws.among({1, 7, 64, 128, 256, 264, 768, 1024, 1500, 4096});
    const bool adds = draws.coin();
    const bool is_rms = draws.coin();
    Tensors inputs{draws.normal({rows, width}, 2)};
    if (adds) inputs.push_back(draws.normal({rows, width}));
    inputs.push_back(draws.normal({width}));
    if (!is_rms) inputs.push_back(draws.normal({width}));
    const auto with = [=](auto function) {
      return [=](const Tensors& all) -> Tensors {
        std::size_t next = 1;
        const at::Tensor added = adds ? all[next++] : at::Tensor();
        const at::Tensor& weight = all[next++];
        const AddedAndNormed both = function(
            all[0], added, NormParameters{weight, is_rms ? at::Tensor() : all[next], 1e-5});
        return adds ? Tensors{both.sum, both.y} : Tensors{both.y};
      };
    };
    // The sum is rounded before it is normalised, in the reference too little to matter; rows of
    // one value have no variance, so what is divided by is eps alone.
    if (width == 1 && !is_rms) continue;
    expect_agreement(with(add_norm), with(add_norm_plain), inputs, is_rms ? 1 : 2, draws);
  }
}

TEST_F(GpuKernels, LinearCrossEntropy) {
  for (std::uint32_t i = 0; i < 20; ++i) {
    Draws draws(200 + i);
    const std::int64_t rows = draws.among({1, 6, 130, 512});
    const std::int64_t classes = draws.among({2, 7, 256, 1001, 4096, 8192, 8200, 32768});
    const at::Tensor targets = draws.below(rows, classes);
    const Tensors inputs{draws.normal({rows, 32}), draws.normal({classes, 32}, 0.3)};
    const Operation kernel = [&](const Tensors& all) -> Tensors {
      return {linear_cross_entropy(all[0], all[1], targets.to(all[0].device()))};
    };
    const Operation plain = [&](const Tensors& all) -> Tensors {
      return {linear_cross_entropy_plain(all[0], all[1], targets)};
    };
    expect_agreement(kernel, plain, inputs, 0, draws);
  }
}

TEST_F(GpuKernels, CrossEntropyWhereBackwardStarts) {
  Draws draws(250);
  const at::Tensor targets = draws.below(40, 100).to(at::kCUDA);
  std::vector<at::Tensor> gradients;
  for (const LossGradient gradient : {LossGradient::kAny, LossGradient::kOne}) {
    Draws same(251);
    const at::Tensor x = same.normal({40, 16}).to(at::kFloat).to(at::kCUDA).requires_grad_(true);
    const at::Tensor weight =
        same.normal({100, 16}).to(at::kFloat).to(at::kCUDA).requires_grad_(true);
    linear_cross_entropy(x, weight, targets, gradient).backward();
    gradients.push_back(at::cat({x.grad(), weight.grad()}));
  }
  EXPECT_TRUE(at::equal(gradients[0], gradients[1]));
}

TEST_F(GpuKernels, CrossEntropyOfExtremeLogits) {
  const auto options = at::TensorOptions().device(at::kCUDA);
  const at::Tensor weight = at::eye(4, options);
  const at::Tensor targets = at::zeros({2}, options.dtype(at::kLong));
  const at::Tensor x = at::zeros({2, 4}, options);
  x[0].fill_(-3e38);
  x[1][0] = 3e38;
  EXPECT_NEAR(linear_cross_entropy(x, weight, targets).item<double>(), std::log(4) / 2, 1e-6);
  x[1][1] = NAN;
  EXPECT_TRUE(std::isnan(linear_cross_entropy(x, weight, targets).item<double>()));
}

TEST_F(GpuKernels, SquaredRelu) {
  for (std::uint32_t i = 0; i < 8; ++i) {
    Draws draws(300 + i);
    const Tensors inputs{draws.normal({draws.among({0, 1, 33}), draws.among({1, 9, 512})})};
    const auto with = [](auto function) {
      return [function](const Tensors& all) -> Tensors { return {function(all[0])}; };
    };
    expect_agreement(with(squared_relu), with(squared_relu_plain), inputs, 0, draws);
  }
}

TEST_F(GpuKernels, Rotate) {
  for (std::uint32_t i = 0; i < 16; ++i) {
    Draws draws(350 + i);
    const std::int64_t seq = draws.among({1, 2, 33, 300});
    const std::int64_t heads = draws.among({1, 3, 4});
    const std::int64_t half = draws.among({1, 7, 16, 32});
    const bool has_heads = draws.coin();
    const Tensors inputs{draws.normal({draws.among({0, 1, 5}), seq, heads, 2 * half})};
    const at::Tensor angles = draws.normal({seq, half}, 3);
    const at::Tensor cosine = angles.cos().to(at::kFloat);
    const at::Tensor sine = angles.sin().to(at::kFloat);
    const auto with = [&](auto function) {
      return [&, function](const Tensors& all) -> Tensors {
        const at::Device device = all[0].device();
        // As split_heads makes them, or without heads.
        const at::Tensor x = has_heads ? all[0].transpose(1, 2) : all[0].select(2, 0);
        return {function(x, cosine.to(device), sine.to(device))};
      };
    };
    expect_agreement(with(rotate), with(rotate_plain), inputs, 0, draws);
  }
}

TEST_F(GpuKernels, Embed) {
  for (std::uint32_t i = 0; i < 24; ++i) {
    Draws draws(500 + i);
    const std::int64_t batch = draws.among({0, 1, 3, 32});
    const std::int64_t seq = draws.among({1, 2, 17, 300});
    const std::int64_t vocab = draws.among({1, 5, 257, 8192});
    const std::int64_t width = draws.among({1, 7, 128, 200, 768, 2056});
    const bool has_positions = draws.coin();
    at::Tensor tokens = draws.below(batch * seq, vocab);
    // A token that stands in half of all places.
    if (draws.coin()) tokens.slice(0, 0, {}, 2).fill_(vocab / 2);
    tokens = tokens.view({batch, seq});
    Tensors inputs{draws.normal({vocab, width})};
    if (has_positions) inputs.push_back(draws.normal({seq + draws.among({0, 5}), width}));
    for (const Precision& precision : kPrecisions) {
      const Operation kernel = [&](const Tensors& all) -> Tensors {
        return {embed(tokens.to(at::kCUDA), {all[0], has_positions ? all[1] : at::Tensor()},
                      precision.type)};
      };
      const Operation plain = [&](const Tensors& all) -> Tensors {
        return {embed_plain(tokens, {all[0], has_positions ? all[1] : at::Tensor()}, at::kDouble)};
      };
      expect_agreement(kernel, plain, inputs, inputs.size(), draws, {&precision, 1});
    }
  }
}

TEST_F(GpuKernels, PackedLinear) {
  for (std::uint32_t i = 0; i < 8; ++i) {
    Draws draws(600 + i);
    const std::int64_t in = draws.among({1, 8, 40});
    Tensors inputs{draws.normal({draws.among({1, 3}), draws.among({1, 65}), in})};
    std::vector<std::int64_t> sizes;
    for (std::int64_t part = 0; part < draws.among({1, 2, 3}); ++part) {
      sizes.push_back(draws.among({1, 16, 24}));
      inputs.push_back(draws.normal({sizes.back(), in}));
    }
    const Operation kernel = [&](const Tensors& all) {
      return split_last(packed_linear(all[0], Tensors(all.begin() + 1, all.end())), sizes);
    };
    const Operation plain = [&](const Tensors& all) {
      Tensors parts;
      for (std::size_t part = 1; part < all.size(); ++part) {
        parts.push_back(at::linear(all[0], all[part]));
      }
      return parts;
    };
    expect_agreement(kernel, plain, inputs, 0, draws);
  }
}

TEST_F(GpuKernels, NormalNumbersHaveTheBitsOfTheHost) {
  const std::vector<double> means{0.5, -1.0 / 3, 0.0};
  for (const std::int64_t count : {1, 3, 4, 1'000'003}) {
    for (const std::size_t period : {1U, 3U}) {
      const NormalRule rule{0.037, std::span(means).first(period)};
      const DrawKey key{77, Purpose::kTest, 5, 9};
      const at::Tensor host = at::empty({count}, at::kFloat);
      const at::Tensor device = at::empty({count}, host.options().device(at::kCUDA));
      fill_normal(host, rule, key);
      fill_normal(device, rule, key);
      EXPECT_TRUE(at::equal(device.cpu(), host)) << count << " " << period;
    }
  }
  const std::vector<double> many(40, 2.0);
  const at::Tensor device = at::empty({80}, at::TensorOptions().device(at::kCUDA));
  fill_normal(device, {0, many}, {1, Purpose::kTest, 5, 9});
  EXPECT_TRUE(at::equal(device.cpu(), at::full({80}, 2.0)));
}

/// One parameter in double precision.
struct Reference {
  at::Tensor w, m, v;
  double decay;

  void step(const at::Tensor& g, int t, double rate, const AdamWOptions& o) {
    w = w.mul(1 - rate * decay);
    m = m.mul(o.beta1).add(g, 1 - o.beta1);
    v = v.mul(o.beta2).add(g.square(), 1 - o.beta2);
    const at::Tensor denominator = v.div(1 - std::pow(o.beta2, t)).sqrt().add(o.epsilon);
    w = w.sub(m.div(1 - std::pow(o.beta1, t)).div(denominator), rate);
  }
};

TEST_F(GpuKernels, AdamWOfManyTensorsOfAnySize) {
  const auto on_device = at::TensorOptions().device(at::kCUDA);
  Draws draws(400);
  const AdamWOptions options{0.9, 0.98, 1e-6, 0.5};
  std::vector<AdamWParameter> parameters;
  std::vector<Reference> references;
  // More than one launch holds; some larger than a block's share.
  for (int i = 0; i < 500; ++i) {
    const std::int64_t count = i % 100 == 0 ? 20'003 : draws.among({1, 3, 64, 129});
    AdamWParameter parameter;
    parameter.weight = draws.normal({count}).to(at::kFloat).to(at::kCUDA).requires_grad_(true);
    parameter.first_moment = at::zeros({count}, on_device);
    parameter.second_moment = at::zeros({count}, on_device);
    if (i % 3 > 0)
      parameter.narrow = parameter.weight.detach().to(at::kBFloat16).requires_grad_(true);
    parameter.weight_decay = i % 2 ? 0.1 : 0.0;
    const at::Tensor w = parameter.weight.detach().cpu().to(at::kDouble);
    references.push_back({w, at::zeros_like(w), at::zeros_like(w), parameter.weight_decay});
    parameters.push_back(parameter);
  }
  const at::NoGradGuard no_grad;
  for (int t = 1; t <= 5; ++t) {
    std::vector<at::Tensor> gradients;
    double squares = 0;
    for (std::size_t i = 0; i < parameters.size(); ++i) {
      const AdamWParameter& parameter = parameters[i];
      const at::Tensor raw = draws.normal(parameter.weight.sizes()).to(at::kFloat).to(at::kCUDA);
      at::Tensor sum = at::zeros(parameter.weight.sizes(), at::kDouble);
      if (i % 3 != 1) {  // 1: the narrow leaf alone; 2: both
        parameter.weight.mutable_grad() = raw;
        sum = sum.add(raw.cpu().to(at::kDouble));
      }
      if (i % 3 > 0) {
        parameter.narrow.mutable_grad() = raw.to(at::kBFloat16);
        sum = sum.add(parameter.narrow.grad().cpu().to(at::kDouble));
      }
      squares += sum.square().sum().item<double>();
      gradients.push_back(sum);
    }
    const double rate = 0.01 / t;
    const at::Tensor norm = gradient_norm(parameters);
    EXPECT_NEAR(norm.item<double>(), std::sqrt(squares), 1e-5 * std::sqrt(squares));
    adamw_step(parameters, options,
               at::full({}, static_cast<double>(t), on_device.dtype(at::kFloat)),
               at::full({}, rate, on_device.dtype(at::kFloat)), norm);
    const double scale = std::min(1.0, options.clip_norm / (std::sqrt(squares) + 1e-6));
    for (std::size_t i = 0; i < parameters.size(); ++i) {
      references[i].step(gradients[i].mul(scale), t, rate, options);
      const AdamWParameter& parameter = parameters[i];
      ASSERT_LE(difference(parameter.weight, references[i].w), 2e-6) << i << " after " << t;
      if (parameter.narrow.defined()) {
        ASSERT_TRUE(at::equal(parameter.narrow, parameter.weight.to(at::kBFloat16))) << i;
      }
    }
  }
}

}  // namespace
}  // namespace nas::ops
