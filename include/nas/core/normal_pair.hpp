#pragma once

#include <cstdint>
#include <cstring>

#ifndef __CUDACC__
#include <cmath>
#endif

#include "nas/core/philox.hpp"

namespace nas {

/// Additions, products, quotients and square roots that IEEE 754 rounds, never contracted: with
/// these alone a host and a GPU compute the same bits, which logarithms and sines of their
/// libraries do not.
namespace exact {

NAS_HOST_DEVICE inline double sum(double a, double b) {
#ifdef __CUDA_ARCH__
  return __dadd_rn(a, b);
#else
  return a + b;
#endif
}

NAS_HOST_DEVICE inline double product(double a, double b) {
#ifdef __CUDA_ARCH__
  return __dmul_rn(a, b);
#else
  return a * b;
#endif
}

NAS_HOST_DEVICE inline double quotient(double a, double b) {
#ifdef __CUDA_ARCH__
  return __ddiv_rn(a, b);
#else
  return a / b;
#endif
}

NAS_HOST_DEVICE inline double root(double a) {
#ifdef __CUDA_ARCH__
  return __dsqrt_rn(a);
#else
  return sqrt(a);
#endif
}

/// The natural logarithm of count 2^-32, 1 <= count <= 2^32, within 1e-15 of itself.
NAS_HOST_DEVICE inline double log_of_fraction(std::uint64_t count) {
  // count = m 2^e with m in [sqrt(1/2), sqrt(2)).
  const auto as_double = static_cast<double>(count);
  std::uint64_t bits = 0;
  memcpy(&bits, &as_double, sizeof bits);
  constexpr std::uint64_t kMantissa = (std::uint64_t{1} << 52U) - 1;
  int e = static_cast<int>(bits >> 52U) - 1023;
  bits = (bits & kMantissa) | (std::uint64_t{1023} << 52U);
  double m = 0;
  memcpy(&m, &bits, sizeof m);
  if (m > 1.4142135623730951) {
    m = product(m, 0.5);
    ++e;
  }
  // log m = 2 artanh((m - 1) / (m + 1)), a series in a number below 0.172.
  const double s = quotient(sum(m, -1.0), sum(m, 1.0));
  const double square = product(s, s);
  double series = 1.0 / 23;
  for (int k = 21; k >= 1; k -= 2) series = sum(1.0 / k, product(square, series));
  constexpr double kLog2 = 0.6931471805599453;
  return sum(product(kLog2, e - 32), product(product(2.0, s), series));
}

}  // namespace exact

/// Two independent standard normal numbers of two uniform words, by Box-Muller in float64: the same
/// bits on every host and GPU.
NAS_HOST_DEVICE inline void normal_pair(std::uint32_t radius_bits, std::uint32_t angle_bits,
                                        double out[2]) {
  using exact::product;
  using exact::sum;
  // A uniform number in (0, 1], since the logarithm of 0 is infinite.
  const double radius =
      exact::root(product(-2.0, exact::log_of_fraction(std::uint64_t{radius_bits} + 1)));
  // The nearest quarter of the circle, and what is left of the angle, within an eighth.
  const std::uint32_t quarter = (angle_bits + (1U << 29U)) >> 30U;
  const auto rest = static_cast<std::int32_t>(angle_bits - (quarter << 30U));
  constexpr double kTurn = 6.283185307179586 / 4294967296.0;
  const double x = product(kTurn, rest);
  const double square = product(x, x);
  // Taylor's series, to 1e-17 within an eighth.
  double sine = 1;
  for (int k = 16; k >= 2; k -= 2) {
    sine = sum(1.0, product(-1.0 / (k * (k + 1)), product(square, sine)));
  }
  sine = product(x, sine);
  double cosine = 1;
  for (int k = 17; k >= 1; k -= 2) {
    cosine = sum(1.0, product(-1.0 / (k * (k + 1)), product(square, cosine)));
  }
  const bool is_turned = (quarter & 1U) != 0;
  const double across = is_turned ? -sine : cosine;
  const double up = is_turned ? cosine : sine;
  const double sign = (quarter & 2U) != 0 ? -1.0 : 1.0;
  out[0] = product(radius, product(sign, across));
  out[1] = product(radius, product(sign, up));
}

}  // namespace nas
