#pragma once

#include <string>

#include "nas/nn/model.hpp"
#include "nas/space/architecture.hpp"
#include "nn/layer_plan.hpp"

namespace nas::test {

/// Pre-norm decoder of two layers: softmax attention and GELU. vocabulary 40, model_dim 24, 3
/// heads, inner_dim 56: no two sizes equal.
[[nodiscard]] space::Architecture vanilla_architecture();

/// The same with multi-dconv-head attention and squared ReLU (Primer-EZ).
[[nodiscard]] space::Architecture primer_architecture();

/// One layer of a program in a small model: vocabulary 16, model_dim 8, 2 heads, inner_dim 12.
[[nodiscard]] space::Architecture small_architecture(const space::Program& program,
                                                     std::size_t layers = 1);

/// The lowered layer of small_architecture(program): initial values plus noise.
[[nodiscard]] nn::LayerPlan small_layer(const space::Program& program, bool fuse,
                                        std::uint64_t seed);

/// One layer of a program in a model whose sizes suit a DNA: vocabulary 16, model_dim
/// kDnaModelDim, 4 heads.
inline constexpr std::int64_t kDnaModelDim = 32;
[[nodiscard]] space::Architecture dna_model(const space::Program& program);

/// The flat program of Primer's initial one after 1 to 12 guarded mutations of its DNA.
[[nodiscard]] space::Program walked_dna(std::uint64_t walk);

/// [batch, seq] int64, a function of the arguments alone.
[[nodiscard]] at::Tensor random_tokens(std::int64_t batch, std::int64_t seq, std::int64_t vocab,
                                       std::uint64_t seed);

/// Adds normal noise to every parameter, so that none is 0, 1 or constant.
void disturb(nn::Model& model, double std, std::uint64_t seed);

}  // namespace nas::test
