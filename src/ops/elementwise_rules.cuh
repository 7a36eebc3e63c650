#pragma once

#include <cuda_runtime.h>

#include "nas/ops/elementwise_chain.hpp"

namespace nas::ops {

/// What a step of a chain reads and makes, for one element.
struct StepValues {
  float a;
  float b;  ///< of a binary function
  float c;  ///< the constant
  float y;  ///< the result; only for the gradient
};

struct StepGradients {
  float a;
  float b = 0;
};

/// A function's value and, from the gradient g of its result, those of what it read. The formulas
/// are those of LibTorch's operations and of their derivatives, in the same form, so that NaN and
/// infinities come out alike.
template <ElementwiseOp kOp>
struct ElementwiseRule;

template <ElementwiseOp kOp>
inline constexpr bool kIsBinary = is_binary(kOp);

/// 0 for NaN, as LibTorch has it.
__device__ inline float sign_of(float x) {
  return static_cast<float>(0.0F < x) - static_cast<float>(x < 0.0F);
}
__device__ inline float sigmoid_of(float x) { return 1.0F / (1.0F + expf(-x)); }

template <>
struct ElementwiseRule<ElementwiseOp::kAbs> {
  __device__ static float value(const StepValues& v) { return fabsf(v.a); }
  __device__ static StepGradients gradients(const StepValues& v, float g) {
    return {g * sign_of(v.a)};
  }
};

template <>
struct ElementwiseRule<ElementwiseOp::kAbsRoot> {
  __device__ static float value(const StepValues& v) { return sqrtf(fabsf(v.a) + v.c); }
  __device__ static StepGradients gradients(const StepValues& v, float g) {
    return {g / (2.0F * v.y) * sign_of(v.a)};
  }
};

template <>
struct ElementwiseRule<ElementwiseOp::kAdd> {
  __device__ static float value(const StepValues& v) { return v.a + v.b; }
  __device__ static StepGradients gradients(const StepValues& /*v*/, float g) { return {g, g}; }
};

template <>
struct ElementwiseRule<ElementwiseOp::kCos> {
  __device__ static float value(const StepValues& v) { return cosf(v.a); }
  __device__ static StepGradients gradients(const StepValues& v, float g) {
    return {g * -sinf(v.a)};
  }
};

// A quotient that a select throws away has no gradient: not even 0 times inf.
template <>
struct ElementwiseRule<ElementwiseOp::kDivide> {
  __device__ static float value(const StepValues& v) { return fabsf(v.b) < v.c ? 0.0F : v.a / v.b; }
  __device__ static StepGradients gradients(const StepValues& v, float g) {
    if (fabsf(v.b) < v.c) return {0.0F, 0.0F};
    return {g / v.b, -g * (v.y / v.b)};
  }
};

template <>
struct ElementwiseRule<ElementwiseOp::kExp> {
  __device__ static float value(const StepValues& v) { return expf(v.a); }
  __device__ static StepGradients gradients(const StepValues& v, float g) { return {g * v.y}; }
};

template <>
struct ElementwiseRule<ElementwiseOp::kGeluErf> {
  static constexpr float kRootHalf = 0.70710678118654752440F;
  static constexpr float kDensityAtZero = 0.39894228040143267794F;  // (2 pi)^-1/2
  __device__ static float value(const StepValues& v) {
    return v.a * 0.5F * (1.0F + erff(v.a * kRootHalf));
  }
  __device__ static StepGradients gradients(const StepValues& v, float g) {
    const float below = 0.5F * (1.0F + erff(v.a * kRootHalf));
    const float density = kDensityAtZero * expf(-0.5F * v.a * v.a);
    return {g * (below + v.a * density)};
  }
};

template <>
struct ElementwiseRule<ElementwiseOp::kGeluTanh> {
  static constexpr float kBeta = 0.79788456080286535588F;  // (2 / pi)^1/2
  static constexpr float kKappa = 0.044715F;
  __device__ static float tanh_inside(float x) { return tanhf(kBeta * (x + kKappa * (x * x * x))); }
  __device__ static float value(const StepValues& v) {
    return 0.5F * v.a * (1.0F + tanh_inside(v.a));
  }
  __device__ static StepGradients gradients(const StepValues& v, float g) {
    const float t = tanh_inside(v.a);
    const float slope = kBeta * (1.0F + 3.0F * kKappa * (v.a * v.a));
    return {g * (0.5F * (1.0F + t) + 0.5F * v.a * (1.0F - t * t) * slope)};
  }
};

template <>
struct ElementwiseRule<ElementwiseOp::kLogAbs> {
  __device__ static float value(const StepValues& v) { return logf(fabsf(v.a) + v.c); }
  __device__ static StepGradients gradients(const StepValues& v, float g) {
    return {g / (fabsf(v.a) + v.c) * sign_of(v.a)};
  }
};

// Of equal values each has half the gradient; beside NaN both have the whole.
template <>
struct ElementwiseRule<ElementwiseOp::kMaximum> {
  __device__ static float value(const StepValues& v) { return isnan(v.a) || v.a > v.b ? v.a : v.b; }
  __device__ static StepGradients gradients(const StepValues& v, float g) {
    const float share = v.a == v.b ? g / 2.0F : g;
    return {v.a < v.b ? 0.0F : share, v.a > v.b ? 0.0F : share};
  }
};

template <>
struct ElementwiseRule<ElementwiseOp::kMinimum> {
  __device__ static float value(const StepValues& v) { return isnan(v.a) || v.a < v.b ? v.a : v.b; }
  __device__ static StepGradients gradients(const StepValues& v, float g) {
    const float share = v.a == v.b ? g / 2.0F : g;
    return {v.a > v.b ? 0.0F : share, v.a < v.b ? 0.0F : share};
  }
};

template <>
struct ElementwiseRule<ElementwiseOp::kMultiply> {
  __device__ static float value(const StepValues& v) { return v.a * v.b; }
  __device__ static StepGradients gradients(const StepValues& v, float g) {
    return {g * v.b, g * v.a};
  }
};

template <>
struct ElementwiseRule<ElementwiseOp::kNegate> {
  __device__ static float value(const StepValues& v) { return -v.a; }
  __device__ static StepGradients gradients(const StepValues& /*v*/, float g) { return {-g}; }
};

template <>
struct ElementwiseRule<ElementwiseOp::kRecip> {
  __device__ static float value(const StepValues& v) {
    return fabsf(v.a) < v.c ? 0.0F : 1.0F / v.a;
  }
  __device__ static StepGradients gradients(const StepValues& v, float g) {
    return {fabsf(v.a) < v.c ? 0.0F : -g * (v.y * v.y)};
  }
};

template <>
struct ElementwiseRule<ElementwiseOp::kRelu> {
  __device__ static float value(const StepValues& v) { return v.a < 0.0F ? 0.0F : v.a; }
  __device__ static StepGradients gradients(const StepValues& v, float g) {
    return {v.y <= 0.0F ? 0.0F : g};
  }
};

template <>
struct ElementwiseRule<ElementwiseOp::kScale> {
  __device__ static float value(const StepValues& v) { return v.a * v.c; }
  __device__ static StepGradients gradients(const StepValues& v, float g) { return {g * v.c}; }
};

template <>
struct ElementwiseRule<ElementwiseOp::kShift> {
  __device__ static float value(const StepValues& v) { return v.a + v.c; }
  __device__ static StepGradients gradients(const StepValues& /*v*/, float g) { return {g}; }
};

template <>
struct ElementwiseRule<ElementwiseOp::kSigmoid> {
  __device__ static float value(const StepValues& v) { return sigmoid_of(v.a); }
  __device__ static StepGradients gradients(const StepValues& v, float g) {
    return {g * (1.0F - v.y) * v.y};
  }
};

template <>
struct ElementwiseRule<ElementwiseOp::kSign> {
  __device__ static float value(const StepValues& v) { return sign_of(v.a); }
  __device__ static StepGradients gradients(const StepValues& /*v*/, float /*g*/) { return {0.0F}; }
};

template <>
struct ElementwiseRule<ElementwiseOp::kSilu> {
  __device__ static float value(const StepValues& v) { return v.a / (1.0F + expf(-v.a)); }
  __device__ static StepGradients gradients(const StepValues& v, float g) {
    const float s = sigmoid_of(v.a);
    return {g * s * (1.0F + v.a * (1.0F - s))};
  }
};

template <>
struct ElementwiseRule<ElementwiseOp::kSin> {
  __device__ static float value(const StepValues& v) { return sinf(v.a); }
  __device__ static StepGradients gradients(const StepValues& v, float g) {
    return {g * cosf(v.a)};
  }
};

template <>
struct ElementwiseRule<ElementwiseOp::kSquare> {
  __device__ static float value(const StepValues& v) { return v.a * v.a; }
  __device__ static StepGradients gradients(const StepValues& v, float g) {
    return {g * (2.0F * v.a)};
  }
};

template <>
struct ElementwiseRule<ElementwiseOp::kSubtract> {
  __device__ static float value(const StepValues& v) { return v.a - v.b; }
  __device__ static StepGradients gradients(const StepValues& /*v*/, float g) { return {g, -g}; }
};

template <>
struct ElementwiseRule<ElementwiseOp::kTanh> {
  __device__ static float value(const StepValues& v) { return tanhf(v.a); }
  __device__ static StepGradients gradients(const StepValues& v, float g) {
    return {g * (1.0F - v.y * v.y)};
  }
};

}  // namespace nas::ops
