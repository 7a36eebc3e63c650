#include "nn/time_tables.hpp"

#include <ATen/core/grad_mode.h>
#include <ATen/ops/arange.h>
#include <ATen/ops/bucketize.h>
#include <ATen/ops/ones.h>
#include <ATen/ops/outer.h>
#include <ATen/ops/pow.h>
#include <ATen/ops/tensor.h>

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

}  // namespace

const TimeTables::Rotation& TimeTables::rotation(double base, std::int64_t half, std::int64_t seq) {
  for (RotationEntry& entry : rotations_) {
    if (entry.base != base || entry.half != half) continue;
    if (entry.seq != seq) {
      const at::NoGradGuard no_grad;
      entry.tables = make_rotation(base, half, seq, device_);
      entry.seq = seq;
    }
    return entry.tables;
  }
  if (rotations_.size() == kMostRotations) rotations_.clear();
  const at::NoGradGuard no_grad;
  rotations_.push_back({base, half, seq, make_rotation(base, half, seq, device_)});
  return rotations_.back().tables;
}

const at::Tensor& TimeTables::future(std::int64_t seq) {
  if (!future_.defined() || future_.size(0) != seq) {
    future_ = at::ones({seq, seq}, at::TensorOptions().dtype(at::kBool).device(device_)).triu(1);
  }
  return future_;
}

const at::Tensor& TimeTables::counts(std::int64_t seq) {
  if (!counts_.defined() || counts_.size(0) != seq) {
    const auto options = at::TensorOptions().dtype(at::kFloat).device(device_);
    counts_ = at::arange(1, seq + 1, options).unsqueeze(1);
  }
  return counts_;
}

const at::Tensor& TimeTables::relative_buckets(std::int64_t seq) {
  if (!relative_buckets_.defined() || relative_buckets_.size(0) != seq) {
    const auto options = at::TensorOptions().dtype(at::kLong).device(device_);
    const at::Tensor times = at::arange(seq, options);
    const at::Tensor boundaries = at::tensor(space::relative_boundaries(), options);
    relative_buckets_ = at::bucketize(times.unsqueeze(1).sub(times), boundaries,
                                      /*out_int32=*/false, /*right=*/true);
  }
  return relative_buckets_;
}

}  // namespace nas::nn
