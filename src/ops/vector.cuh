#pragma once

#include <cuda_bf16.h>

#include <cstdint>

namespace nas::ops {

/// 16 bytes of consecutive values, as float32.
template <class Value>
struct Vector {
  static constexpr int kSize = 16 / sizeof(Value);
  float at[kSize];
};

/// Whether vectors may begin there.
[[nodiscard]] inline bool is_aligned(const void* pointer) {
  return reinterpret_cast<std::uintptr_t>(pointer) % 16 == 0;
}

__device__ inline Vector<float> load(const float* from) {
  const float4 raw = *reinterpret_cast<const float4*>(from);
  return {{raw.x, raw.y, raw.z, raw.w}};
}

__device__ inline Vector<__nv_bfloat16> load(const __nv_bfloat16* from) {
  const uint4 raw = *reinterpret_cast<const uint4*>(from);
  const unsigned words[4] = {raw.x, raw.y, raw.z, raw.w};
  Vector<__nv_bfloat16> vector;
#pragma unroll
  for (int i = 0; i < 4; ++i) {
    // A bfloat16 is the upper half of a float32.
    vector.at[2 * i] = __uint_as_float(words[i] << 16);
    vector.at[2 * i + 1] = __uint_as_float(words[i] & 0xFFFF0000U);
  }
  return vector;
}

__device__ inline void store(float* to, const Vector<float>& vector) {
  *reinterpret_cast<float4*>(to) =
      make_float4(vector.at[0], vector.at[1], vector.at[2], vector.at[3]);
}

__device__ inline void store(__nv_bfloat16* to, const Vector<__nv_bfloat16>& vector) {
  uint4 raw;
  unsigned* const words = &raw.x;
#pragma unroll
  for (int i = 0; i < 4; ++i) {
    const __nv_bfloat162 pair = __floats2bfloat162_rn(vector.at[2 * i], vector.at[2 * i + 1]);
    words[i] = reinterpret_cast<const unsigned&>(pair);
  }
  *reinterpret_cast<uint4*>(to) = raw;
}

__device__ inline float to_float(float value) { return value; }
__device__ inline float to_float(__nv_bfloat16 value) { return __bfloat162float(value); }
template <class Value>
__device__ Value from_float(float value);
template <>
__device__ inline float from_float<float>(float value) {
  return value;
}
template <>
__device__ inline __nv_bfloat16 from_float<__nv_bfloat16>(float value) {
  return __float2bfloat16_rn(value);
}

}  // namespace nas::ops
