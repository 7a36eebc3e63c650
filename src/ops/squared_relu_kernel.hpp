#pragma once

#include <cstdint>

struct CUstream_st;

namespace nas::ops {

// y = max(x, 0)^2 and x_gradient = 2 max(x, 0) y_gradient over count float32 or bfloat16 values.
// Return the cudaError_t of the launch.
int launch_squared_relu(const void* x, void* y, std::int64_t count, bool is_bfloat16,
                        CUstream_st* stream);
int launch_squared_relu_backward(const void* x, const void* y_gradient, void* x_gradient,
                                 std::int64_t count, bool is_bfloat16, CUstream_st* stream);

}  // namespace nas::ops
