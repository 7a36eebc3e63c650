#include <algorithm>
#include <array>

#include "nas/core/error.hpp"
#include "nas/core/hash.hpp"
#include "nas/space/dna.hpp"
#include "nas/space/primitive_fields.hpp"
#include "space/dna/emitter.hpp"
#include "space/dna/operations.hpp"
#include "space/dna/safe_forms.hpp"

namespace nas::space {
namespace {

/// One call of a subprogram.
struct Frame {
  std::size_t subprogram = 0;
  std::array<Value, 2> inputs{};
  int branches = 1;                          ///< parallel runs that this call is part of
  std::vector<std::optional<Value>> values;  ///< by instruction
};

/// An instruction at its place, with what it reads.
struct Place {
  const Instruction& instruction;
  const DnaLowering& lowering;
  int branches = 1;        ///< of the call it stands in
  int copies = 1;          ///< its own branching, cut to what fits
  std::uint64_t draw = 0;  ///< decides how a mismatch is resolved
};

class Lowering {
 public:
  Lowering(const Dna& dna, int max_nodes)
      : dna_(dna), emitter_(max_nodes), steps_left_(std::int64_t{kStepsPerNode} * max_nodes) {}

  std::optional<Program> run() {
    Frame main = frame(0, {Emitter::input(), Emitter::input()}, 1);
    Value output = emitter_.without_axis(result(main));
    if (is_tokens(output.shape)) output = emitter_.fitted(output, kUnitsOfModelDim);
    if (emitter_.is_full() || steps_left_ < 0) return std::nullopt;
    return emitter_.finish(output);
  }

 private:
  /// Calls that lead to no node take time too.
  static constexpr int kStepsPerNode = 16;

  [[nodiscard]] Frame frame(std::size_t subprogram, const std::array<Value, 2>& inputs,
                            int branches) const {
    return {subprogram, inputs, branches,
            std::vector<std::optional<Value>>(dna_.subprograms[subprogram].instructions.size())};
  }

  Value result(Frame& frame) {
    const std::size_t count = frame.values.size();
    return count == 0 ? frame.inputs[0] : value(frame, static_cast<std::uint16_t>(count + 1));
  }

  Value value(Frame& frame, std::uint16_t reference) {
    if (reference < frame.inputs.size()) return frame.inputs[reference];
    const std::size_t at = reference - frame.inputs.size();
    if (const std::optional<Value>& known = frame.values[at]) return *known;
    return frame.values[at].emplace(evaluate(frame, at));
  }

  Value evaluate(Frame& frame, std::size_t at) {
    if (--steps_left_ < 0 || emitter_.is_full()) return Emitter::input();
    const Instruction& instruction = dna_.subprograms[frame.subprogram].instructions[at];
    int copies = kBranchings[instruction.branching];
    while (frame.branches * copies > kMaxBranches) copies /= 2;
    const Value x = value(frame, instruction.inputs[0]);
    const std::size_t operations = dna_operations().size();
    if (instruction.operation >= operations) {
      const Value y = value(frame, instruction.inputs[1]);
      return call(instruction.operation - operations, {x, y}, frame.branches, copies);
    }
    const Place place{instruction, dna_lowerings()[instruction.operation], frame.branches, copies,
                      mix(mix(0, frame.subprogram), at)};
    if (dna_operations()[instruction.operation].arity == 1) return unary(place, x);
    const Value made = binary(place, x, value(frame, instruction.inputs[1]));
    return repeated(made, copies);
  }

  Value call(std::size_t subprogram, const std::array<Value, 2>& inputs, int branches, int copies) {
    Frame callee = frame(subprogram, inputs, branches * copies);
    const Value made = result(callee);
    if (copies == 1) return made;
    const bool differ = branches_of(made) == branches * copies;
    // Scores have no features to concatenate: equal ones stay one, others give way to the input.
    if (!is_sequence(made)) return differ ? inputs[0] : made;
    return differ ? emitter_.merged(made, copies) : repeated(made, copies);
  }

  /// Equal branches, concatenated.
  Value repeated(const Value& x, int copies) {
    if (copies == 1 || !is_sequence(x)) return x;
    return emitter_.fitted(x, units_of(x) * copies);
  }

  Value unary(const Place& place, const Value& x) {
    switch (place.lowering.rule) {
      case DnaRule::kConv:
        return is_sequence(x) ? conv(place, x) : x;
      case DnaRule::kDepthwise:
      case DnaRule::kLearned:
        return learned(place, x);
      default:
        return repeated(plain(place, x), place.copies);
    }
  }

