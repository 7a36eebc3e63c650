#include "nn/fusion.hpp"

#include <algorithm>
#include <map>
#include <optional>
#include <string_view>
#include <utility>

#include "nas/ops/depthwise_conv.hpp"
#include "nas/space/primitive_fields.hpp"
#include "nn/elementwise_fusion.hpp"
#include "nn/fusion_pass.hpp"
#include "nn/primitives/common.hpp"

namespace nas::nn {

namespace {

/// A recognised attention: its last step and the steps that it absorbs.
struct AttentionMatch {
  std::vector<std::size_t> absorbed;
  double scale = 1;
  PlanValue query = 0;
  PlanValue key = 0;
};

std::optional<AttentionMatch> match_attention(const Pass& pass, const Step& last) {
  if (!is_node(last, "matmul") || !is_scores(last.input_shapes[0]) ||
      !is_branched(last.input_shapes[1])) {
    return std::nullopt;
  }
  AttentionMatch match;
  std::optional<std::size_t> at = pass.only_reader(last.inputs[0]);
  if (!at || !is_node(pass.step(*at), "softmax")) return std::nullopt;
  const space::Node& softmax = pass.step(*at).node;
  if (!field_is(softmax, space::softmax_field::kAxis, space::SoftmaxAxis::kKeys) ||
      !field_is(softmax, space::softmax_field::kMask, space::SoftmaxMask::kByType)) {
    return std::nullopt;
  }
  match.absorbed.push_back(*at);
  at = pass.only_reader(pass.step(*at).inputs[0]);
  if (at && is_node(pass.step(*at), "scale_const")) {
    const Step& scale = pass.step(*at);
    match.scale = constant_factor({scale.node, scale.input_shapes, scale.output_shape, scale.dims});
    match.absorbed.push_back(*at);
    at = pass.only_reader(scale.inputs[0]);
  }
  if (!at || !is_node(pass.step(*at), "matmul_nt")) return std::nullopt;
  // The fused kernels want values as wide as queries and keys.
  if (pass.step(*at).input_shapes[0] != last.input_shapes[1]) return std::nullopt;
  match.absorbed.push_back(*at);
  match.query = pass.step(*at).inputs[0];
  match.key = pass.step(*at).inputs[1];
  return match;
}

void fuse_attentions(Pass& pass) {
  for (std::size_t i = 0; i < pass.size(); ++i) {
    Step& step = pass.step(i);
    if (const auto match = match_attention(pass, step)) {
      for (const std::size_t absorbed : match->absorbed) pass.absorb(absorbed);
      step.kind = Step::Kind::kAttention;
      step.scale = match->scale;
      step.inputs = {match->query, match->key, step.inputs[1]};
    }
  }
}

void fuse_squared_relus(Pass& pass) {
  for (std::size_t i = 0; i < pass.size(); ++i) {
    Step& step = pass.step(i);
    if (!is_node(step, "square")) continue;
    const std::optional<std::size_t> at = pass.only_reader(step.inputs[0]);
    if (!at || !is_node(pass.step(*at), "relu")) continue;
    pass.absorb(*at);
    step.kind = Step::Kind::kSquaredRelu;
    step.inputs = pass.step(*at).inputs;
  }
}

bool is_norm(const Step& step) {
  return step.kind == Step::Kind::kNorm || is_node(step, "layer_norm") || is_node(step, "rms_norm");
}

/// A norm stands where the sum was made: whatever reads either comes later.
void fuse_norms(Pass& pass) {
  for (std::size_t i = 0; i < pass.size(); ++i) {
    Step& norm = pass.step(i);
    if (!is_norm(norm)) continue;
    if (norm.kind == Step::Kind::kNode) {
      norm.kind = Step::Kind::kNorm;
      norm.eps = norm.node.fields[space::norm_field::kEps];
    }
    const std::optional<std::size_t> at = pass.maker(norm.inputs[0]);
    if (!at || !is_node(pass.step(*at), "add")) continue;
    const Step& add = pass.step(*at);
    if (add.input_shapes[0] != add.input_shapes[1]) continue;
    Step both = norm;
    both.inputs = add.inputs;
    both.outputs = {norm.outputs[0], add.outputs[0]};
    pass.replace(*at, std::move(both));
    pass.absorb(i);
  }
}

/// A linear map of `x` without bias, and what follows it.
struct Projection {
  std::size_t linear = 0;
  std::optional<std::size_t> split;  ///< its split_heads
  std::optional<std::size_t> conv;   ///< the causal_depthwise_conv behind
};

/// The only step that reads a step's value, if its node has this name.
using OnlyReaders = std::map<PlanValue, std::size_t>;

std::optional<std::size_t> reader_named(const Pass& pass, const OnlyReaders& readers,
                                        std::size_t at, std::string_view name) {
  const auto found = readers.find(pass.step(at).outputs[0]);
  if (found == readers.end() || !is_node(pass.step(found->second), name)) return std::nullopt;
  return found->second;
}

/// By the value that they read, then in order.
std::map<PlanValue, std::vector<Projection>> find_projections(const Pass& pass) {
  OnlyReaders readers;
  for (std::size_t i = 0; i < pass.size(); ++i) {
    for (const PlanValue input : pass.step(i).inputs) {
      if (pass.only_reader(input)) readers.emplace(input, i);
    }
  }
  std::map<PlanValue, std::vector<Projection>> found;
  for (std::size_t i = 0; i < pass.size(); ++i) {
    const Step& step = pass.step(i);
    if (!is_node(step, "linear") || step.parameters.size() != 1) continue;
    Projection projection;
    projection.linear = i;
    projection.split = reader_named(pass, readers, i, "split_heads");
    projection.conv =
        reader_named(pass, readers, projection.split.value_or(i), "causal_depthwise_conv");
    found[step.inputs[0]].push_back(projection);
  }
  return found;
}

/// Whether the convolutions of a group are one kernel: all there, of one width and form.
bool convolve_alike(const Pass& pass, const std::vector<Projection>& group) {
  if (group.size() > ops::kMostConvParts) return false;
  const auto sizes = [&](const Projection& projection) {
    return pass.step(*projection.conv).parameters[0].sizes();
  };
  return std::ranges::all_of(group, [&](const Projection& projection) {
    return projection.conv && projection.split.has_value() == group[0].split.has_value() &&
           group[0].conv && sizes(projection) == sizes(group[0]);
  });
}

void fuse_projections(Pass& pass) {
  for (const auto& [x, group] : find_projections(pass)) {
    const bool convolves = convolve_alike(pass, group);
    if (group.size() < 2 && !convolves) continue;
    // Stands where the first one is: all of them wait for nothing but x.
    Step all = pass.step(group[0].linear);
    all.kind = Step::Kind::kProjections;
    all.convolves = convolves;
    all.splits_heads = convolves && group[0].split.has_value();
    all.outputs.clear();
    all.parameters.clear();
    std::vector<at::Tensor> taps;
    for (const Projection& projection : group) {
      const Step& linear = pass.step(projection.linear);
      all.parameters.push_back(linear.parameters[0]);
      pass.absorb(projection.linear);
      if (!convolves || !projection.conv) {
        all.outputs.push_back(linear.outputs[0]);
        continue;
      }
      const Step& conv = pass.step(*projection.conv);
      all.outputs.push_back(conv.outputs[0]);
      taps.push_back(conv.parameters[0]);
      pass.absorb(*projection.conv);
      if (projection.split) pass.absorb(*projection.split);
    }
    all.parameters.insert(all.parameters.end(), taps.begin(), taps.end());
    pass.replace(group[0].linear, std::move(all));
  }
}

/// An attention that alone reads what a convolution made has its values made finite there.
void fuse_finite_values(Pass& pass) {
  for (std::size_t i = 0; i < pass.size(); ++i) {
    Step& attention = pass.step(i);
    if (attention.kind != Step::Kind::kAttention) continue;
    PlanValue value = attention.inputs[2];
    std::optional<std::size_t> at = pass.only_reader(value);
    if (at && is_node(pass.step(*at), "split_heads")) {
      value = pass.step(*at).inputs[0];
      at = pass.only_reader(value);
    }
    if (!at || pass.step(*at).kind != Step::Kind::kProjections || !pass.step(*at).convolves) {
      continue;
    }
    Step& projections = pass.step(*at);
    const auto output = std::ranges::find(projections.outputs, value);
    projections.finite.resize(projections.outputs.size(), false);
    projections.finite[static_cast<std::size_t>(output - projections.outputs.begin())] = true;
    attention.value_is_finite = true;
  }
}

}  // namespace

void fuse(LayerPlan& plan, FusionTarget target) {
  const auto run = [&](void (*function)(Pass&)) {
    Pass pass(plan);
    function(pass);
    pass.finish();
  };
  run(fuse_attentions);
  if (target == FusionTarget::kCuda) {
    run(fuse_norms);
    run(fuse_projections);
    if (plan.is_causal) run(fuse_finite_values);
    run(fuse_elementwise);
  }
  run(fuse_squared_relus);
}

}  // namespace nas::nn
