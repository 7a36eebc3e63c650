#include "nn/applied_primitive.hpp"

#include <ATen/ops/empty.h>
#include <torch/csrc/jit/api/module.h>
#include <torch/csrc/jit/serialization/import.h>

#include "nas/core/philox.hpp"
#include "nas/space/primitive.hpp"
#include "nn/torchscript_methods.hpp"

namespace nas::test {

namespace {

using space::FieldKind;
using space::FieldSpec;
using space::Shape;

std::vector<std::int64_t> concrete(const Shape& shape, const space::Dims& dims) {
  std::vector<std::int64_t> sizes;
  sizes.reserve(static_cast<std::size_t>(shape.rank()));
  for (int axis = 0; axis < shape.rank(); ++axis) {
    sizes.push_back(dims.size(shape.axes[static_cast<std::size_t>(axis)]));
  }
  return sizes;
}

std::vector<double> values_to_try(const FieldSpec& field) {
  switch (field.kind) {
    case FieldKind::kBoolean:
      return {0, 1};
    case FieldKind::kChoice: {
      std::vector<double> all;
      for (std::size_t i = 0; i < field.choices.size(); ++i) all.push_back(static_cast<double>(i));
      return all;
    }
    case FieldKind::kInteger: {
      std::vector<double> some;
      // Beyond 31 a field of sizes only makes the tensors large.
      for (const double value : {field.min, -2.0, 1.0, 3.0, std::min(field.max, 31.0)}) {
        if (value >= field.min && value <= field.max) some.push_back(value);
      }
      return some;
    }
    case FieldKind::kReal:
      return {field.fallback, field.min + 0.25 * (std::min(field.max, 100.0) - field.min)};
  }
  return {};
}

std::vector<FieldValues> field_combinations(const space::PrimitiveSpec& spec) {
  std::vector<FieldValues> combinations{{}};
  for (const FieldSpec& field : spec.fields) {
    std::vector<FieldValues> longer;
    for (const FieldValues& head : combinations) {
      for (const double value : values_to_try(field)) {
        longer.push_back(head);
        longer.back().emplace_back(field.name, value);
      }
    }
    combinations = std::move(longer);
  }
  return combinations;
}

std::vector<std::vector<Shape>> shape_combinations(int arity) {
  const std::vector<Shape> shapes{
      space::kModelShape,
      space::kInnerShape,
      space::kHeadsShape,
      space::kScoresShape,
      space::kStateShape,
      space::sequence_of(space::branches_axis(4), space::units_axis(2)),
      {{space::Axis::kBatch, space::branches_axis(4), space::Axis::kSeq, space::Axis::kSeq}}};
  std::vector<std::vector<Shape>> combinations{{}};
  for (int i = 0; i < arity; ++i) {
    std::vector<std::vector<Shape>> longer;
    for (const std::vector<Shape>& head : combinations) {
      for (const Shape& shape : shapes) {
        longer.push_back(head);
        longer.back().push_back(shape);
      }
    }
    combinations = std::move(longer);
  }
  return combinations;
}

}  // namespace

at::Tensor random_tensor(at::IntArrayRef sizes, std::uint64_t seed, std::uint64_t subject) {
  DrawCursor cursor({seed, Purpose::kTest, subject, 0});
  at::Tensor tensor = at::empty(sizes);
  auto* const values = tensor.mutable_data_ptr<float>();
  for (std::int64_t i = 0; i < tensor.numel(); ++i) values[i] = static_cast<float>(cursor.normal());
  return tensor;
}

at::Tensor AppliedPrimitive::forward(bool is_causal) const {
  nn::TimeTables tables(inputs[0].device());
  const space::NodeContext node_context = context();
  return nn::impl_of(node).forward({node_context, inputs, parameters, {}, is_causal, tables});
}

at::Tensor AppliedPrimitive::torchscript(bool is_causal) const {
  torch::jit::Module module("Applied");
  std::vector<std::string> weights;
  for (std::size_t i = 0; i < parameters.size(); ++i) {
    const std::string name = "p" + std::to_string(i);
    module.register_attribute(name, c10::TensorType::get(), parameters[i]);
    weights.push_back("self." + name);
  }
  const std::vector<std::string> names =
      inputs.size() == 1 ? std::vector<std::string>{"a"} : std::vector<std::string>{"a", "b"};
  std::string source = "def forward(self";
  for (const std::string& name : names) source += ", " + name + ": Tensor";
  source += ") -> Tensor:\n    return " +
            space::spec_of(node).torchscript(context(), names, weights) + "\n";
  module.define(source + nn::torchscript_methods(is_causal));
  return module.forward(std::vector<c10::IValue>(inputs.begin(), inputs.end())).toTensor();
}

std::string AppliedPrimitive::text() const {
  const space::PrimitiveSpec& spec = space::spec_of(node);
  std::string text = spec.name + "(";
  for (std::size_t i = 0; i < spec.fields.size(); ++i) {
    text += (i ? ", " : "") + spec.fields[i].name + "=" + std::to_string(node.fields[i]);
  }
  text += ") of";
  for (const Shape& shape : shapes) text += " " + space::to_text(shape);
  return text;
}

space::Dims odd_dims() {
  return {.batch = 2, .seq = 7, .heads = 3, .head_dim = 16, .model_dim = 48, .inner_dim = 20};
}

AppliedPrimitive apply_primitive(const std::string& name, const std::vector<Shape>& shapes,
                                 const FieldValues& fields, const space::Dims& dims,
                                 std::uint64_t seed) {
  AppliedPrimitive applied;
  applied.node = space::make_node(space::primitive_index(name));
  const space::PrimitiveSpec& spec = space::spec_of(applied.node);
  for (const auto& [field, value] : fields) {
    for (std::size_t i = 0; i < spec.fields.size(); ++i) {
      if (spec.fields[i].name == field) applied.node.fields[i] = value;
    }
  }
  applied.shapes = shapes;
  applied.dims = dims;
  applied.output = spec.type(applied.shapes, applied.node).value_or(Shape{});
  if (applied.output == Shape{}) return applied;
  for (const Shape& shape : shapes) {
    applied.inputs.push_back(random_tensor(concrete(shape, dims), seed, applied.inputs.size()));
  }
  if (spec.parameters == nullptr) return applied;
  const space::ParameterList list = spec.parameters(applied.context());
  for (std::size_t i = 0; i < static_cast<std::size_t>(list.count); ++i) {
    applied.parameters.push_back(random_tensor(list.items[i].axes(), seed, 100 + i));
  }
  return applied;
}

std::vector<AppliedPrimitive> all_applied_primitives() {
  std::vector<AppliedPrimitive> all;
  for (const space::PrimitiveSpec& spec : space::primitives()) {
    for (const FieldValues& fields : field_combinations(spec)) {
      for (const std::vector<Shape>& shapes : shape_combinations(spec.arity)) {
        AppliedPrimitive applied = apply_primitive(spec.name, shapes, fields);
        if (applied.output != Shape{}) all.push_back(std::move(applied));
      }
    }
  }
  return all;
}

}  // namespace nas::test
