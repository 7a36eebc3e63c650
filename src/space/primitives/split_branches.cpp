#include "nas/space/primitive_fields.hpp"
#include "space/primitives/rules.hpp"

namespace nas::space {

namespace {

std::optional<Shape> type(std::span<const Shape> inputs, const Node& node) {
  const int count = branch_count(node);
  if (!is_sequence(inputs[0])) return std::nullopt;
  const bool has_branches = is_branched(inputs[0]);
  const int branches = has_branches ? branches_of(inputs[0].axes[1]) : 1;
  const int units = units_of(inputs[0].axes[has_branches ? 3 : 2]);
  if (branches == 0 || units == 0 || units % count != 0 || branches * count > kMaxBranches) {
    return std::nullopt;
  }
  return sequence_of(branches_axis(branches * count), units_axis(units / count));
}

std::string torchscript(const NodeContext& context, std::span<const std::string> in,
                        std::span<const std::string> /*weights*/) {
  const std::string& x = in[0];
  const std::int64_t count = branch_count(context.node);
  const std::string features = std::to_string(last_axis(context));
  const std::string split = std::to_string(count) + ", " + features + "])";
  if (is_tokens(context.inputs[0])) {
    return "torch.transpose(torch.reshape(" + x + ", [" + x + ".size(0), " + x + ".size(1), " +
           split + ", 1, 2)";
  }
  return "torch.reshape(torch.transpose(torch.reshape(" + x + ", [" + x + ".size(0), " +
         std::to_string(parallel(context) / count) + ", " + x + ".size(2), " + split +
         ", 2, 3), [" + x + ".size(0), " + std::to_string(parallel(context)) + ", " + x +
         ".size(2), " + features + "])";
}

}  // namespace

PrimitiveSpec split_branches_spec() {
  PrimitiveSpec spec;
  spec.name = "split_branches";
  spec.formula = "y[o count + b, t, i] = x[o, t, b n + i], n = features / count";
  spec.source = "So et al. 2021 (arXiv:2109.08668), branching";
  spec.fields = {count_field("count", kMaxBranches, 2, "branches made of each")};
  spec.type = type;
  spec.accepts =
      "[batch, seq, features] or [batch, branches, seq, features], count a divisor of the units of "
      "features";
  spec.mixing = token_local;
  spec.flops = no_flops;
  spec.torchscript = torchscript;
  spec.is_structural = true;
  return spec;
}

}  // namespace nas::space
