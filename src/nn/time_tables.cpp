#include "nn/time_tables.hpp"

#include <ATen/core/grad_mode.h>
#include <ATen/ops/arange.h>
#include <ATen/ops/bucketize.h>
#include <ATen/ops/ones.h>
#include <ATen/ops/outer.h>
#include <ATen/ops/pow.h>
#include <ATen/ops/tensor.h>

#include <algorithm>

#include "nas/space/relative_positions.hpp"

namespace nas::nn {

namespace {

// Layers share tables unless their bases differ; evolution may give every layer its own.
constexpr std::size_t kMostRotations = 64;

TimeTables::Rotation make_rotation(double base, std::int64_t half, std::int64_t seq,
                                   at::Device device) {
  const auto options = at::TensorOptions().dtype(at::kDouble).device(device);
  const at::Tensor exponents = at::arange(half, options).mul(-1.0 / static_cast<double>(half));
  const at::Tensor angles = at::outer(at::arange(seq, options), at::pow(base, exponents));
  return {angles.cos().to(at::kFloat), angles.sin().to(at::kFloat)};
}

/// Whether a table whose axis 0 is time has to be made for `seq`.
bool is_too_short(const at::Tensor& table, std::int64_t seq) {
  return !table.defined() || table.size(0) < seq;
}

at::Tensor square_of(const at::Tensor& table, std::int64_t seq) {
  return table.narrow(0, 0, seq).narrow(1, 0, seq);
}

}  // namespace

TimeTables::Rotation TimeTables::rotation(double base, std::int64_t half, std::int64_t seq) {
  const at::NoGradGuard no_grad;
  const auto matches = [&](const RotationEntry& entry) {
    return entry.base == base && entry.half == half;
  };
  auto entry = std::ranges::find_if(rotations_, matches);
  if (entry == rotations_.end()) {
    if (rotations_.size() == kMostRotations) rotations_.clear();
    entry = rotations_.insert(rotations_.end(), {base, half, {}});
  }
  Rotation& tables = entry->tables;
  if (is_too_short(tables.cosine, seq)) tables = make_rotation(base, half, seq, device_);
  return {tables.cosine.narrow(0, 0, seq), tables.sine.narrow(0, 0, seq)};
}

at::Tensor TimeTables::future(std::int64_t seq) {
  if (is_too_short(future_, seq)) {
    future_ = at::ones({seq, seq}, at::TensorOptions().dtype(at::kBool).device(device_)).triu(1);
  }
  return square_of(future_, seq);
}

at::Tensor TimeTables::counts(std::int64_t seq) {
  if (is_too_short(counts_, seq)) {
    const auto options = at::TensorOptions().dtype(at::kFloat).device(device_);
    counts_ = at::arange(1, seq + 1, options).unsqueeze(1);
  }
  return counts_.narrow(0, 0, seq);
}

at::Tensor TimeTables::relative_buckets(std::int64_t seq) {
  if (is_too_short(relative_buckets_, seq)) {
    const auto options = at::TensorOptions().dtype(at::kLong).device(device_);
    const at::Tensor times = at::arange(seq, options);
    const at::Tensor boundaries = at::tensor(space::relative_boundaries(), options);
    relative_buckets_ = at::bucketize(times.unsqueeze(1).sub(times), boundaries,
                                      /*out_int32=*/false, /*right=*/true);
  }
  return square_of(relative_buckets_, seq);
}

}  // namespace nas::nn
