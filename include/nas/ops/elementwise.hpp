#pragma once

#include <ATen/core/Tensor.h>

#include <vector>

#include "nas/ops/elementwise_chain.hpp"

namespace nas::ops {

/// A chain of element-wise functions as one operation. inputs: chain.input_count tensors of one
/// shape, any, and one dtype, which the result has too. Differentiable once; keeps nothing but its
/// inputs. On a GPU one kernel forwards and one backwards for float32 and bfloat16, which compute
/// in float32 and round once; bits repeat. The result is dense, in the memory order of the first
/// input; inputs of that order are read where they are, also parts of packed rows, others are
/// copied. Asserts that the chain keeps to its limits.
[[nodiscard]] at::Tensor elementwise(const ElementwiseChain& chain,
                                     const std::vector<at::Tensor>& inputs);

/// The same by LibTorch's operations, in any dtype on any device; rounds after each step.
[[nodiscard]] at::Tensor elementwise_plain(const ElementwiseChain& chain,
                                           const std::vector<at::Tensor>& inputs);

}  // namespace nas::ops
