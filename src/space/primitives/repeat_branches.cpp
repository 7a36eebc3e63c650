#include "nas/space/primitive_fields.hpp"
#include "space/primitives/rules.hpp"

namespace nas::space {

namespace {

std::optional<Shape> type(std::span<const Shape> inputs, const Node& node) {
  const int count = branch_count(node);
  Shape shape = inputs[0];
  if (is_tokens(shape)) return sequence_of(branches_axis(count), shape.axes[2]);
  const int branches = branches_of(shape.axes[1]);
  if (branches == 0 || branches * count > kMaxBranches) return std::nullopt;
  shape.axes[1] = branches_axis(branches * count);
  return shape;
}

std::string torchscript(const NodeContext& context, std::span<const std::string> in,
                        std::span<const std::string> /*weights*/) {
  const std::string count = std::to_string(branch_count(context.node));
  const std::string x = is_tokens(context.inputs[0]) ? "torch.unsqueeze(" + in[0] + ", 1)" : in[0];
  return "torch.repeat_interleave(" + x + ", " + count + ", 1)";
}

}  // namespace

PrimitiveSpec repeat_branches_spec() {
  PrimitiveSpec spec;
  spec.name = "repeat_branches";
  spec.formula = "y[o count + b] = x[o], b < count: every branch several times";
  spec.source = "So et al. 2021 (arXiv:2109.08668), branching";
  spec.fields = {count_field("count", kMaxBranches, 2, "copies of each branch")};
  spec.type = type;
  spec.accepts = "[batch, seq, features] or [batch, branches, ...]";
  spec.mixing = token_local;
  spec.flops = no_flops;
  spec.torchscript = torchscript;
  spec.is_structural = true;
  return spec;
}

}  // namespace nas::space
