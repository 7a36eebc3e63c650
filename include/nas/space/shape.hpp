#pragma once

#include <array>
#include <cstdint>
#include <string>

namespace nas::space {

/// One axis of a value's symbolic shape. No program depends on a concrete batch or seq. Besides the
/// named axes there are counted ones, see branches_axis and units_axis.
enum class Axis : std::uint16_t { kNone, kBatch, kSeq, kHeads, kHeadDim, kModelDim, kInnerDim };

/// Features are counted in units of model_dim / kUnitsOfModelDim, so that a program's sizes scale
/// with the model (Primer's relative dimensions; that 16 units are model_dim is our choice: it
/// makes 2 units the head_dim of 8 heads and 64 units the usual feed-forward).
inline constexpr int kUnitsOfModelDim = 16;
inline constexpr int kMaxUnits = 1024;
inline constexpr int kMaxBranches = 256;

/// `count` parallel branches, 1 <= count <= kMaxBranches.
[[nodiscard]] Axis branches_axis(int count);
/// `count` units of features, 1 <= count <= kMaxUnits; kUnitsOfModelDim units are kModelDim.
[[nodiscard]] Axis units_axis(int count);
/// Number of branches or units of a counted axis (kModelDim included); 0 for the others.
[[nodiscard]] int branches_of(Axis axis);
[[nodiscard]] int units_of(Axis axis);

/// Symbolic shape: up to four axes, unused ones kNone. In text: `[batch, seq, model_dim]`.
struct Shape {
  std::array<Axis, 4> axes{};
  bool operator==(const Shape&) const = default;
  [[nodiscard]] int rank() const;
};

/// [batch, seq, model_dim]: the residual stream; input and output of every layer program.
inline constexpr Shape kModelShape{{Axis::kBatch, Axis::kSeq, Axis::kModelDim}};
/// [batch, seq, inner_dim]: inside a feed-forward.
inline constexpr Shape kInnerShape{{Axis::kBatch, Axis::kSeq, Axis::kInnerDim}};
/// [batch, heads, seq, head_dim]: queries, keys, values.
inline constexpr Shape kHeadsShape{{Axis::kBatch, Axis::kHeads, Axis::kSeq, Axis::kHeadDim}};
/// [batch, heads, seq, seq]: scores, rows are queries and columns keys. In a causal model every
/// primitive that makes scores writes the constant 0 where key > query (a select, not a product),
/// so that entries there never carry information; whoever sums over keys masks again.
inline constexpr Shape kScoresShape{{Axis::kBatch, Axis::kHeads, Axis::kSeq, Axis::kSeq}};
/// [batch, heads, head_dim, head_dim]: a sum over all tokens (K^T V); bidirectional only.
inline constexpr Shape kStateShape{{Axis::kBatch, Axis::kHeads, Axis::kHeadDim, Axis::kHeadDim}};

/// [batch, seq, features]: features is any axis of features.
[[nodiscard]] bool is_tokens(const Shape& shape);
/// [batch, heads or branches, seq, features].
[[nodiscard]] bool is_branched(const Shape& shape);
/// [batch, heads or branches, seq, seq].
[[nodiscard]] bool is_scores(const Shape& shape);
/// [batch, heads or branches, features, features].
[[nodiscard]] bool is_state(const Shape& shape);
/// [batch, `branches`, seq, features]; without an axis of branches [batch, seq, features].
[[nodiscard]] Shape sequence_of(Axis branches, Axis features);

[[nodiscard]] std::string to_text(const Shape& shape);
[[nodiscard]] std::string to_text(Axis axis);

/// Concrete sizes of the axes of one layer. All counts, no units.
struct Dims {
  std::int64_t batch = 1;
  std::int64_t seq = 1;
  std::int64_t heads = 1;
  std::int64_t head_dim = 1;  ///< model_dim / heads
  std::int64_t model_dim = 1;
  std::int64_t inner_dim = 1;
  /// Of a counted axis too; model_dim is then a multiple of kUnitsOfModelDim.
  [[nodiscard]] std::int64_t size(Axis axis) const;
  /// Product over the axes of a shape.
  [[nodiscard]] std::int64_t elements(const Shape& shape) const;
};

/// How the value at token t depends on tokens: itself only; tokens <= t; any token. Ordered: a
/// node's mixing is the maximum of its own and its inputs'.
enum class TimeMixing : std::uint8_t { kTokenLocal, kCausal, kBidirectional };

[[nodiscard]] const char* to_text(TimeMixing mixing);

}  // namespace nas::space