  /// An operation without parameters; a value that its primitive does not take stays as it is.
  Value plain(const Place& place, const Value& x) {
    if (place.lowering.rule == DnaRule::kMask) return x;
    Node node = Emitter::node_of(place.lowering.primitive);
    switch (place.lowering.rule) {
      case DnaRule::kConstant:
        node.fields[scale_const_field::kValue] = dna_.constants[place.instruction.constant];
        break;
      case DnaRule::kReduce:
        node.fields[reduce_field::kOp] = place.lowering.reduce;
        break;
      default:
        break;
    }
    return Emitter::accepts(node, x) ? emitter_.emit(node, x) : x;
  }

  /// Trained values for each branch of the call and of the instruction.
  Value learned(const Place& place, const Value& x) {
    Node node = Emitter::node_of(place.lowering.primitive);
    if (place.lowering.rule == DnaRule::kDepthwise) {
      node.fields[causal_depthwise_conv_field::kWidth] = place.lowering.width;
    }
    if (!is_sequence(x)) {
      return Emitter::accepts(node, x)
                 ? emitter_.emit(node, emitter_.with_branches(x, place.branches))
                 : x;
    }
    const Value spread = emitter_.with_branches(x, place.branches * place.copies);
    const Value made = layer_norm_of(emitter_, node, spread);
    return place.copies == 1 ? made : emitter_.merged(made, place.copies);
  }

  Value conv(const Place& place, const Value& x) {
    Node node = Emitter::node_of("branched_conv");
    node.fields[branched_conv_field::kWidth] = place.lowering.width;
    const int units = dna_.dims[place.instruction.dim];
    const int all = place.branches * place.copies;
    if (is_tokens(x.shape) && units * all <= kMaxUnits) {
      // All branches read the same tokens: one matrix product.
      node.fields[branched_conv_field::kUnits] = units * all;
      return emitter_.split(emitter_.emit(node, x), place.branches);
    }
    node.fields[branched_conv_field::kUnits] = units;
    const Value made = emitter_.emit(node, emitter_.with_branches(x, all));
    return place.copies == 1 ? made : emitter_.merged(made, place.copies);
  }

  Value binary(const Place& place, const Value& x, const Value& y) {
    const int branches = std::max(branches_of(x), branches_of(y));
    const Value a = emitter_.with_branches(x, branches);
    const Value b = emitter_.with_branches(y, branches);
    switch (place.lowering.rule) {
      case DnaRule::kMatmul:
        if (!is_scores(a.shape)) return place.draw % 2 == 0 ? a : b;
        return emitter_.without_axis(
            emitter_.emit(place.lowering.primitive, a, emitter_.with_axis(b)));
      case DnaRule::kMatmulNt:
        if (!is_sequence(a) || !is_sequence(b)) return place.draw % 2 == 0 ? a : b;
        return fitting(place, emitter_.with_axis(a), emitter_.with_axis(b));
      default:
        if (a.shape == b.shape) return combined(place, a, b);
        if (is_sequence(a) != is_sequence(b)) return place.draw % 2 == 0 ? a : b;
        return fitting(place, a, b);
    }
  }

  /// Two sequences of the same branches: where their features differ, one operand alone (as it is)
  /// or both with one fitted to the other.
  Value fitting(const Place& place, const Value& a, const Value& b) {
    if (a.shape == b.shape) return combined(place, a, b);
    switch (place.draw % 4) {
      case 0:
        return emitter_.without_axis(a);
      case 1:
        return emitter_.without_axis(b);
      case 2:
        return combined(place, a, emitter_.fitted(b, units_of(a)));
      default:
        return combined(place, emitter_.fitted(a, units_of(b)), b);
    }
  }

  Value combined(const Place& place, const Value& a, const Value& b) {
    if (const std::optional<Value> safe = safe_form(emitter_, place.lowering.primitive, a, b)) {
      return *safe;
    }
    return emitter_.emit(place.lowering.primitive, a, b);
  }

  const Dna& dna_;
  Emitter emitter_;
  std::int64_t steps_left_;
};

}  // namespace

std::optional<Program> lower(const Dna& dna, int max_nodes) {
  NAS_ASSERT(fault_of(dna).empty());
  return Lowering(dna, max_nodes).run();
}

}  // namespace nas::space
