#include "nn/documents.hpp"

#include <ATen/ops/cat.h>
#include <ATen/ops/empty.h>

#include <algorithm>

#include "nas/core/error.hpp"

namespace nas::nn {

namespace {

/// A stretch of a window that belongs to one document.
struct Piece {
  std::int64_t first = 0;  ///< in the flattened windows
  std::int64_t length = 0;
};

/// In the order of the windows; one for a window without a boundary.
std::vector<Piece> pieces_of(const at::Tensor& document_starts) {
  NAS_ASSERT(document_starts.dim() == 2 && document_starts.scalar_type() == at::kInt &&
             document_starts.is_cpu());
  const at::Tensor rows = document_starts.contiguous();
  const std::int64_t seq = rows.size(1);
  const std::int32_t* starts = rows.const_data_ptr<std::int32_t>();
  std::vector<Piece> pieces;
  for (std::int64_t at = 0; at < rows.numel(); ++at) {
    const std::int64_t position = at % seq;
    const bool begins = starts[at] == position;
    NAS_ASSERT(begins || (position > 0 && starts[at] == starts[at - 1]));
    if (begins) pieces.push_back({at, 0});
    ++pieces.back().length;
  }
  return pieces;
}

/// One past the last piece of the group that begins at `first`; pieces are sorted, longest first.
/// All that are left when filling them up costs no more than `spare` tokens, else those longer than
/// half the first.
std::size_t group_end(const std::vector<Piece>& pieces, std::size_t first, std::int64_t spare) {
  const std::int64_t length = pieces[first].length;
  std::int64_t filling = 0;
  for (std::size_t i = first; i < pieces.size(); ++i) filling += length - pieces[i].length;
  if (filling <= spare) return pieces.size();
  std::size_t end = first + 1;
  while (end < pieces.size() && pieces[end].length > length / 2) ++end;
  return end;
}

at::Tensor on_device(const at::Tensor& indices, at::Device device) {
  if (device.is_cpu()) return indices;
  // From pinned memory, so that the host does not wait for the steps before.
  return indices.pin_memory().to(device, /*non_blocking=*/true);
}

}  // namespace

std::optional<DocumentPieces> cut_at_documents(const at::Tensor& document_starts) {
  if (!document_starts.defined()) return std::nullopt;
  std::vector<Piece> pieces = pieces_of(document_starts);
  if (pieces.size() == static_cast<std::size_t>(document_starts.size(0))) return std::nullopt;
  std::stable_sort(pieces.begin(), pieces.end(),
                   [](const Piece& a, const Piece& b) { return a.length > b.length; });

  DocumentPieces cut;
  cut.places = at::empty({document_starts.numel()}, at::kLong);
  auto* const places = cut.places.mutable_data_ptr<std::int64_t>();
  std::int64_t place = 0;
  for (std::size_t first = 0; first < pieces.size();) {
    const std::size_t end = group_end(pieces, first, document_starts.numel() / 2);
    const std::int64_t length = pieces[first].length;
    at::Tensor& group = cut.groups.emplace_back(
        at::empty({static_cast<std::int64_t>(end - first), length}, at::kLong));
    auto* token = group.mutable_data_ptr<std::int64_t>();
    for (; first < end; ++first) {
      const Piece& piece = pieces[first];
      for (std::int64_t i = 0; i < piece.length; ++i) places[piece.first + i] = place + i;
      for (std::int64_t i = 0; i < length; ++i) {
        *token++ = piece.first + std::min(i, piece.length - 1);
      }
      place += length;
    }
  }
  return cut;
}

at::Tensor map_pieces(const DocumentPieces& pieces, const at::Tensor& windows,
                      const CausalMap& map) {
  const at::Tensor flat = windows.flatten(0, 1);
  std::vector<at::Tensor> results;
  for (const at::Tensor& group : pieces.groups) {
    const at::Tensor tokens = on_device(group, windows.device());
    const at::Tensor rows = flat.index_select(0, tokens.flatten()).unflatten(0, group.sizes());
    results.push_back(map(rows).flatten(0, 1));
  }
  const at::Tensor all = results.size() == 1 ? results[0] : at::cat(results);
  return all.index_select(0, on_device(pieces.places, windows.device()))
      .unflatten(0, {windows.size(0), windows.size(1)});
}

}  // namespace nas::nn
