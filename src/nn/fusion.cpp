#include "nn/fusion.hpp"

#include <optional>
#include <string_view>

#include "nas/space/primitive_fields.hpp"
#include "nn/primitives/common.hpp"

namespace nas::nn {

namespace {

using space::ValueIndex;

bool is_node(const Step& step, std::string_view name) {
  return step.kind == Step::Kind::kNode && space::spec_of(step.node).name == name;
}

/// Which step makes a value and how often it is read.
class Uses {
 public:
  explicit Uses(const LayerPlan& plan) : maker_(plan.value_count), reads_(plan.value_count, 0) {
    for (std::size_t i = 0; i < plan.steps.size(); ++i) {
      maker_[plan.steps[i].output] = i;
      for (const ValueIndex input : plan.steps[i].inputs) ++reads_[input];
    }
    ++reads_[plan.output];
  }
  /// The step that makes a value which is read once; nothing for other values.
  [[nodiscard]] std::optional<std::size_t> only_reader(ValueIndex value) const {
    return reads_[value] == 1 ? maker_[value] : std::nullopt;
  }

 private:
  std::vector<std::optional<std::size_t>> maker_;  ///< nothing: an input of the program
  std::vector<int> reads_;
};

/// A recognised attention: its last step and the steps that it absorbs.
struct AttentionMatch {
  std::vector<std::size_t> absorbed;
  double scale = 1;
  ValueIndex query = 0;
  ValueIndex key = 0;
};

std::optional<AttentionMatch> match_attention(const LayerPlan& plan, const Uses& uses,
                                              const Step& last) {
  if (!is_node(last, "matmul") || !is_scores(last.input_shapes[0]) ||
      !is_branched(last.input_shapes[1])) {
    return std::nullopt;
  }
  AttentionMatch match;
  std::optional<std::size_t> at = uses.only_reader(last.inputs[0]);
  if (!at || !is_node(plan.steps[*at], "softmax")) return std::nullopt;
  const space::Node& softmax = plan.steps[*at].node;
  if (!field_is(softmax, space::softmax_field::kAxis, space::SoftmaxAxis::kKeys) ||
      !field_is(softmax, space::softmax_field::kMask, space::SoftmaxMask::kByType)) {
    return std::nullopt;
  }
  match.absorbed.push_back(*at);
  at = uses.only_reader(plan.steps[*at].inputs[0]);
  if (at && is_node(plan.steps[*at], "scale_const")) {
    const Step& scale = plan.steps[*at];
    match.scale = constant_factor({scale.node, scale.input_shapes, scale.output_shape, plan.dims});
    match.absorbed.push_back(*at);
    at = uses.only_reader(scale.inputs[0]);
  }
  if (!at || !is_node(plan.steps[*at], "matmul_nt")) return std::nullopt;
  // The fused kernels want values as wide as queries and keys.
  if (plan.steps[*at].input_shapes[0] != last.input_shapes[1]) return std::nullopt;
  match.absorbed.push_back(*at);
  match.query = plan.steps[*at].inputs[0];
  match.key = plan.steps[*at].inputs[1];
  return match;
}

}  // namespace

void fuse(LayerPlan& plan) {
  const Uses uses(plan);
  std::vector<bool> is_absorbed(plan.steps.size(), false);
  for (Step& step : plan.steps) {
    const std::optional<AttentionMatch> match = match_attention(plan, uses, step);
    if (!match) continue;
    for (const std::size_t absorbed : match->absorbed) is_absorbed[absorbed] = true;
    step.kind = Step::Kind::kAttention;
    step.scale = match->scale;
    step.inputs = {match->query, match->key, step.inputs[1]};
  }
  std::vector<Step> kept;
  for (std::size_t i = 0; i < plan.steps.size(); ++i) {
    if (!is_absorbed[i]) kept.push_back(std::move(plan.steps[i]));
  }
  plan.steps = std::move(kept);
}

}  // namespace nas::nn
