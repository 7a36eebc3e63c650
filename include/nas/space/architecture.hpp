#pragma once

#include <array>
#include <string>
#include <vector>

#include "nas/core/hash.hpp"
#include "nas/core/json.hpp"
#include "nas/space/program.hpp"

namespace nas::space {

enum class ModelKind { kDecoderLm };
enum class Positions { kRope, kLearned, kNone, kT5 };
enum class NormKind { kLayerNorm, kRmsNorm };

/// Names in text and JSON; an enumerator's number is its name's place.
inline constexpr std::array<const char*, 1> kModelKindNames = {"decoder_lm"};
inline constexpr std::array<const char*, 4> kPositionsNames = {"rope", "learned", "none", "t5"};
inline constexpr std::array<const char*, 2> kNormKindNames = {"layer_norm", "rms_norm"};

/// What surrounds the layers: token embedding, positions, final norm, head.
struct ModelSpec {
  ModelKind kind = ModelKind::kDecoderLm;
  std::int64_t vocab_size = 256;
  std::int64_t model_dim = 64;
  /// rope: nodes in the programs, nothing outside; t5: nodes in the programs (relative_bias) and
  /// one table [buckets, heads] that all of them use
  Positions positions = Positions::kRope;
  std::int64_t max_len = 2048;  ///< rows of the learned position table
  bool tied_head = true;        ///< logits use the embedding's weights
  NormKind final_norm = NormKind::kLayerNorm;
  bool operator==(const ModelSpec&) const = default;
};

/// One layer: a program from [batch, seq, model_dim] to the same, norm and residual inside it.
struct LayerSpec {
  std::int64_t heads = 4;  ///< divides model_dim; head_dim = model_dim / heads, even under rope
  std::int64_t inner_dim = 256;
  Program program;
  bool operator==(const LayerSpec&) const = default;
};

/// A whole model as a value.
struct Architecture {
  ModelSpec model;
  std::vector<LayerSpec> layers;
  bool operator==(const Architecture&) const = default;
};

/// Sizes of one layer at a batch and sequence length.
[[nodiscard]] Dims layer_dims(const Architecture& architecture, std::size_t layer,
                              std::int64_t batch, std::int64_t seq);

/// Heads of the layers that hold a relative_bias node, all equal in a valid architecture: columns
/// of the model's table. 0 when no layer does.
[[nodiscard]] std::int64_t relative_bias_heads(const Architecture& architecture);

/// Mixing that the model kind allows.
[[nodiscard]] TimeMixing allowed_mixing(const ModelSpec& model);

/// Throws Error(kConfig) with `where` when sizes do not divide, a program is not accepted, ...
void require_valid(const Architecture& architecture, const std::string& where);

/// The same architecture with every layer's program canonical: what is hashed and lowered. What
/// changes neither the function nor its training is normalised, so that it does not change the
/// hash: heads is 1 in a layer without a value of heads, a scale by head_dim^-1/2 or an
/// initialisation by it; inner_dim is model_dim in a layer without an inner value; max_len is the
/// default unless positions are learned; positions other than learned are t5 when a layer holds a
/// relative_bias node, else rope when one holds a rope node, else none. Needs a valid architecture.
[[nodiscard]] Architecture canonical(const Architecture& architecture);

/// Hash of the canonical form: model fields, sizes and programs. Needs a valid architecture.
[[nodiscard]] Hash128 hash_of(const Architecture& architecture);

/// JSON: {"nas_architecture": 1, "model": {...}, "programs": {"p0": [lines]}, "layers": [{"heads",
/// "inner_dim", "program": "p0"}]}; equal programs are written once. Reading also accepts a
/// program in place and the short form {"mixer", "feed_forward", "norm", "norm_place"}, and instead
/// of all a preset: {"preset": "primer_ez", "size": "small"}, where layers, model_dim, inner_dim,
/// heads, vocab_size and positions beside them replace those of the size. A file may hold it
/// within. Throws Error(kConfig) with file:line:column, also for a newer format number.
[[nodiscard]] Json to_json(const Architecture& architecture);
[[nodiscard]] Architecture architecture_from_json(const Json& json, const JsonPositions& positions);
[[nodiscard]] Architecture read_architecture(const std::string& path);

}  // namespace nas::space
