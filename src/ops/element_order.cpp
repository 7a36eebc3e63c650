#include "ops/element_order.hpp"

#include <ATen/ops/as_strided.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/empty_strided.h>

#include <algorithm>
#include <numeric>
#include <optional>

#include "nas/core/error.hpp"

namespace nas::ops {

namespace {

struct Rows {
  std::int64_t width;
  std::int64_t stride;
};

/// The rows of x along some axes; those of a dense tensor are one. Nothing where elements are apart
/// or there are gaps of two kinds.
std::optional<Rows> rows_of(const at::Tensor& x, const std::vector<std::int64_t>& axes) {
  const std::int64_t count = x.numel();
  Rows rows{count, count};
  if (count == 0) return rows;
  std::int64_t behind = 1;  // the stride of what follows without a gap
  for (std::size_t i = axes.size(); i-- > 0;) {
    if (x.size(axes[i]) == 1) continue;
    const std::int64_t stride = x.stride(axes[i]);
    if (stride != behind) {
      if (behind == 1 || rows.width != count) return std::nullopt;
      rows = {behind, stride};
      behind = stride;
    }
    behind *= x.size(axes[i]);
  }
  return rows;
}

/// Nothing if x cannot be walked in that order.
std::optional<std::int64_t> find_gap(const ElementOrder& order, const at::Tensor& x) {
  const std::optional<Rows> rows = rows_of(x, order.axes);
  if (rows && rows->width == order.count) return 0;
  if (rows && rows->width == order.width) return rows->stride - rows->width;
  return std::nullopt;
}

}  // namespace

ElementOrder element_order(at::TensorList tensors) {
  const at::Tensor& first = tensors[0];
  ElementOrder order;
  order.axes.resize(static_cast<std::size_t>(first.dim()));
  std::iota(order.axes.begin(), order.axes.end(), 0);
  std::ranges::stable_sort(order.axes, std::ranges::greater(),
                           [&](std::int64_t axis) { return first.stride(axis); });
  order.count = first.numel();
  order.width = order.count;
  for (const at::Tensor& x : tensors) {
    const std::optional<Rows> rows = rows_of(x, order.axes);
    if (rows && order.width == order.count) order.width = rows->width;
  }
  return order;
}

std::int64_t row_gap(const ElementOrder& order, const at::Tensor& x) {
  const std::optional<std::int64_t> gap = find_gap(order, x);
  NAS_ASSERT(gap.has_value());
  return gap.value_or(0);
}

at::Tensor empty_in_order(const ElementOrder& order, const at::Tensor& x) {
  std::vector<std::int64_t> strides(order.axes.size());
  std::int64_t behind = 1;
  for (std::size_t i = order.axes.size(); i-- > 0;) {
    strides[static_cast<std::size_t>(order.axes[i])] = behind;
    behind *= std::max<std::int64_t>(x.size(order.axes[i]), 1);
  }
  return at::empty_strided(x.sizes(), strides, x.options());
}

at::Tensor in_order(const ElementOrder& order, const at::Tensor& x) {
  return find_gap(order, x) ? x : empty_in_order(order, x).copy_(x);
}

std::vector<at::Tensor> gradients_in_order(const ElementOrder& order, at::TensorList tensors) {
  std::vector<at::Tensor> gradients;
  std::vector<const char*> places;
  const auto width = static_cast<std::ptrdiff_t>(order.width * tensors[0].element_size());
  const auto whole = static_cast<std::int64_t>(tensors.size()) * order.width;
  bool are_packed = tensors.size() > 1 && order.width < order.count;
  for (const at::Tensor& x : tensors) {
    places.push_back(static_cast<const char*>(x.const_data_ptr()));
    are_packed =
        are_packed && x.is_alias_of(tensors[0]) && find_gap(order, x) == whole - order.width;
  }
  const char* const begin = *std::ranges::min_element(places);
  std::vector<const char*> sorted = places;
  std::ranges::sort(sorted);
  for (std::size_t i = 0; i < sorted.size(); ++i) {
    are_packed = are_packed && sorted[i] == begin + static_cast<std::ptrdiff_t>(i) * width;
  }
  if (!are_packed) {
    for (const at::Tensor& x : tensors) gradients.push_back(empty_in_order(order, x));
    return gradients;
  }
  const at::Tensor packed = at::empty({order.count / order.width, whole}, tensors[0].options());
  for (std::size_t i = 0; i < tensors.size(); ++i) {
    const std::int64_t offset = (places[i] - begin) / tensors[0].element_size();
    gradients.push_back(at::as_strided(packed, tensors[i].sizes(), tensors[i].strides(), offset));
  }
  return gradients;
}

}  // namespace nas::ops
