#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <vector>

namespace nas::ops {

/// An order in which the elements of tensors of one shape are walked. It has rows of `width`
/// elements that lie one behind another; from row to row a tensor may have a gap, the same
/// everywhere, as parts of a packed tensor have. Tensors without are dense.
struct ElementOrder {
  std::vector<std::int64_t> axes;  ///< slowest first
  std::int64_t count = 0;
  std::int64_t width = 0;  ///< count where all tensors are dense
};

/// The memory order of the first tensor, with rows for those that have gaps.
[[nodiscard]] ElementOrder element_order(at::TensorList tensors);

/// Elements between two rows of x, which can be walked in that order; 0 if it is dense.
[[nodiscard]] std::int64_t row_gap(const ElementOrder& order, const at::Tensor& x);

/// A dense tensor in that order, of the shape and type of x.
[[nodiscard]] at::Tensor empty_in_order(const ElementOrder& order, const at::Tensor& x);

/// x, or a dense copy where it cannot be walked in that order.
[[nodiscard]] at::Tensor in_order(const ElementOrder& order, const at::Tensor& x);

/// For each of several tensors one like it for its gradient. Of tensors that fill the rows of one
/// packed tensor beside each other the gradients do so too, so that split_last has nothing to copy.
[[nodiscard]] std::vector<at::Tensor> gradients_in_order(const ElementOrder& order,
                                                         at::TensorList tensors);

}  // namespace nas::ops
