#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <vector>

namespace nas::nn {

/// Tensors that depend on sizes alone, made once, for the longest sequence asked for: those of a
/// shorter one are its beginnings, so what a captured graph reads stays where it is. One object
/// belongs to one model and one device; not thread safe.
class TimeTables {
 public:
  explicit TimeTables(at::Device device) : device_(device) {}

  /// Cosines and sines of the angles t base^(-i / half), i < half; both [seq, half] float32,
  /// computed in float64 so that they do not depend on how a power is rounded.
  struct Rotation {
    at::Tensor cosine;
    at::Tensor sine;
  };
  [[nodiscard]] Rotation rotation(double base, std::int64_t half, std::int64_t seq);

  /// [seq, seq] bool: true where key > query.
  [[nodiscard]] at::Tensor future(std::int64_t seq);

  /// [seq, 1] float32: 1, 2, ..., seq.
  [[nodiscard]] at::Tensor counts(std::int64_t seq);

  /// [seq, seq] int64: the bucket of query - key in the table of relative positions; that of
  /// distance 0 where key > query.
  [[nodiscard]] at::Tensor relative_buckets(std::int64_t seq);

 private:
  struct RotationEntry {
    double base;
    std::int64_t half;
    Rotation tables;
  };
  at::Device device_;
  std::vector<RotationEntry> rotations_;
  at::Tensor future_;
  at::Tensor counts_;
  at::Tensor relative_buckets_;
};

}  // namespace nas::nn
