#pragma once

#include <cstdint>

#include "nas/ops/elementwise_chain.hpp"

struct CUstream_st;

namespace nas::ops {

/// A tensor of float32 or bfloat16 values in rows; `gap` elements lie between two rows.
template <class Pointer>
struct ElementwiseOperand {
  Pointer data = nullptr;
  std::int64_t gap = 0;
};

/// Tensors of `count` elements, walked in rows of `width`; width is count where none has a gap.
struct ElementwiseForward {
  std::int64_t count = 0;
  std::int64_t width = 0;
  ElementwiseOperand<const void*> inputs[kMostChainInputs];
  void* y = nullptr;  ///< without gaps
};

struct ElementwiseBackward {
  std::int64_t count = 0;
  std::int64_t width = 0;
  ElementwiseOperand<const void*> inputs[kMostChainInputs];
  ElementwiseOperand<const void*> y_gradient;
  ElementwiseOperand<void*> gradients[kMostChainInputs];  ///< of inputs; null if it is not wanted
};

// Return the cudaError_t of the launch.
int launch_elementwise(const ElementwiseChain& chain, const ElementwiseForward& values,
                       bool is_bfloat16, CUstream_st* stream);
int launch_elementwise_backward(const ElementwiseChain& chain, const ElementwiseBackward& values,
                                bool is_bfloat16, CUstream_st* stream);

}  // namespace nas::ops
