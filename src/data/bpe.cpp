#include "data/bpe.hpp"

#include <algorithm>

#include "data/utf8.hpp"

namespace nas::data {
namespace {

std::uint64_t pair_key(std::int32_t left, std::int32_t right) {
  return (std::uint64_t{static_cast<std::uint32_t>(left)} << 32U) |
         static_cast<std::uint32_t>(right);
}

std::size_t character_length(std::string_view text, std::size_t at) {
  return std::max<std::size_t>(1, utf8_character(text, at));
}

}  // namespace

BytePairEncoder::BytePairEncoder(const SentencePieceModel& model,
                                 const std::vector<std::string>& texts)
    : vocab_size_(static_cast<std::int32_t>(model.pieces.size())) {
  for (std::int32_t id = 0; id < vocab_size_; ++id) {
    const SentencePiece& piece = model.pieces[static_cast<std::size_t>(id)];
    const std::string& text = texts[static_cast<std::size_t>(id)];
    if (piece.kind == PieceKind::kByte) byte_ids_[byte_of_piece(piece.text)] = id;
    if (piece.kind == PieceKind::kNormal) symbols_.emplace(text, id);
  }
  for (std::size_t id = 0; id < model.pieces.size(); ++id) {
    if (model.pieces[id].kind == PieceKind::kNormal) add_characters(texts[id]);
  }
  for (std::size_t id = 0; id < model.pieces.size(); ++id) {
    const SentencePiece& piece = model.pieces[id];
    if (piece.kind != PieceKind::kNormal) continue;
    add_merges(static_cast<std::int32_t>(id), piece.score, texts[id]);
  }
  for (std::size_t c = 0; c < ascii_symbols_.size(); ++c) {
    const auto found = symbols_.find(std::string(1, static_cast<char>(c)));
    ascii_symbols_[c] = found == symbols_.end() ? -1 : found->second;
  }
}

/// Gives every character a symbol and notes which ones are neighbours.
void BytePairEncoder::add_characters(const std::string& text) {
  std::int32_t left = -1;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t length = character_length(text, at);
    const auto next_symbol = static_cast<std::int32_t>(symbols_.size()) + vocab_size_;
    const std::int32_t symbol =
        symbols_.emplace(text.substr(at, length), next_symbol).first->second;
    if (left >= 0) neighbours_.insert(pair_key(left, symbol));
    left = symbol;
    at += length;
  }
}

/// Every way in which two symbols make this piece.
void BytePairEncoder::add_merges(std::int32_t id, float score, const std::string& text) {
  for (std::size_t at = character_length(text, 0); at < text.size();
       at += character_length(text, at)) {
    const auto left = symbols_.find(text.substr(0, at));
    const auto right = symbols_.find(text.substr(at));
    if (left == symbols_.end() || right == symbols_.end()) continue;
    merges_.emplace(pair_key(left->second, right->second), Merge{id, score});
  }
}

std::int32_t BytePairEncoder::symbol_of(std::string_view text) const {
  const auto first = static_cast<unsigned char>(text[0]);
  if (first < ascii_symbols_.size()) return ascii_symbols_[first];
  const auto found = symbols_.find(std::string(text));
  return found == symbols_.end() ? -1 : found->second;
}

bool BytePairEncoder::may_meet(std::int32_t left, std::int32_t right) const {
  return neighbours_.contains(pair_key(left, right));
}

void BytePairEncoder::consider(Stretch& stretch, std::int32_t left, std::int32_t right) const {
  if (left < 0 || right < 0) return;
  const std::int32_t left_value = stretch.symbols[static_cast<std::size_t>(left)].value;
  const std::int32_t right_value = stretch.symbols[static_cast<std::size_t>(right)].value;
  const auto merge = merges_.find(pair_key(left_value, right_value));
  if (merge == merges_.end()) return;
  stretch.heap.push_back({merge->second.score, left, left_value, right_value});
  std::push_heap(stretch.heap.begin(), stretch.heap.end());
}

void BytePairEncoder::merge_all(Stretch& stretch) const {
  std::vector<Symbol>& symbols = stretch.symbols;
  const auto symbol_at = [&](std::int32_t i) -> Symbol& {
    return symbols[static_cast<std::size_t>(i)];
  };
  for (std::int32_t i = 1; i < static_cast<std::int32_t>(symbols.size()); ++i) {
    consider(stretch, i - 1, i);
  }
  while (!stretch.heap.empty()) {
    std::pop_heap(stretch.heap.begin(), stretch.heap.end());
    const Candidate best = stretch.heap.back();
    stretch.heap.pop_back();
    Symbol& left = symbol_at(best.left);
    if (left.value != best.left_value || left.next < 0) continue;
    Symbol& right = symbol_at(left.next);
    if (right.value != best.right_value) continue;
    left.value = merges_.find(pair_key(left.value, right.value))->second.result;
    left.next = right.next;
    right.value = -1;
    if (left.next >= 0) symbol_at(left.next).previous = best.left;
    consider(stretch, left.previous, best.left);
    consider(stretch, best.left, left.next);
  }
}

/// Merges a stretch, appends its ids and empties it.
void BytePairEncoder::finish(Stretch& stretch, std::vector<std::int32_t>& ids) const {
  if (stretch.symbols.empty()) return;
  stretch.symbols.back().next = -1;
  merge_all(stretch);
  std::size_t at = 0;
  for (const Symbol& symbol : stretch.symbols) {
    const std::size_t length = character_length(stretch.text, at);
    if (symbol.value >= vocab_size_) {  // a character that is no piece
      for (const char c : stretch.text.substr(at, length)) {
        ids.push_back(id_of_byte(static_cast<unsigned char>(c)));
      }
    } else if (symbol.value >= 0) {
      ids.push_back(symbol.value);
    }
    at += length;
  }
  stretch.symbols.clear();
}

void BytePairEncoder::encode(std::string_view text, std::vector<std::int32_t>& ids) const {
  Stretch stretch;
  std::size_t begin = 0;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t length = character_length(text, at);
    const std::int32_t symbol = symbol_of(text.substr(at, length));
    const bool is_apart =
        !stretch.symbols.empty() && (symbol < 0 || !may_meet(stretch.symbols.back().value, symbol));
    if (is_apart) {
      stretch.text = text.substr(begin, at - begin);
      finish(stretch, ids);
    }
    if (symbol < 0) {
      for (const char c : text.substr(at, length)) {
        ids.push_back(id_of_byte(static_cast<unsigned char>(c)));
      }
    } else {
      if (stretch.symbols.empty()) begin = at;
      const auto position = static_cast<std::int32_t>(stretch.symbols.size());
      stretch.symbols.push_back({symbol, position - 1, position + 1});
    }
    at += length;
  }
  stretch.text = text.substr(begin);
  finish(stretch, ids);
}

}  // namespace nas::data
