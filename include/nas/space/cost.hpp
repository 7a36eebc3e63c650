#pragma once

#include <cstdint>

#include "nas/space/architecture.hpp"
#include "nas/space/check.hpp"

namespace nas::space {

/// Where a cost is taken.
struct CostPoint {
  std::int64_t batch = 1;
  std::int64_t seq = 64;
  std::int64_t bytes_per_value = 4;  ///< of activations: 4 fp32, 2 bf16
};

/// Analytic cost of a model. FLOPs: a multiply-add is 2; MACs are never called FLOPs.
struct Cost {
  std::int64_t params = 0;            ///< all trained values; a tied head counted once
  std::int64_t embedding_params = 0;  ///< token and position tables, untied head
  std::int64_t decoder_params = 0;    ///< the rest: layers and final norm
  double flops_per_token = 0;         ///< forward at the point's seq, head included
  double activation_bytes = 0;        ///< kept for backward at the point's batch and seq
  /// Estimate for a training step: fp32 weights, gradients and two AdamW moments, activations, and
  /// in the loss fp32 log-probabilities, their gradient and the logits' gradient. Backward frees
  /// activations as it makes their gradients; the work space of libraries is not in it.
  double peak_bytes = 0;
};

/// Parameters and FLOPs of one accepted program.
struct ProgramCost {
  std::int64_t params = 0;
  double flops = 0;  ///< one forward at dims
  /// Elements kept for backward: each live node's output once, and PrimitiveSpec::saved_elements.
  /// Inputs of the program are their maker's.
  double saved_elements = 0;
};

[[nodiscard]] ProgramCost cost_of(const Program& program, const CheckedProgram& checked,
                                  const Dims& dims);

/// Cost of a valid architecture. Dead nodes cost nothing.
[[nodiscard]] Cost cost_of(const Architecture& architecture, const CostPoint& point);

}  // namespace nas::space
