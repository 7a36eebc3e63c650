#include "nas/space/architecture.hpp"

#include <algorithm>
#include <optional>

#include "nas/core/error.hpp"
#include "nas/space/canonical.hpp"
#include "nas/space/check.hpp"
#include "nas/space/primitive.hpp"
#include "nas/space/primitive_fields.hpp"
#include "space/architecture_faults.hpp"

namespace nas::space {
namespace {

constexpr int kMaxLayerNodes = 4096;
constexpr std::int64_t kMaxSize = std::int64_t{1} << 24;
constexpr std::size_t kMaxLayers = 4096;

bool has_axis(const Shape& shape, Axis axis) {
  for (const Axis each : shape.axes) {
    if (each == axis) return true;
  }
  return false;
}

bool has_counted_features(const Shape& shape) {
  for (const Axis axis : shape.axes) {
    if (axis != Axis::kModelDim && units_of(axis) > 0) return true;
  }
  return false;
}

/// Which sizes of a layer its live nodes depend on.
struct UsedSizes {
  bool heads = false;
  bool inner_dim = false;
  bool units = false;
  std::vector<Axis> rotated;  ///< features that rope turns in pairs
  [[nodiscard]] bool rope() const { return !rotated.empty(); }
};

UsedSizes used_sizes(const Program& program, const CheckedProgram& checked) {
  static const std::uint16_t linear = primitive_index("linear");
  static const std::uint16_t scale = primitive_index("scale_const");
  static const std::uint16_t rope = primitive_index("rope");
  UsedSizes used;
  for (std::size_t i = 0; i < program.nodes.size(); ++i) {
    const ValueIndex value = program.value_of(i);
    if (!checked.live[value]) continue;
    const Shape& shape = checked.shapes[value];
    used.inner_dim |= has_axis(shape, Axis::kInnerDim);
    used.heads |= has_axis(shape, Axis::kHeads) || has_axis(shape, Axis::kHeadDim);
    used.units |= has_counted_features(shape);
    const Node& node = program.nodes[i];
    if (node.primitive == rope) used.rotated.push_back(shape.axes[3]);
    if (node.primitive == linear) {
      used.heads |= node.fields[linear_field::kInit] == static_cast<double>(LinearInit::kQuery);
    } else if (node.primitive == scale) {
      used.heads |=
          node.fields[scale_const_field::kBy] == static_cast<double>(ScaleBy::kInvSqrtHeadDim);
    }
  }
  return used;
}

CheckRules layer_rules(const ModelSpec& model) {
  return {.output = kModelShape, .allowed = allowed_mixing(model), .max_nodes = kMaxLayerNodes};
}

UsedSizes used_sizes(const Program& program, const CheckRules& rules) {
  CheckedProgram checked;
  const Rejection rejection = check(program, rules, checked);
  NAS_ASSERT(rejection.kind == Rejection::Kind::kNone);
  return used_sizes(program, checked);
}

void report_model_faults(const ModelSpec& model, const ReportFault& report) {
  const auto require_size = [&](const char* name, std::int64_t size) {
    if (size >= 1 && size <= kMaxSize) return;
    report(std::string("/model/") + name,
           "= " + std::to_string(size) + " must be in [1, " + std::to_string(kMaxSize) + "]");
  };
  require_size("vocab_size", model.vocab_size);
  require_size("model_dim", model.model_dim);
  require_size("max_len", model.max_len);
}

void report_feature_faults(const Architecture& architecture, std::size_t index,
                           const UsedSizes& used, const ReportFault& report) {
  const LayerSpec& layer = architecture.layers[index];
  const std::string pointer = "/layers/" + std::to_string(index);
  const std::int64_t model_dim = architecture.model.model_dim;
  if (used.units && model_dim % kUnitsOfModelDim != 0) {
    report("/model/model_dim", "= " + std::to_string(model_dim) + " must be a multiple of " +
                                   std::to_string(kUnitsOfModelDim) +
                                   ": a program counts features in units");
    return;
  }
  const Dims dims = layer_dims(architecture, index, 1, 1);
  for (const Axis axis : used.rotated) {
    if (dims.size(axis) % 2 == 0) continue;
    if (axis == Axis::kHeadDim) {
      report(pointer + "/heads", "= " + std::to_string(layer.heads) +
                                     " gives head_dim = " + std::to_string(dims.head_dim) +
                                     ", but rope needs an even one");
    } else {
      report(pointer + "/program", "turns " + to_text(axis) + " = " +
                                       std::to_string(dims.size(axis)) +
                                       " features by rope, which needs an even number");
    }
    return;
  }
}

void report_layer_faults(const Architecture& architecture, std::size_t index,
                         const ReportFault& report) {
  const LayerSpec& layer = architecture.layers[index];
  const std::string pointer = "/layers/" + std::to_string(index);
  const std::int64_t model_dim = architecture.model.model_dim;
  const bool divides = layer.heads >= 1 && model_dim >= 1 && model_dim % layer.heads == 0;
  if (!divides) {
    report(pointer + "/heads", "= " + std::to_string(layer.heads) +
                                   " must divide model_dim = " + std::to_string(model_dim));
  }
  if (layer.inner_dim < 1 || layer.inner_dim > kMaxSize) {
    report(pointer + "/inner_dim", "= " + std::to_string(layer.inner_dim) + " must be in [1, " +
                                       std::to_string(kMaxSize) + "]");
  }
  const CheckRules rules = layer_rules(architecture.model);
  if (layer.program.inputs != std::vector<Shape>{kModelShape}) {
    report(pointer + "/program", "must have one input, " + to_text(kModelShape));
    return;
  }
  CheckedProgram checked;
  const Rejection rejection = check(layer.program, rules, checked);
  if (rejection.kind != Rejection::Kind::kNone) {
    report(pointer + "/program", explain(rejection, layer.program, rules));
    return;
  }
  if (divides)
    report_feature_faults(architecture, index, used_sizes(layer.program, checked), report);
}

/// Whether the program's output depends on a relative_bias node.
bool uses_relative_bias(const Program& program, const CheckRules& rules) {
  static const std::uint16_t relative_bias = primitive_index("relative_bias");
  const auto is_bias = [](const Node& node) { return node.primitive == relative_bias; };
  if (std::none_of(program.nodes.begin(), program.nodes.end(), is_bias)) return false;
  CheckedProgram checked;
  if (check(program, rules, checked).kind != Rejection::Kind::kNone) return false;
  for (std::size_t i = 0; i < program.nodes.size(); ++i) {
    if (is_bias(program.nodes[i]) && checked.live[program.value_of(i)]) return true;
  }
  return false;
}

void report_relative_bias_faults(const Architecture& architecture, const ReportFault& report) {
  const CheckRules rules = layer_rules(architecture.model);
  const std::vector<LayerSpec>& layers = architecture.layers;
  std::optional<std::size_t> first;
  for (std::size_t i = 0; i < layers.size(); ++i) {
    if (!uses_relative_bias(layers[i].program, rules)) continue;
    const std::string pointer = "/layers/" + std::to_string(i);
    if (architecture.model.positions != Positions::kT5) {
      report(pointer + "/program", "relative_bias needs model.positions = \"t5\"");
      return;
    }
    if (!first) first = i;
    if (layers[i].heads == layers[*first].heads) continue;
    report(pointer + "/heads", "= " + std::to_string(layers[i].heads) + " differs from " +
                                   std::to_string(layers[*first].heads) + " of layer " +
                                   std::to_string(*first) +
                                   ": with model.positions = \"t5\" all layers share one table, "
                                   "which has a column for each head");
  }
}

/// Text of everything but the programs, in a fixed form that no later field may change.
std::string hashed_sizes(const Architecture& canonical) {
  const ModelSpec& model = canonical.model;
  std::string text = std::string("architecture 1 ") +
                     kModelKindNames[static_cast<std::size_t>(model.kind)] + " " +
                     kPositionsNames[static_cast<std::size_t>(model.positions)] + " " +
                     kNormKindNames[static_cast<std::size_t>(model.final_norm)] +
                     (model.tied_head ? " tied" : " untied");
  for (const std::int64_t size : {model.vocab_size, model.model_dim, model.max_len}) {
    text += " " + std::to_string(size);
  }
  for (const LayerSpec& layer : canonical.layers) {
    text += "\n" + std::to_string(layer.heads) + " " + std::to_string(layer.inner_dim) + " ";
    text += hash_canonical(layer.program).hex();
  }
  return text;
}

}  // namespace

void report_faults(const Architecture& architecture, const ReportFault& report) {
  report_model_faults(architecture.model, report);
  if (architecture.layers.empty() || architecture.layers.size() > kMaxLayers) {
    report("/layers", "must have 1 to " + std::to_string(kMaxLayers) + " layers, not " +
                          std::to_string(architecture.layers.size()));
    return;
  }
  for (std::size_t i = 0; i < architecture.layers.size(); ++i) {
    report_layer_faults(architecture, i, report);
  }
  report_relative_bias_faults(architecture, report);
}

std::int64_t relative_bias_heads(const Architecture& architecture) {
  const CheckRules rules = layer_rules(architecture.model);
  for (const LayerSpec& layer : architecture.layers) {
    if (uses_relative_bias(layer.program, rules)) return layer.heads;
  }
  return 0;
}

Dims layer_dims(const Architecture& architecture, std::size_t layer, std::int64_t batch,
                std::int64_t seq) {
  const LayerSpec& spec = architecture.layers.at(layer);
  const std::int64_t model_dim = architecture.model.model_dim;
  return {.batch = batch,
          .seq = seq,
          .heads = spec.heads,
          .head_dim = model_dim / spec.heads,
          .model_dim = model_dim,
          .inner_dim = spec.inner_dim};
}

TimeMixing allowed_mixing(const ModelSpec& model) {
  switch (model.kind) {
    case ModelKind::kDecoderLm:
      break;
  }
  return TimeMixing::kCausal;
}

void require_valid(const Architecture& architecture, const std::string& where) {
  std::string all;
  report_faults(architecture, [&](const std::string& pointer, const std::string& fault) {
    all += (all.empty() ? "" : "\n") + where + ": " + dotted(pointer) + " " + fault;
  });
  if (!all.empty()) throw Error(ErrorKind::kConfig, all);
}

Architecture canonical(const Architecture& architecture) {
  Architecture result = architecture;
  const CheckRules rules = layer_rules(architecture.model);
  std::vector<UsedSizes> used(result.layers.size());
  bool has_rope = false;
  for (std::size_t i = 0; i < result.layers.size(); ++i) {
    // Layers share programs more often than not, and making one canonical is the costly part.
    std::size_t same = 0;
    while (architecture.layers[same].program != architecture.layers[i].program) ++same;
    LayerSpec& layer = result.layers[i];
    if (same == i) {
      layer.program = canonical(architecture.layers[i].program);
      used[i] = used_sizes(layer.program, rules);
    } else {
      layer.program = result.layers[same].program;
      used[i] = used[same];
    }
    if (!used[i].heads) layer.heads = 1;
    if (!used[i].inner_dim) layer.inner_dim = result.model.model_dim;
    has_rope |= used[i].rope();
  }
  if (result.model.positions != Positions::kLearned) {
    result.model.positions = relative_bias_heads(result) != 0 ? Positions::kT5
                             : has_rope                       ? Positions::kRope
                                                              : Positions::kNone;
    result.model.max_len = ModelSpec{}.max_len;
  }
  return result;
}

Hash128 hash_of(const Architecture& architecture) {
  return hash_text(hashed_sizes(canonical(architecture)));
}

}  // namespace nas::space
