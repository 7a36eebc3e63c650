#pragma once

#include "ops/vector.cuh"

namespace nas::ops {

/// The neighbouring values that a thread works on: a vector of 16 bytes, or one value where vectors
/// do not divide a row.
template <class Value, bool kVectors>
struct Lane {
  static constexpr int kSize = kVectors ? Vector<Value>::kSize : 1;
  float at[kSize];

  __device__ static Lane zero() {
    Lane lane;
#pragma unroll
    for (int i = 0; i < kSize; ++i) lane.at[i] = 0;
    return lane;
  }
  __device__ static Lane load_from(const Value* from) {
    Lane lane;
    if constexpr (kVectors) {
      const Vector<Value> vector = load(from);
#pragma unroll
      for (int i = 0; i < kSize; ++i) lane.at[i] = vector.at[i];
    } else {
      lane.at[0] = to_float(*from);
    }
    return lane;
  }
  /// Of float32 values, whatever Value is; a vector's begin at 16 bytes.
  __device__ static Lane load_floats(const float* from) {
    Lane lane;
    if constexpr (kVectors) {
#pragma unroll
      for (int i = 0; i < kSize; i += 4) {
        const float4 four = *reinterpret_cast<const float4*>(from + i);
        lane.at[i] = four.x;
        lane.at[i + 1] = four.y;
        lane.at[i + 2] = four.z;
        lane.at[i + 3] = four.w;
      }
    } else {
      lane.at[0] = *from;
    }
    return lane;
  }
  __device__ void store_floats(float* to) const {
    if constexpr (kVectors) {
#pragma unroll
      for (int i = 0; i < kSize; i += 4) {
        *reinterpret_cast<float4*>(to + i) = make_float4(at[i], at[i + 1], at[i + 2], at[i + 3]);
      }
    } else {
      *to = at[0];
    }
  }
  __device__ void store_to(Value* to) const {
    if constexpr (kVectors) {
      Vector<Value> vector;
#pragma unroll
      for (int i = 0; i < kSize; ++i) vector.at[i] = at[i];
      store(to, vector);
    } else {
      *to = from_float<Value>(at[0]);
    }
  }
  __device__ void add(const Lane& other) {
#pragma unroll
    for (int i = 0; i < kSize; ++i) at[i] += other.at[i];
  }
  /// As nan_to_num does to a Rounded: infinities become its largest numbers, NaN 0.
  template <class Rounded>
  __device__ void make_finite() {
    const float largest = sizeof(Rounded) == 2 ? 3.3895313892515355e38F : 3.4028234663852886e38F;
#pragma unroll
    for (int i = 0; i < kSize; ++i) {
      at[i] = isnan(at[i]) ? 0.0F : fminf(fmaxf(at[i], -largest), largest);
    }
  }
  /// To what a Value can hold.
  template <class Rounded>
  __device__ void round() {
#pragma unroll
    for (int i = 0; i < kSize; ++i) at[i] = to_float(from_float<Rounded>(at[i]));
  }
  [[nodiscard]] __device__ float total() const {
    float sum = 0;
#pragma unroll
    for (int i = 0; i < kSize; ++i) sum += at[i];
    return sum;
  }
  __device__ void add_product(const Lane& a, const Lane& b) {
#pragma unroll
    for (int i = 0; i < kSize; ++i) at[i] += a.at[i] * b.at[i];
  }
};

}  // namespace nas::ops
