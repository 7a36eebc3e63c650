#include "nas/nn/documents.hpp"

#include <ATen/ops/arange.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/empty.h>
#include <torch/csrc/autograd/custom_function.h>

#include <algorithm>
#include <span>
#include <utility>

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

/// Rows of the one group of kFewKinds; nothing for too many pieces.
std::optional<std::int64_t> rows_for(std::int64_t windows, std::int64_t pieces) {
  for (const std::int64_t part : {8, 4, 2, 1}) {
    const std::int64_t rows = windows + (windows + part - 1) / part;
    if (pieces <= rows) return rows;
  }
  return std::nullopt;
}

/// Fills a DocumentPieces group after group.
class Cutting {
 public:
  explicit Cutting(std::int64_t tokens) : tokens_(tokens) {
    cut_.places = at::empty({tokens}, at::kLong);
    places_ = cut_.places.mutable_data_ptr<std::int64_t>();
  }

  void add_group(std::span<const Piece> pieces, std::int64_t rows, std::int64_t length) {
    at::Tensor& group = cut_.groups.emplace_back(at::empty({rows, length}, at::kLong));
    auto* token = group.mutable_data_ptr<std::int64_t>();
    for (std::int64_t row = 0; row < rows; ++row) {
      // Rows without a piece are windows: text, whose activations are as usual as the others'.
      const bool is_piece = row < static_cast<std::int64_t>(pieces.size());
      const Piece piece = is_piece ? pieces[static_cast<std::size_t>(row)] : Piece{row * length, 0};
      for (std::int64_t i = 0; i < piece.length; ++i) places_[piece.first + i] = place_ + i;
      for (std::int64_t i = 0; i < length; ++i) *token++ = (piece.first + i) % tokens_;
      place_ += length;
    }
  }

  DocumentPieces take() { return std::move(cut_); }

 private:
  std::int64_t tokens_;
  DocumentPieces cut_;
  std::int64_t* places_ = nullptr;
  std::int64_t place_ = 0;
};

at::Tensor on_device(const at::Tensor& indices, at::Device device) {
  if (indices.device() == device) return indices;
  // From pinned memory, so that the host does not wait for the steps before.
  return indices.pin_memory().to(device, /*non_blocking=*/true);
}

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

/// Rows of `all` at places, each of which occurs once; tokens: of each row of `all` the place in
/// the result that it has or, where it fills up, another's. Backwards a gather too: LibTorch's
/// index_select would sort to add without atomics.
class TakePlaces : public torch::autograd::Function<TakePlaces> {
 public:
  static at::Tensor forward(AutogradContext* context, const at::Tensor& all,
                            const at::Tensor& places, const at::Tensor& tokens) {
    context->save_for_backward({places, tokens});
    return all.index_select(0, places);
  }
  static variable_list backward(AutogradContext* context, const variable_list& gradients) {
    const variable_list saved = context->get_saved_variables();
    const at::Tensor& places = saved[0];
    const at::Tensor& tokens = saved[1];
    const at::Tensor own = at::arange(tokens.size(0), tokens.options());
    const at::Tensor is_filling = places.index_select(0, tokens).ne(own);
    at::Tensor gradient = gradients[0].index_select(0, tokens);
    gradient.masked_fill_(is_filling.unsqueeze(1), 0);
    return {gradient, at::Tensor(), at::Tensor()};
  }
};

}  // namespace

std::optional<DocumentPieces> cut_at_documents(const at::Tensor& document_starts,
                                               PieceShapes shapes) {
  if (!document_starts.defined()) return std::nullopt;
  std::vector<Piece> pieces = pieces_of(document_starts);
  const std::int64_t windows = document_starts.size(0);
  const auto count = static_cast<std::int64_t>(pieces.size());
  if (count == windows) return std::nullopt;
  Cutting cutting(document_starts.numel());
  const auto rows =
      shapes == PieceShapes::kFewKinds ? rows_for(windows, count) : std::optional<std::int64_t>();
  if (rows) {
    cutting.add_group(pieces, *rows, document_starts.size(1));
    return cutting.take();
  }
  std::stable_sort(pieces.begin(), pieces.end(),
                   [](const Piece& a, const Piece& b) { return a.length > b.length; });
  for (std::size_t first = 0; first < pieces.size();) {
    const std::size_t end = group_end(pieces, first, document_starts.numel() / 2);
    cutting.add_group(std::span(pieces).subspan(first, end - first),
                      static_cast<std::int64_t>(end - first), pieces[first].length);
    first = end;
  }
  return cutting.take();
}

std::optional<std::int64_t> rows_of_whole_windows(const DocumentPieces& pieces, std::int64_t seq) {
  if (pieces.groups.size() != 1 || pieces.groups[0].size(1) != seq) return std::nullopt;
  return pieces.groups[0].size(0);
}

at::Tensor map_pieces(const DocumentPieces& pieces, const at::Tensor& windows,
                      const CausalMap& map) {
  const at::Tensor flat = windows.flatten(0, 1);
  std::vector<at::Tensor> tokens;
  std::vector<at::Tensor> results;
  for (const at::Tensor& group : pieces.groups) {
    tokens.push_back(on_device(group, windows.device()).flatten());
    const at::Tensor rows = flat.index_select(0, tokens.back()).unflatten(0, group.sizes());
    results.push_back(map(rows).flatten(0, 1));
  }
  const auto joined = [](const std::vector<at::Tensor>& parts) {
    return parts.size() == 1 ? parts[0] : at::cat(parts);
  };
  return TakePlaces::apply(joined(results), on_device(pieces.places, windows.device()),
                           joined(tokens))
      .unflatten(0, {windows.size(0), windows.size(1)});
}

}  // namespace nas::nn
