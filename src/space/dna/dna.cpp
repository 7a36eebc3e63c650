#include "nas/space/dna.hpp"

#include <algorithm>
#include <cmath>

#include "nas/core/error.hpp"
#include "nas/core/units.hpp"

namespace nas::space {
namespace {

std::string instruction_fault(const Dna& dna, std::size_t subprogram, std::size_t at) {
  const Instruction& instruction = dna.subprograms[subprogram].instructions[at];
  const std::size_t operations = dna_operations().size();
  const std::size_t callees = operations + dna.subprograms.size();
  if (instruction.operation >= callees) {
    return "there is no operation number " + std::to_string(instruction.operation);
  }
  if (instruction.operation >= operations && instruction.operation - operations <= subprogram) {
    return "calls " + dna.subprograms[instruction.operation - operations].name +
           ", but may call only later subprograms";
  }
  for (const std::uint16_t input : instruction.inputs) {
    if (input >= 2 + at) return "reads a value that is not made before it";
  }
  if (instruction.constant >= dna.constants.size()) return "reads beyond the constant bank";
  if (instruction.dim >= dna.dims.size()) return "reads beyond the dimension bank";
  if (instruction.branching >= kBranchings.size()) return "has no such branching";
  return "";
}

std::string bank_fault(const Dna& dna) {
  if (dna.constants.empty() || dna.dims.empty()) return "a bank is empty";
  for (const double constant : dna.constants) {
    if (!std::isfinite(constant) || std::abs(constant) > kMaxConstant ||
        (constant == 0 && std::signbit(constant))) {
      return "constant " + format_exact(constant) + " is not in [-" + format_exact(kMaxConstant) +
             ", " + format_exact(kMaxConstant) + "]";
    }
  }
  for (const std::uint16_t dim : dna.dims) {
    if (std::find(kDnaDims.begin(), kDnaDims.end(), dim) == kDnaDims.end()) {
      return "dimension " + std::to_string(dim) + " is none of 1, 2, 4, 8, 12, 16, 24, 32, 48, 64";
    }
  }
  return "";
}

}  // namespace

std::string fault_of(const Dna& dna) {
  if (dna.subprograms.empty()) return "there is no subprogram";
  if (std::string fault = bank_fault(dna); !fault.empty()) return fault;
  for (std::size_t i = 0; i < dna.subprograms.size(); ++i) {
    const Subprogram& subprogram = dna.subprograms[i];
    for (std::size_t other = 0; other < i; ++other) {
      if (dna.subprograms[other].name == subprogram.name) {
        return "two subprograms are called " + subprogram.name;
      }
    }
    for (std::size_t at = 0; at < subprogram.instructions.size(); ++at) {
      const std::string fault = instruction_fault(dna, i, at);
      if (!fault.empty())
        return subprogram.name + ", line " + std::to_string(at + 1) + ": " + fault;
    }
  }
  return "";
}

Dna primer_transformer(std::int64_t heads, std::int64_t model_dim, Positions positions) {
  const auto found = std::find(kBranchings.begin(), kBranchings.end(), heads);
  if (found == kBranchings.end()) {
    throw Error(ErrorKind::kConfig, "heads = " + std::to_string(heads) +
                                        ": Primer's initial program makes heads by branching, "
                                        "which is 1, 2, 4, 8 or 16");
  }
  if (positions == Positions::kT5) {
    throw Error(ErrorKind::kConfig,
                "model.positions = \"t5\": a DNA takes rope, learned or none, because T5's table "
                "belongs to heads and not to branches");
  }
  const std::string branch = heads == 1 ? "" : ", branch=" + std::to_string(heads);
  const double head_dim = static_cast<double>(model_dim) / static_cast<double>(heads);
  std::string text =
      "dna\n"
      "constants = [0, " +
      format_exact(1.0 / std::sqrt(head_dim)) +
      "]\n"
      "dims = [16, " +
      std::to_string(kUnitsOfModelDim / heads) +
      ", 64]\n"
      "subprogram main(x, y)\n"
      "  normed = layer_norm(x, x)\n"
      "  heads = self_attention(normed, normed" +
      branch +
      ")\n"
      "  mixed = conv_1x1(heads, dim=d0)\n"
      "  sum = residual(x, mixed)\n"
      "  normed2 = layer_norm(sum, sum)\n"
      "  wide = feed_forward(normed2, normed2)\n"
      "  out = residual(sum, wide)\n"
      "subprogram self_attention(x, y)\n"
      "  q = projection(x, y)\n"
      "  k = projection(x, y)\n"
      "  v = projection(x, y)\n";
  if (positions == Positions::kRope) {
    text += "  q_turned = rope(q)\n  k_turned = rope(k)\n  s = t_mat_mul(q_turned, k_turned)\n";
  } else {
    text += "  s = t_mat_mul(q, k)\n";
  }
  text += "  scaled = c_mul(s, constant=c1)\n";
  return dna_from_text(text +
                           "  weights = softmax(scaled, scaled)\n"
                           "  out = mat_mul(weights, v)\n"
                           "subprogram feed_forward(x, y)\n"
                           "  wide = conv_1x1(x, dim=d2)\n"
                           "  active = relu(wide, wide)\n"
                           "  out = conv_1x1(active, dim=d0)\n"
                           "subprogram projection(x, y)\n"
                           "  out = conv_1x1(x, dim=d1)\n"
                           "subprogram softmax(x, y)\n"
                           "  e = exp(x)\n"
                           "  masked = mask(e)\n"
                           "  sum = red_sum(masked)\n"
                           "  out = divide(masked, sum)\n"
                           "subprogram layer_norm(x, y)\n"
                           "  z = z_score(x, y)\n"
                           "  out = scale_shift(z, z)\n"
                           "subprogram z_score(x, y)\n"
                           "  mean = red_mean(x)\n"
                           "  centred = difference(x, mean)\n"
                           "  squared = square(centred)\n"
                           "  variance = red_mean(squared)\n"
                           "  deviation = abs_root(variance)\n"
                           "  out = divide(centred, deviation)\n"
                           "subprogram scale_shift(x, y)\n"
                           "  scaled = scale(x)\n"
                           "  out = shift(scaled)\n"
                           "subprogram residual(x, y)\n"
                           "  out = add(x, y)\n"
                           "subprogram relu(x, y)\n"
                           "  zero = c_mul(x)\n"
                           "  out = max(x, zero)\n",
                       "primer_transformer");
}

}  // namespace nas::space
