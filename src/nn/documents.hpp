#pragma once

#include <ATen/core/Tensor.h>

#include <functional>
#include <optional>
#include <vector>

namespace nas::nn {

/// Windows taken apart where documents begin, into pieces of one document each. Pieces of similar
/// length are the rows of a group: a piece stands at its row's start and its last token is repeated
/// up to the row's end. A causal model computes for a piece what it computes for a window of these
/// tokens alone: nothing depends on what follows in a row, and nothing on another row. So every
/// primitive that mixes time, positions included, begins anew with a document, without a mask.
struct DocumentPieces {
  /// By group, [pieces, length] int64 on the CPU: where each token stands in the flattened windows.
  std::vector<at::Tensor> groups;
  /// [batch * seq] int64 on the CPU: where in the flattened groups, one after the other, each token
  /// of the windows stands.
  at::Tensor places;
};

/// document_starts: as Model::forward takes them. Nothing when no document begins inside a window.
/// Rows are filled up by at most the tokens of the pieces and half the windows' more.
[[nodiscard]] std::optional<DocumentPieces> cut_at_documents(const at::Tensor& document_starts);

/// [pieces, length, ...] -> [pieces, length, width], causal along the axis 1.
using CausalMap = std::function<at::Tensor(const at::Tensor& rows)>;

/// Applies a map to each piece of windows [batch, seq, ...] and puts the results together:
/// [batch, seq, width]. Differentiable where the map is.
[[nodiscard]] at::Tensor map_pieces(const DocumentPieces& pieces, const at::Tensor& windows,
                                    const CausalMap& map);

}  // namespace nas::nn
