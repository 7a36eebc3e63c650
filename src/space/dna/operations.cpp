#include "space/dna/operations.hpp"

#include <algorithm>

#include "nas/space/primitive_fields.hpp"

namespace nas::space {
namespace {

struct Entry {
  DnaOperation operation;
  DnaLowering lowering;
};

Entry elementwise(const char* name, const char* meaning, int arity, const char* primitive) {
  return {{name, meaning, arity}, {DnaRule::kElementwise, primitive}};
}

Entry conv(const char* name, const char* meaning, int width) {
  return {{name, meaning, 1, false, true}, {DnaRule::kConv, "branched_conv", width}};
}

Entry depthwise(const char* name, const char* meaning, int width) {
  return {{name, meaning, 1}, {DnaRule::kDepthwise, "causal_depthwise_conv", width}};
}

Entry reduction(const char* name, const char* meaning, ReduceOp op) {
  return {{name, meaning, 1}, {DnaRule::kReduce, "reduce", 1, static_cast<int>(op)}};
}

std::vector<Entry> all_entries() {
  return {
      elementwise("add", "x + y", 2, "add"),
      elementwise("difference", "x - y", 2, "subtract"),
      elementwise("divide", "x / y, 0 where y is 0", 2, "divide"),
      elementwise("multiply", "x y", 2, "multiply"),
      elementwise("max", "the larger of x and y", 2, "maximum"),
      elementwise("min", "the smaller of x and y", 2, "minimum"),
      {{"mat_mul", "scores x times values or scores y", 2}, {DnaRule::kMatmul, "matmul"}},
      {{"t_mat_mul", "scores x y^T of two values", 2}, {DnaRule::kMatmulNt, "matmul_nt"}},
      elementwise("abs_root", "sqrt |x|", 1, "abs_root"),
      elementwise("square", "x^2", 1, "square"),
      elementwise("exp", "e^x", 1, "exp"),
      elementwise("log", "log |x|", 1, "log_abs"),
      elementwise("abs", "|x|", 1, "abs"),
      elementwise("recip", "1 / x, 0 where x is 0", 1, "recip"),
      elementwise("sign", "sign of x", 1, "sign"),
      elementwise("cos", "cos x", 1, "cos"),
      elementwise("sin", "sin x", 1, "sin"),
      elementwise("tanh", "tanh x", 1, "tanh"),
      elementwise("sigmoid", "1 / (1 + e^-x)", 1, "sigmoid"),
      {{"c_mul", "constant times x", 1, true}, {DnaRule::kConstant, "scale_const"}},
      {{"scale", "x times a trained vector", 1}, {DnaRule::kLearned, "scale_learned"}},
      {{"shift", "x plus a trained vector", 1}, {DnaRule::kLearned, "shift_learned"}},
      reduction("red_mean", "mean over features or keys", ReduceOp::kMean),
      reduction("red_sum", "sum over features or keys", ReduceOp::kSum),
      reduction("red_min", "minimum over features or keys", ReduceOp::kMin),
      reduction("red_max", "maximum over features or keys", ReduceOp::kMax),
      reduction("red_prod", "product over features or keys", ReduceOp::kProd),
      conv("conv_1x1", "dense layer to the size dim", 1),
      conv("conv_3x1", "dense causal convolution of 3 taps to the size dim", 3),
      conv("conv_7x1", "dense causal convolution of 7 taps to the size dim", 7),
      conv("conv_15x1", "dense causal convolution of 15 taps to the size dim", 15),
      conv("conv_31x1", "dense causal convolution of 31 taps to the size dim", 31),
      depthwise("dconv_3x1", "depthwise causal convolution of 3 taps", 3),
      depthwise("dconv_7x1", "depthwise causal convolution of 7 taps", 7),
      depthwise("dconv_15x1", "depthwise causal convolution of 15 taps", 15),
      depthwise("dconv_31x1", "depthwise causal convolution of 31 taps", 31),
      {{"mask", "x without what is later than the token: all values are so", 1},
       {DnaRule::kMask, ""}},
      {{"cum_prod", "running product along time", 1}, {DnaRule::kTime, "cumulative_product"}},
      {{"cum_sum", "running sum along time", 1}, {DnaRule::kTime, "cumulative_sum"}},
      {{"rope", "rotary positions on x", 1}, {DnaRule::kHeads, "rope"}},
  };
}

}  // namespace

const std::vector<DnaOperation>& dna_operations() {
  static const std::vector<DnaOperation> table = [] {
    std::vector<DnaOperation> all;
    for (const Entry& entry : all_entries()) all.push_back(entry.operation);
    return all;
  }();
  return table;
}

const std::vector<DnaLowering>& dna_lowerings() {
  static const std::vector<DnaLowering> table = [] {
    std::vector<DnaLowering> all;
    for (const Entry& entry : all_entries()) all.push_back(entry.lowering);
    return all;
  }();
  return table;
}

std::optional<std::uint16_t> find_dna_operation(std::string_view name) {
  const std::vector<DnaOperation>& all = dna_operations();
  const auto found = std::find_if(all.begin(), all.end(), [&](const DnaOperation& operation) {
    return operation.name == name;
  });
  if (found == all.end()) return std::nullopt;
  return static_cast<std::uint16_t>(found - all.begin());
}

}  // namespace nas::space
