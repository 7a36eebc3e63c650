#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <functional>
#include <optional>
#include <vector>

namespace nas::nn {

/// Windows taken apart where documents begin, into pieces of one document each. Pieces of similar
/// length are the rows of a group: a piece stands at its row's start and other text of the windows
/// fills the row up to its end. A causal model computes for a piece what it computes for a window
/// of these tokens alone: nothing depends on what follows in a row, and nothing on another row. So
/// every primitive that mixes time, positions included, begins anew with a document, without a
/// mask.
struct DocumentPieces {
  /// By group, [pieces, length] int64: where each token stands in the flattened windows.
  std::vector<at::Tensor> groups;
  /// [batch * seq] int64: where in the flattened groups, one after the other, each token of the
  /// windows stands.
  at::Tensor places;
};

/// The shapes of groups. kFewest: as few tokens as possible. kFewKinds: as long as the pieces are
/// at most twice as many as the windows, one group of the windows' length with 9/8, 5/4, 3/2 or 2
/// times as many rows, so that work on it is of few shapes and can be captured; else as kFewest.
enum class PieceShapes { kFewest, kFewKinds };

/// On the CPU. document_starts: as Model::forward takes them. Nothing when no document begins
/// inside a window. With kFewest rows are filled up by at most the tokens of the pieces and half
/// the windows' more.
[[nodiscard]] std::optional<DocumentPieces> cut_at_documents(const at::Tensor& document_starts,
                                                             PieceShapes shapes);

/// Rows of the one group of these pieces if its length is that of the windows [batch, seq]; else
/// nothing.
[[nodiscard]] std::optional<std::int64_t> rows_of_whole_windows(const DocumentPieces& pieces,
                                                                std::int64_t seq);

/// [pieces, length, ...] -> [pieces, length, width], causal along the axis 1.
using CausalMap = std::function<at::Tensor(const at::Tensor& rows)>;

/// Applies a map to each piece of windows [batch, seq, ...] and puts the results together:
/// [batch, seq, width]. Pieces are on the windows' device, or on the CPU. Differentiable once where
/// the map is; the gradient of what fills up rows is zero.
[[nodiscard]] at::Tensor map_pieces(const DocumentPieces& pieces, const at::Tensor& windows,
                                    const CausalMap& map);

}  // namespace nas::nn
