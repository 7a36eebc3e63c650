#pragma once

#include <ATen/core/Tensor.h>

namespace nas::ops {

/// What a model reads first: rows of a table by token, and by position: y[b, t] = table[tokens[b,
/// t]] + positions[t].
struct EmbeddingTables {
  at::Tensor tokens;     ///< [vocab, width] float32
  at::Tensor positions;  ///< [max_len, width] float32; undefined: no positions
};

/// tokens: [batch, seq] int64 in [0, vocab), seq <= max_len. [batch, seq, width] in dtype, float32
/// or bfloat16, rounded once. Differentiable once; the gradients are dense, float32, and repeat
/// their bits, however often a token occurs. On a GPU one kernel forwards and one backwards.
[[nodiscard]] at::Tensor embed(const at::Tensor& tokens, const EmbeddingTables& tables,
                               at::ScalarType dtype);

/// The same by LibTorch's operations, in any dtype on any device; of a GPU's gradients only those
/// of LibTorch's deterministic mode repeat their bits.
[[nodiscard]] at::Tensor embed_plain(const at::Tensor& tokens, const EmbeddingTables& tables,
                                     at::ScalarType dtype);

}  // namespace nas::ops
