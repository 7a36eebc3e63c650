#pragma once

#include <gtest/gtest.h>

#include <cstdlib>

#include "nas/ops/cuda.hpp"

/// Ends a test that needs a CUDA device where there is none: as skipped, or as failed where one was
/// promised (scripts/test --gpu), so that no run passes for having tried nothing.
#define NAS_TEST_REQUIRE_GPU()                          \
  if (nas::ops::cuda_device_count() == 0) {             \
    if (std::getenv("NAS_TEST_NEEDS_GPU") != nullptr) { \
      FAIL() << "no CUDA device";                       \
    }                                                   \
    GTEST_SKIP() << "no CUDA device";                   \
  }                                                     \
  static_assert(true, "takes a semicolon")
