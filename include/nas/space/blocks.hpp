#pragma once

#include <array>
#include <string>

#include "nas/core/registry.hpp"
#include "nas/space/architecture.hpp"

namespace nas::space {

enum class Slot { kMixer, kFeedForward };
enum class NormPlace { kPre, kPost, kPrimer };

/// Names in JSON; an enumerator's number is its name's place.
inline constexpr std::array<const char*, 3> kNormPlaceNames = {"pre", "post", "primer"};

/// What a block's text may depend on.
struct BlockOptions {
  Positions positions = Positions::kRope;
  bool bias = false;
};

/// A named hand-made block: a program from [batch, seq, model_dim] to the same, without norm and
/// residual. One src/space/blocks/<name>.cpp each, listed in blocks/builtin.cpp.
struct BlockSpec {
  Slot slot = Slot::kMixer;
  std::string help;
  std::string source;                                          ///< paper
  std::string (*text)(const BlockOptions& options) = nullptr;  ///< the block in text form
};

/// softmax_attention, mdha (mixers); relu, gelu, squared_relu (feed-forwards); ...
[[nodiscard]] const Registry<BlockSpec>& blocks();

/// The program of a block. Throws Error(kConfig) for an unknown name or one of the other slot.
[[nodiscard]] Program block_program(const std::string& name, Slot slot,
                                    const BlockOptions& options);

/// A layer in its short form.
struct ShortLayer {
  Program mixer;
  Program feed_forward;
  NormKind norm = NormKind::kLayerNorm;
  NormPlace norm_place = NormPlace::kPre;
};

/// The layer program with norm and residual as nodes. Pre: h = x + mixer(norm x), h +
/// feed_forward(norm h). Post: h = norm(x + mixer x), norm(h + feed_forward h). Primer: h as in
/// pre, h + norm(feed_forward h).
[[nodiscard]] Program layer_program(const ShortLayer& layer);

}  // namespace nas::space
