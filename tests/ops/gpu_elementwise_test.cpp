#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <limits>
#include <set>

#include "nas/ops/elementwise.hpp"
#include "nas/ops/packed_linear.hpp"
#include "ops/kernel_agreement.hpp"
#include "support/gpu.hpp"

namespace nas::ops {
namespace {

using Op = ElementwiseOp;

constexpr double kSmall = 1e-6;  // what divisors are compared with
const at::Device kDevice = at::kCUDA;

struct Precision {
  at::ScalarType type;
  double tolerance;
};

// In float32 a dozen steps with slopes up to some tens; in bfloat16 the result's own rounding.
constexpr std::array kPrecisions{Precision{at::kFloat, 1e-4}, Precision{at::kBFloat16, 5e-3}};

ElementwiseChain lone(Op op) {
  const std::size_t inputs = is_binary(op) ? 2 : 1;
  return {inputs, {{{op, kSmall}, 0, static_cast<std::uint8_t>(inputs - 1)}}};
}

/// op(a) b, or b op(a).
ElementwiseChain gated(Op op, bool swapped) {
  return {2,
          {{{op, 0}, 0, 0},
           {{Op::kMultiply, 0},
            swapped ? std::uint8_t{1} : std::uint8_t{2},
            swapped ? std::uint8_t{2} : std::uint8_t{1}}}};
}

ElementwiseChain random_chain(Draws& draws) {
  ElementwiseChain chain;
  chain.input_count = static_cast<std::size_t>(draws.among({1, 2, 3, 4}));
  const auto steps = static_cast<std::size_t>(draws.among({1, 2, 3, 5, 8, 12}));
  const auto below = [&](std::size_t limit) {
    return draws.below(1, static_cast<std::int64_t>(limit)).item<std::int64_t>();
  };
  for (std::size_t i = 0; i < steps; ++i) {
    const std::size_t made = chain.input_count + i;
    const auto op = static_cast<Op>(below(kElementwiseOps));
    const bool is_factor = op == Op::kScale || op == Op::kShift;
    // The value before is read more often than not: a chain that uses what it makes.
    const auto a = draws.coin() ? static_cast<std::int64_t>(made - 1) : below(made);
    chain.steps.push_back({{op, is_factor ? -0.7 : kSmall},
                           static_cast<std::uint8_t>(a),
                           static_cast<std::uint8_t>(below(made))});
  }
  return chain;
}

Operation operation_of(const ElementwiseChain& chain) {
  return [chain](const Tensors& inputs) -> Tensors { return {elementwise(chain, inputs)}; };
}
Operation plain_operation_of(const ElementwiseChain& chain) {
  return [chain](const Tensors& inputs) -> Tensors { return {elementwise_plain(chain, inputs)}; };
}

/// Where no step is near a corner or a pole or makes a large number, so that a rounding stays one.
at::Tensor is_tame(const ElementwiseChain& chain, const Tensors& inputs) {
  at::Tensor tame = at::ones(inputs[0].sizes(), at::kBool);
  Tensors values = inputs;
  for (const ElementwiseStep& step : chain.steps) {
    const at::Tensor& a = values[step.a];
    const at::Tensor& b = values[step.b];
    switch (step.function.op) {
      case Op::kAbs:
      case Op::kAbsRoot:
      case Op::kLogAbs:
      case Op::kRecip:
      case Op::kRelu:
      case Op::kSign:
        tame = tame.logical_and(a.abs().gt(0.1));
        break;
      case Op::kDivide:
        tame = tame.logical_and(b.abs().gt(0.1));
        break;
      case Op::kMaximum:
      case Op::kMinimum:
        tame = tame.logical_and(a.sub(b).abs().gt(1e-3));
        break;
      default:
        break;
    }
    const Tensors operands = is_binary(step.function.op) ? Tensors{a, b} : Tensors{a};
    ElementwiseChain one = lone(step.function.op);
    one.steps[0].function = step.function;
    values.push_back(elementwise_plain(one, operands));
    tame = tame.logical_and(values.back().abs().lt(20));
  }
  return tame;
}

/// Every tensor's largest difference, of what is tame, over its own size or 1.
void expect_close(const Tensors& found, const Tensors& expected, const at::Tensor& tame,
                  double tolerance, const std::string& where) {
  ASSERT_EQ(found.size(), expected.size());
  for (std::size_t i = 0; i < found.size(); ++i) {
    ASSERT_EQ(found[i].sizes(), expected[i].sizes()) << where;
    const at::Tensor few = expected[i].masked_select(tame);
    if (few.numel() == 0) continue;
    const at::Tensor apart = found[i].cpu().to(at::kDouble).masked_select(tame).sub(few).abs();
    EXPECT_LE(apart.div(few.abs().clamp_min(1)).max().item<double>(), tolerance)
        << where << ", result or gradient " << i;
  }
}

std::string text_of(const ElementwiseChain& chain) {
  std::string text = std::to_string(chain.input_count) + " inputs";
  for (const ElementwiseStep& step : chain.steps) {
    text += ", " + std::to_string(static_cast<int>(step.function.op)) + "(" +
            std::to_string(step.a) + ", " + std::to_string(step.b) + ")";
  }
  return text;
}

/// On the GPU and by LibTorch in double on the same rounded inputs; twice the same bits. Returns
/// the share of elements that were compared.
double expect_agreement(const ElementwiseChain& chain, const Tensors& inputs, Draws& draws) {
  double compared = 0;
  for (const Precision& precision : kPrecisions) {
    Tensors on_device;
    Tensors rounded;
    for (const at::Tensor& input : inputs) {
      on_device.push_back(input.to(precision.type).to(kDevice));
      rounded.push_back(on_device.back().cpu().to(at::kDouble));
    }
    // Gradients that both ways are given without a rounding.
    const Tensors weighing{draws.normal(inputs[0].sizes()).to(at::kBFloat16).to(at::kDouble)};
    const Tensors found = with_gradients(operation_of(chain), on_device, weighing);
    const Tensors expected = with_gradients(plain_operation_of(chain), rounded, weighing);
    at::Tensor tame = is_tame(chain, rounded);
    for (const at::Tensor& result : expected) tame = tame.logical_and(result.abs().lt(50));
    const std::string where = text_of(chain) + (precision.type == at::kFloat ? "" : ", bfloat16");
    expect_close(found, expected, tame, precision.tolerance, where);
    const Tensors again = with_gradients(operation_of(chain), on_device, weighing);
    for (std::size_t i = 0; i < found.size(); ++i) {
      EXPECT_TRUE(at::equal(found[i].nan_to_num(), again[i].nan_to_num())) << where << " " << i;
    }
    if (tame.numel() > 0) compared += tame.to(at::kDouble).mean().item<double>() / 2;
  }
  return compared;
}

class GpuElementwise : public testing::Test {
 protected:
  void SetUp() override { NAS_TEST_REQUIRE_GPU(); }
};

TEST_F(GpuElementwise, RandomChains) {
  constexpr std::uint32_t kChains = 150;
  std::set<Op> tried;
  double compared = 0;
  for (std::uint32_t i = 0; i < kChains; ++i) {
    Draws draws(2000 + i);
    const ElementwiseChain chain = random_chain(draws);
    for (const ElementwiseStep& step : chain.steps) tried.insert(step.function.op);
    // Whole vectors and others, less and more than a block.
    const std::int64_t rows = draws.among({1, 1, 3, 8, 33});
    const std::int64_t width = draws.among({1, 5, 64, 129, 512});
    Tensors inputs;
    for (std::size_t k = 0; k < chain.input_count; ++k) {
      inputs.push_back(draws.normal({rows, 2, width}));
    }
    compared += expect_agreement(chain, inputs, draws);
  }
  EXPECT_EQ(tried.size(), kElementwiseOps);
  EXPECT_GT(compared, kChains / 3.0);
}

TEST_F(GpuElementwise, ChainsWithKernelsOfTheirOwnAndTheirLike) {
  std::vector<ElementwiseChain> chains{lone(Op::kGeluErf), lone(Op::kGeluTanh)};
  for (const Op op : {Op::kSilu, Op::kGeluErf, Op::kGeluTanh}) {
    for (const bool swapped : {false, true}) chains.push_back(gated(op, swapped));
  }
  // Others in one point.
  const ElementwiseStep silu{{Op::kSilu, 0}, 0, 0};
  const ElementwiseStep silu_of_second{{Op::kSilu, 0}, 1, 0};
  const auto product = [](std::uint8_t a, std::uint8_t b) {
    return ElementwiseStep{{Op::kMultiply, 0}, a, b};
  };
  chains.push_back({1, {silu, product(1, 0)}});
  chains.push_back({2, {silu, product(2, 0)}});
  chains.push_back({2, {silu, product(2, 2)}});
  chains.push_back({2, {silu_of_second, product(2, 0)}});
  chains.push_back({2, {silu_of_second, product(1, 2)}});
  chains.push_back({3, {silu, product(2, 1)}});
  chains.push_back({2, {silu, {{Op::kSubtract, 0}, 1, 2}}});
  chains.push_back({1, {{{Op::kGeluErf, 0}, 0, 0}, {{Op::kGeluErf, 0}, 1, 0}}});
  for (const ElementwiseChain& chain : chains) {
    for (const std::int64_t count : {1, 8, 2052, 99'999, 100'000}) {
      Draws draws(2200);
      Tensors inputs;
      for (std::size_t k = 0; k < chain.input_count; ++k) {
        inputs.push_back(draws.normal({count}, 2));
      }
      EXPECT_GT(expect_agreement(chain, inputs, draws), 0.95);
    }
  }
}

TEST_F(GpuElementwise, AnyLayout) {
  const ElementwiseChain chain = gated(Op::kSilu, false);
  const auto reordered = [&](auto first, auto second) {
    return [=](auto function) -> Operation {
      return [=](const Tensors& all) -> Tensors {
        return {function(chain, {first(all[0]), second(all[1])})};
      };
    };
  };
  const auto as_is = [](const at::Tensor& x) { return x; };
  const auto heads = [](const at::Tensor& x) { return x.transpose(1, 2); };
  const auto part = [](const at::Tensor& x) { return x.slice(3, 1, 8); };
  const auto compare = [&](const auto& operations, at::IntArrayRef first, at::IntArrayRef second) {
    Draws draws(2300);
    const Tensors inputs{draws.normal(first), draws.normal(second)};
    Tensors on_device;
    for (const at::Tensor& input : inputs) on_device.push_back(input.to(at::kFloat).to(kDevice));
    Tensors rounded;
    for (const at::Tensor& input : on_device) rounded.push_back(input.cpu().to(at::kDouble));
    const Operation plain = operations(elementwise_plain);
    const Tensors weighing{draws.normal(plain(rounded)[0].sizes())};
    const Tensors found = with_gradients(operations(elementwise), on_device, weighing);
    const Tensors expected = with_gradients(plain, rounded, weighing);
    ASSERT_EQ(found.size(), expected.size());
    for (std::size_t i = 0; i < found.size(); ++i) {
      EXPECT_LE(difference(found[i], expected[i]), 2e-5) << i << " of " << at::str(first);
    }
  };
  for (const std::int64_t seq : {1, 2, 9}) {
    compare(reordered(heads, heads), {2, seq, 3, 8}, {2, seq, 3, 8});
    compare(reordered(as_is, heads), {2, 3, seq, 8}, {2, seq, 3, 8});
    compare(reordered(heads, as_is), {2, seq, 3, 8}, {2, 3, seq, 8});
    compare(reordered(part, part), {2, seq, 3, 9}, {2, seq, 3, 9});
    compare(reordered(part, as_is), {2, seq, 3, 9}, {2, seq, 3, 7});
  }
  // Dense, but vectors begin nowhere.
  const auto behind = [](const at::Tensor& x) { return x.slice(0, 1); };
  compare(reordered(behind, behind), {2049}, {2049});
  compare(reordered(as_is, behind), {2048}, {2049});
  const at::Tensor x = at::ones({2, 9, 3, 8}, at::TensorOptions(kDevice)).transpose(1, 2);
  EXPECT_EQ(elementwise(chain, {x, x}).strides(), x.strides());
}

TEST_F(GpuElementwise, PartsOfAPackedTensor) {
  const auto as_they_are = [](const Tensors& parts) { return parts; };
  const auto second_first = [](const Tensors& parts) { return Tensors{parts[1], parts[0]}; };
  const auto as_heads = [](const Tensors& parts) {
    Tensors heads;
    for (const at::Tensor& x : parts) heads.push_back(x.unflatten(2, {2, -1}).transpose(1, 2));
    return Tensors(heads.begin(), heads.begin() + 2);
  };
  const auto with_a_dense_one = [](const Tensors& parts) {
    return Tensors{parts[0], parts[1].contiguous()};
  };
  const auto compare = [&](const auto& chosen, std::int64_t width, std::int64_t count) {
    const std::vector<std::int64_t> sizes(static_cast<std::size_t>(count), width);
    const auto operation = [&](auto function) -> Operation {
      return [=](const Tensors& all) -> Tensors {
        const Tensors parts = chosen(split_last(all[0], sizes));
        return {function(gated(Op::kSilu, false), Tensors{parts[0], parts[1]})};
      };
    };
    for (const Precision& precision : kPrecisions) {
      Draws draws(2350);
      const Tensors on_device{draws.normal({3, 5, count * width}).to(precision.type).to(kDevice)};
      const Tensors rounded{on_device[0].cpu().to(at::kDouble)};
      const Operation plain = operation(elementwise_plain);
      const Tensors weighing{
          draws.normal(plain(rounded)[0].sizes()).to(at::kBFloat16).to(at::kDouble)};
      const Tensors found = with_gradients(operation(elementwise), on_device, weighing);
      const Tensors expected = with_gradients(plain, rounded, weighing);
      for (std::size_t i = 0; i < found.size(); ++i) {
        EXPECT_LE(difference(found[i], expected[i]), precision.tolerance)
            << i << ", " << count << " parts of " << width;
      }
    }
  };
  for (const std::int64_t width : {2, 10, 16, 64}) {
    for (const std::int64_t count : {2, 3}) {
      compare(as_they_are, width, count);
      compare(second_first, width, count);
      compare(as_heads, width, count);
      compare(with_a_dense_one, width, count);
    }
  }
}

TEST_F(GpuElementwise, NothingAndOneNumber) {
  for (const at::IntArrayRef sizes : std::vector<at::IntArrayRef>{{0}, {3, 0, 2}, {}}) {
    Draws draws(2400);
    expect_agreement(gated(Op::kGeluTanh, true), {draws.normal(sizes), draws.normal(sizes)}, draws);
  }
}

TEST_F(GpuElementwise, GradientsThatNobodyWantsAreNotMade) {
  const auto options = at::TensorOptions(kDevice);
  for (const bool first : {true, false}) {
    const at::Tensor a = at::full({40}, 0.5, options).requires_grad_(first);
    const at::Tensor b = at::full({40}, 2.0, options).requires_grad_(!first);
    // The gradient of a sum is one number, repeated.
    elementwise({2, {{{Op::kMultiply, 0}, 0, 1}}}, {a, b}).sum().backward();
    EXPECT_TRUE(at::equal((first ? a : b).grad(), at::full({40}, first ? 2.0 : 0.5, options)));
    EXPECT_FALSE((first ? b : a).grad().defined());
  }
}

/// LibTorch's operations on the same device in float32, where numbers are extreme or none: the
/// same value, infinity or NaN, also of gradients.
TEST_F(GpuElementwise, ExtremeNumbersComeOutAsInLibTorch) {
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  const std::vector<double> numbers{std::nan(""), kInfinity, -kInfinity, 0,    -0.0,  1,
                                    -1,           2.5,       -2.5,       1e-7, -1e-7, 30,
                                    -30.0,        100,       -100,       1e20, -1e20, 3e38};
  const auto count = static_cast<std::int64_t>(numbers.size());
  const at::Tensor all =
      at::tensor(numbers, at::TensorOptions(at::kDouble)).to(at::kFloat).to(kDevice);
  const Tensors pairs{all.repeat_interleave(count), all.repeat(count)};
  for (std::size_t i = 0; i < kElementwiseOps; ++i) {
    const ElementwiseChain chain = lone(static_cast<Op>(i));
    const Tensors inputs(pairs.begin(),
                         pairs.begin() + static_cast<std::ptrdiff_t>(chain.input_count));
    Draws draws(2500);
    const Tensors weighing{draws.normal(pairs[0].sizes()).to(at::kFloat).to(at::kDouble)};
    const Tensors found = with_gradients(operation_of(chain), inputs, weighing);
    const Tensors expected = with_gradients(plain_operation_of(chain), inputs, weighing);
    for (std::size_t k = 0; k < found.size(); ++k) {
      const at::Tensor same = at::isclose(found[k], expected[k], 1e-5, 1e-6, /*equal_nan=*/true);
      EXPECT_TRUE(same.all().item<bool>())
          << text_of(chain) << (k == 0 ? ", value" : ", gradient") << k << " of\n"
          << pairs[0].masked_select(same.logical_not()) << "\n"
          << pairs[1].masked_select(same.logical_not()) << "\nis\n"
          << found[k].masked_select(same.logical_not()) << "\nnot\n"
          << expected[k].masked_select(same.logical_not());
    }
  }
}

}  // namespace
}  // namespace nas::ops
