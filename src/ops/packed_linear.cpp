#include "nas/ops/packed_linear.hpp"

#include <ATen/ops/as_strided.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/linear.h>
#include <ATen/ops/mm.h>
#include <ATen/ops/zeros.h>
#include <c10/util/strides.h>
#include <torch/csrc/autograd/custom_function.h>

#include <numeric>
#include <utility>

#include "nas/core/error.hpp"

namespace nas::ops {

namespace {

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

bool lie_one_behind_another(at::TensorList weights) {
  const std::int64_t item = weights[0].element_size();
  const auto* next = static_cast<const char*>(weights[0].const_data_ptr());
  for (const at::Tensor& weight : weights) {
    if (!weight.is_contiguous() || weight.const_data_ptr() != next ||
        !weight.is_alias_of(weights[0])) {
      return false;
    }
    next += weight.numel() * item;
  }
  return true;
}

/// [sum of rows, in].
at::Tensor joined(at::TensorList weights) {
  if (!lie_one_behind_another(weights)) return at::cat(weights);
  std::int64_t rows = 0;
  for (const at::Tensor& weight : weights) rows += weight.size(0);
  const std::int64_t in = weights[0].size(1);
  return at::as_strided(weights[0], {rows, in}, {in, 1});
}

class PackedLinear : public torch::autograd::Function<PackedLinear> {
 public:
  static at::Tensor forward(AutogradContext* context, const at::Tensor& x, at::TensorList weights) {
    const at::Tensor weight = joined(weights);
    std::vector<std::int64_t> rows;
    rows.reserve(weights.size());
    for (const at::Tensor& part : weights) rows.push_back(part.size(0));
    context->saved_data["rows"] = rows;
    // A leaf that is changed before the backward pass would go unseen in a joined copy, and is
    // an error in LibTorch's own operations too.
    context->save_for_backward({x, weight});
    return at::linear(x, weight);
  }

  static variable_list backward(AutogradContext* context, const variable_list& gradients) {
    const variable_list saved = context->get_saved_variables();
    const at::Tensor& x = saved[0];
    const at::Tensor& weight = saved[1];
    const at::Tensor y_gradient = gradients[0].flatten(0, -2);
    variable_list results{y_gradient.mm(weight).view(x.sizes())};
    const at::Tensor weight_gradient = y_gradient.t().mm(x.flatten(0, -2));
    std::int64_t first = 0;
    for (const std::int64_t rows : context->saved_data["rows"].toIntVector()) {
      results.push_back(weight_gradient.narrow(0, first, rows));
      first += rows;
    }
    return results;
  }
};

/// The parts of a dense packed tensor, in order, as the tensor that they fill; undefined when they
/// are not that.
at::Tensor as_packed(at::TensorList parts, std::vector<std::int64_t> leading) {
  std::int64_t width = 0;
  for (const at::Tensor& part : parts) {
    if (!part.defined()) return {};
    width += part.size(-1);
  }
  std::vector<std::int64_t> sizes = std::move(leading);
  sizes.push_back(width);
  const c10::DimVector strides = c10::contiguous_strides(sizes);
  const auto* place = static_cast<const char*>(parts[0].const_data_ptr());
  for (const at::Tensor& part : parts) {
    if (part.const_data_ptr() != place || !part.is_alias_of(parts[0])) return {};
    for (std::int64_t axis = 0; axis < part.dim(); ++axis) {
      const bool has_one = part.size(axis) == 1;
      if (!has_one && part.stride(axis) != strides[static_cast<std::size_t>(axis)]) return {};
    }
    place += part.size(-1) * part.element_size();
  }
  return at::as_strided(parts[0], sizes, strides);
}

class SplitLast : public torch::autograd::Function<SplitLast> {
 public:
  static variable_list forward(AutogradContext* context, const at::Tensor& packed,
                               at::IntArrayRef sizes) {
    context->saved_data["sizes"] = sizes.vec();
    context->saved_data["leading"] = packed.sizes().slice(0, packed.sizes().size() - 1).vec();
    context->set_materialize_grads(false);
    variable_list parts;
    std::int64_t first = 0;
    for (const std::int64_t size : sizes) {
      parts.push_back(packed.narrow(-1, first, size));
      first += size;
    }
    return parts;
  }

  static variable_list backward(AutogradContext* context, const variable_list& gradients) {
    const std::vector<std::int64_t> sizes = context->saved_data["sizes"].toIntVector();
    const std::vector<std::int64_t> leading = context->saved_data["leading"].toIntVector();
    const at::Tensor packed = as_packed(gradients, leading);
    if (packed.defined()) return {packed, at::Tensor()};
    at::TensorOptions options;
    for (const at::Tensor& gradient : gradients) {
      if (gradient.defined()) options = gradient.options();
    }
    variable_list parts = gradients;
    for (std::size_t i = 0; i < parts.size(); ++i) {
      if (parts[i].defined()) continue;
      std::vector<std::int64_t> shape = leading;
      shape.push_back(sizes[i]);
      parts[i] = at::zeros(shape, options);
    }
    return {at::cat(parts, -1), at::Tensor()};
  }
};

}  // namespace

at::Tensor packed_linear(const at::Tensor& x, const std::vector<at::Tensor>& weights) {
  NAS_ASSERT(!weights.empty() && x.dim() >= 2);
  for (const at::Tensor& weight : weights) {
    NAS_ASSERT(weight.dim() == 2 && weight.size(1) == x.size(-1) &&
               weight.scalar_type() == x.scalar_type());
  }
  return PackedLinear::apply(x, at::TensorList(weights));
}

std::vector<at::Tensor> split_last(const at::Tensor& packed,
                                   const std::vector<std::int64_t>& sizes) {
  NAS_ASSERT(std::accumulate(sizes.begin(), sizes.end(), std::int64_t{0}) == packed.size(-1));
  return SplitLast::apply(packed, at::IntArrayRef(sizes));
}

}  // namespace nas::ops
