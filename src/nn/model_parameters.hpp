#pragma once

#include <optional>
#include <vector>

#include "nas/space/architecture.hpp"
#include "nn/layer_plan.hpp"

namespace nas::nn {

/// Added to the mean square in the final norm.
inline constexpr double kFinalNormEps = 1e-5;

/// What a canonical architecture trains, in order: token table, learned positions, layers, final
/// norm, untied head; and where each part begins in `all`.
struct ModelParameters {
  std::vector<LayerParameter> all;  ///< names are whole paths: "layers.0.v3.weight"
  std::size_t embedding = 0;
  std::optional<std::size_t> positions;
  std::optional<std::size_t> relative_bias;
  std::vector<std::size_t> layers;
  std::vector<std::size_t> layer_counts;
  std::size_t norm = 0;
  std::size_t norm_count = 0;
  std::optional<std::size_t> head;
};

/// Lists the parameters and fills `plans` with one plan for each layer. First values of the
/// tables and of the head: normal with standard deviation model_dim^-1/2, our choice: logits of a
/// normalised state are then of order 1, with the head tied or not.
[[nodiscard]] ModelParameters list_parameters(const space::Architecture& architecture,
                                              std::vector<LayerPlan>& plans);

}  // namespace nas::nn
