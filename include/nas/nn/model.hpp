#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "nas/nn/documents.hpp"
#include "nas/ops/cross_entropy.hpp"
#include "nas/space/architecture.hpp"

namespace nas::nn {

/// A trained tensor and its canonical path ("layers.0.v3.weight", "embedding.weight").
struct NamedTensor {
  std::string name;
  at::Tensor tensor;
};

/// A parameter as an optimizer sees it.
struct TrainedTensor {
  std::string name;
  at::Tensor tensor;  ///< float32, a leaf that requires gradients
  /// Its bfloat16 copy that forward reads in its place, a leaf too, which who changes the tensor
  /// writes anew; undefined without one. The parameter's gradient is the sum of both leaves'.
  at::Tensor narrow{};
};

struct LowerOptions {
  /// Maps program patterns to fused operations: softmax attention to
  /// scaled_dot_product_attention. Off: every node by its plain form (--no-fuse).
  bool fuse = true;
  std::string device = "cpu";  ///< "cpu", "cuda:0"
  /// Activations in bfloat16 (weights, norms' statistics and logits stay float32).
  bool bf16 = false;
  /// Off: a GPU may compute by faster kernels whose bits vary from run to run.
  bool deterministic = true;
};

/// An architecture lowered to tensors. Lowering starts from the canonical form; parameters are
/// named and ordered by it. Not thread safe; models on different threads are independent.
class Model {
 public:
  /// Parameters are made but not initialised. Throws Error(kDevice) when the device is missing.
  Model(const space::Architecture& architecture, const LowerOptions& options);
  ~Model();
  Model(Model&&) noexcept;

  /// tokens: [batch, seq] int64 on the model's device, values in [0, vocab_size), seq >= 1 and
  /// <= max_len under learned positions, else Error(kConfig). Returns logits [batch, seq,
  /// vocab_size] float32. The forward pass has the same bits with and without grad mode; on CUDA
  /// the gradients repeat their bits in LibTorch's deterministic mode alone.
  ///
  /// document_starts: [batch, seq] int32 on the CPU, the position in its row at which each token's
  /// document begins: 0, then ascending. No logit depends on a token of another document, and
  /// learned and rotary positions count from a document's start. Undefined: a row is a document.
  [[nodiscard]] at::Tensor forward(const at::Tensor& tokens,
                                   const at::Tensor& document_starts = {}) const;

  /// Mean next-token loss in nats: [] float32, differentiable. targets: [batch, seq] int64; the
  /// rest as in forward. The logits are never held in float32 where they are computed in bfloat16.
  [[nodiscard]] at::Tensor loss(const at::Tensor& tokens, const at::Tensor& targets,
                                const at::Tensor& document_starts = {},
                                ops::LossGradient gradient = ops::LossGradient::kAny) const;

  /// What forward and loss make of document_starts: [batch, seq]; a GPU gets pieces of few shapes.
  /// Nothing when no document begins inside a row.
  [[nodiscard]] std::optional<DocumentPieces> pieces_of(const at::Tensor& document_starts) const;
  /// forward and loss with those pieces in place of document_starts; the pieces may lie on the
  /// model's device, and a captured graph reads them anew at each launch.
  [[nodiscard]] at::Tensor forward_pieces(const at::Tensor& tokens,
                                          const DocumentPieces& pieces) const;
  [[nodiscard]] at::Tensor loss_of_pieces(
      const at::Tensor& tokens, const at::Tensor& targets, const DocumentPieces& pieces,
      ops::LossGradient gradient = ops::LossGradient::kAny) const;

  /// In canonical order; leaves that require gradients, float32.
  [[nodiscard]] const std::vector<NamedTensor>& parameters() const;
  /// Gives every parameter of a bf16 model a bfloat16 copy, so that no forward casts weights;
  /// nothing in a float32 model. Model keeps the copies equal, its caller after changing parameters
  /// itself.
  void make_narrow_copies();
  /// parameters(), with their copies.
  [[nodiscard]] std::vector<TrainedTensor> trained() const;
  [[nodiscard]] const space::Architecture& architecture() const;  ///< canonical
  [[nodiscard]] const LowerOptions& options() const;

  /// Draws every parameter from (seed, kInitialisation, repeat, path): a function of architecture,
  /// seed and repeat alone, the same on every device. Token and position tables and an untied head
  /// are normal with standard deviation model_dim^-1/2 (our choice: logits of order 1, tied or
  /// not), norms begin as the identity, nodes by their primitive's rule.
  void initialise(std::uint64_t seed, std::uint32_t repeat);

  /// Copies values by name. Throws Error(kData) naming a missing, extra or misshapen tensor.
  void load(const std::vector<NamedTensor>& values);

  /// Hash over names and bytes of all parameters (as on the CPU).
  [[nodiscard]] Hash128 weights_hash() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

/// Changes token t and compares outputs before t bit for bit, for a few t: the numeric check that
/// no output depends on a later token. Returns an empty string or where it leaked.
[[nodiscard]] std::string causality_violation(const Model& model, std::int64_t seq,
                                              std::uint64_t seed);

/// "cpu" or "cuda:N" from "auto", "cpu", "cuda", "cuda:N". Throws Error(kDevice) that says what is
/// there.
[[nodiscard]] std::string resolve_device(const std::string& wanted);

}  // namespace nas::nn
