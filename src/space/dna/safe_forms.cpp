#include "space/dna/safe_forms.hpp"

#include "nas/space/primitive_fields.hpp"

namespace nas::space {
namespace {

/// The operand of a reduction by `op`, if the value is one.
std::optional<Value> reduced(const Emitter& emitter, const Value& value, ReduceOp op) {
  const Node* node = emitter.maker(value, "reduce");
  if (node == nullptr || node->fields[reduce_field::kOp] != static_cast<double>(op)) {
    return std::nullopt;
  }
  return emitter.value(node->inputs[0]);
}

bool is_zero(const Emitter& emitter, const Value& value) {
  const Node* node = emitter.maker(value, "scale_const");
  return node != nullptr && node->fields[scale_const_field::kValue] == 0;
}

std::optional<Value> operand_of(const Emitter& emitter, const Value& value,
                                std::string_view primitive) {
  const Node* node = emitter.maker(value, primitive);
  if (node == nullptr) return std::nullopt;
  return emitter.value(node->inputs[0]);
}

/// x of the z-score (x - mean x) / sqrt |mean (x - mean x)^2|.
std::optional<Value> z_scored(const Emitter& emitter, const Value& value) {
  const Node* quotient = emitter.maker(value, "divide");
  if (quotient == nullptr) return std::nullopt;
  const Value centred = emitter.value(quotient->inputs[0]);
  const auto variance = operand_of(emitter, emitter.value(quotient->inputs[1]), "abs_root");
  if (!variance) return std::nullopt;
  const auto squares = reduced(emitter, *variance, ReduceOp::kMean);
  if (!squares) return std::nullopt;
  const auto deviation = operand_of(emitter, *squares, "square");
  if (!deviation || deviation->index != centred.index) return std::nullopt;
  const Node* difference = emitter.maker(centred, "subtract");
  if (difference == nullptr) return std::nullopt;
  const auto averaged = reduced(emitter, emitter.value(difference->inputs[1]), ReduceOp::kMean);
  if (!averaged || averaged->index != difference->inputs[0]) return std::nullopt;
  return averaged;
}

}  // namespace

std::optional<Value> safe_form(Emitter& emitter, std::string_view primitive, const Value& a,
                               const Value& b) {
  if (primitive == "maximum") {
    if (is_zero(emitter, b)) return emitter.emit("relu", a);
    if (is_zero(emitter, a)) return emitter.emit("relu", b);
  }
  if (primitive == "divide" && is_scores(a.shape)) {
    const auto summed = reduced(emitter, b, ReduceOp::kSum);
    const auto exponent = operand_of(emitter, a, "exp");
    if (summed && exponent && summed->index == a.index) return emitter.emit("softmax", *exponent);
  }
  return std::nullopt;
}

Value layer_norm_of(Emitter& emitter, const Node& node, const Value& x) {
  if (spec_of(node).name == "shift_learned" && is_tokens(x.shape)) {
    const auto scaled = operand_of(emitter, x, "scale_learned");
    const auto source = scaled ? z_scored(emitter, *scaled) : std::nullopt;
    if (source) return emitter.emit("layer_norm", *source);
  }
  return emitter.emit(node, x);
}

}  // namespace nas::space
