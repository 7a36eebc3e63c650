#include "nas/space/primitive_fields.hpp"
#include "space/primitives/rules.hpp"

namespace nas::space {

namespace {

std::optional<Shape> type(std::span<const Shape> inputs, const Node& node) {
  const int count = branch_count(node);
  if (!is_branched(inputs[0])) return std::nullopt;
  const int branches = branches_of(inputs[0].axes[1]);
  const int units = units_of(inputs[0].axes[3]);
  if (branches == 0 || units == 0 || branches % count != 0 || units * count > kMaxUnits) {
    return std::nullopt;
  }
  const Axis features = units_axis(units * count);
  return sequence_of(branches == count ? Axis::kNone : branches_axis(branches / count), features);
}

std::string torchscript(const NodeContext& context, std::span<const std::string> in,
                        std::span<const std::string> /*weights*/) {
  const std::string& x = in[0];
  const std::string merged = "torch.reshape(torch.transpose(torch.reshape(" + x + ", [" + x +
                             ".size(0), " + std::to_string(parallel(context)) + ", " +
                             std::to_string(branch_count(context.node)) + ", " + x + ".size(2), " +
                             std::to_string(last_axis(context, context.inputs[0])) +
                             "]), 2, 3), [" + x + ".size(0), ";
  const std::string rows = x + ".size(2), " + std::to_string(last_axis(context)) + "])";
  if (is_tokens(context.output)) return merged + rows;
  return merged + std::to_string(parallel(context)) + ", " + rows;
}

}  // namespace

PrimitiveSpec merge_branches_spec() {
  PrimitiveSpec spec;
  spec.name = "merge_branches";
  spec.formula =
      "y[o, t, b n + i] = x[o count + b, t, i], b < count, n the features of x: concatenates "
      "branches";
  spec.source = "So et al. 2021 (arXiv:2109.08668), branching";
  spec.fields = {count_field("count", kMaxBranches, 2, "branches that become one")};
  spec.type = type;
  spec.accepts = "[batch, branches, seq, features], count a divisor of branches";
  spec.mixing = token_local;
  spec.flops = no_flops;
  spec.torchscript = torchscript;
  spec.is_structural = true;
  return spec;
}

}  // namespace nas::space
