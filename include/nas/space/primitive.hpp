#pragma once

#include <array>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "nas/space/program.hpp"

namespace nas::space {

enum class FieldKind { kInteger, kReal, kBoolean, kChoice };

/// One field of a primitive: a constant that mutation may change and that text writes as
/// `name=value`. A field at its default is not written.
struct FieldSpec {
  std::string name;
  FieldKind kind = FieldKind::kInteger;
  double min = 0;
  double max = 0;
  double fallback = 0;               ///< default
  std::vector<std::string> choices;  ///< kChoice: names; the value is the index
  std::string help;
  bool zero_allowed = true;  ///< kInteger: whether 0 is a legal value in [min, max]
};

/// A trained tensor of a node. Sizes are concrete; at most 3 axes.
struct ParameterShape {
  const char* name = "";
  std::array<std::int64_t, 3> sizes{};  ///< of missing axes 0
  /// The sizes of the axes that it has.
  [[nodiscard]] std::vector<std::int64_t> axes() const;
  [[nodiscard]] std::int64_t elements() const;
};

/// At most two trained tensors of one node, without allocation.
struct ParameterList {
  std::array<ParameterShape, 2> items{};
  int count = 0;
  void add(const ParameterShape& shape) { items[static_cast<std::size_t>(count++)] = shape; }
};

/// What a primitive's cost and source rules see of one node.
struct NodeContext {
  const Node& node;
  std::span<const Shape> inputs;
  Shape output;
  Dims dims;
};

/// The half of a primitive that needs no tensors: one is made by each
/// space/primitives/<name>.cpp and listed in space/primitives/builtin.cpp.
struct PrimitiveSpec {
  std::string name;
  std::string formula;  ///< one line of ASCII, symbols named
  std::string source;   ///< paper or "common"
  int arity = 1;
  bool commutative = false;
  std::vector<FieldSpec> fields;
  /// Made by the lowering of Primer's subprograms alone: in no vocabulary.
  bool is_structural = false;

  /// Shape of the output, or nothing when the inputs' shapes do not fit.
  std::optional<Shape> (*type)(std::span<const Shape> inputs, const Node& node) = nullptr;
  /// What the type rule accepts, for messages: "two [batch, heads, seq, head_dim]".
  std::string accepts;
  /// The node's own mixing of time, given its fields and inputs' shapes.
  TimeMixing (*mixing)(std::span<const Shape> inputs, const Node& node) = nullptr;
  /// Why a node whose own mixing is bidirectional leaks: completes "leaks the future: ...".
  /// Null for primitives that never are.
  std::string (*leak)(const Node& node) = nullptr;
  /// Trained tensors; null means none.
  ParameterList (*parameters)(const NodeContext& context) = nullptr;
  /// Whether these tensors are one set of the whole model, which all nodes of the primitive use,
  /// and not each node's own. The model makes and counts them.
  bool shares_parameters = false;
  /// Floating-point operations of one forward for the whole batch. A multiply-add is 2. Masked
  /// entries are counted (a causal attention is not halved). A transcendental counts 1.
  double (*flops)(const NodeContext& context) = nullptr;
  /// Elements that backward keeps besides the node's inputs and output; null means none.
  double (*saved_elements)(const NodeContext& context) = nullptr;
  /// TorchScript expression (ATen operations only, `torch.<op>`); `in` are the inputs' names,
  /// `weights` the trained tensors' (as `self.<name>`). Sizes of the layer are literals from
  /// context.dims, batch and seq are read at run time. May call the methods that nn/torchscript
  /// writes in the class: self.mask_scores(s) (0 where key > query), self.softmax_keys(s) (masked),
  /// self.finite_rows(x) (in a causal model inf clamped and NaN 0, for what scores weigh),
  /// self.fill_later(s, value) (value where key > query), self.key_counts(s) (keys of each query),
  /// self.divide(a, b), self.rope(x, base), self.shift_time(x, steps), self.causal_conv(x, weight,
  /// width), self.dense_conv(x, weight, width), self.cumulative_mean(x), self.windows(x, width,
  /// fill) (the last rows of each token, stacked in front), self.window_counts(x, width),
  /// self.relative_bias(s, table, boundaries). In x the seq axis is the last but one.
  std::string (*torchscript)(const NodeContext& context, std::span<const std::string> in,
                             std::span<const std::string> weights) = nullptr;
};

/// All primitives in alphabetical order; made once. The index of an entry is Node::primitive.
[[nodiscard]] const std::vector<PrimitiveSpec>& primitives();
[[nodiscard]] inline const PrimitiveSpec& spec_of(const Node& node) {
  return primitives()[node.primitive];
}
/// Index by name, or nothing.
[[nodiscard]] std::optional<std::uint16_t> find_primitive(std::string_view name);
/// Index by name. Throws Error(kConfig) that names the nearest.
[[nodiscard]] std::uint16_t primitive_index(std::string_view name);
/// A node of this primitive with all fields at their defaults.
[[nodiscard]] Node make_node(std::uint16_t primitive, ValueIndex first = 0, ValueIndex second = 0);

}  // namespace nas::space
