#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "data/sentencepiece_model.hpp"

namespace nas::data {

/// Byte-pair encoding as SentencePiece does it: of all neighbours whose concatenation is a piece,
/// the two of the highest score are merged, the leftmost among equals, until none are left; a
/// character that is no piece becomes its bytes.
/// Source: Sennrich et al. 2016 (arXiv:1508.07909), as in SentencePiece's bpe_model.cc. Differs in
/// speed only: text is cut where no piece reaches across, which no merge can notice.
class BytePairEncoder {
 public:
  /// `texts`: what each piece decodes to, with spaces.
  BytePairEncoder(const SentencePieceModel& model, const std::vector<std::string>& texts);

  /// Appends the ids of well-formed UTF-8 without NUL and U+2581.
  void encode(std::string_view text, std::vector<std::int32_t>& ids) const;

  [[nodiscard]] std::int32_t id_of_byte(unsigned char byte) const { return byte_ids_[byte]; }

 private:
  struct Merge {
    std::int32_t result = 0;  ///< symbol
    float score = 0;
  };
  /// A character, or the run that was merged into it; value -1: merged into its left neighbour.
  struct Symbol {
    std::int32_t value = -1;
    std::int32_t previous = -1;
    std::int32_t next = -1;
  };
  struct Candidate {
    float score = 0;
    std::int32_t left = 0;  ///< position
    std::int32_t left_value = 0;
    std::int32_t right_value = 0;
    bool operator<(const Candidate& other) const {
      return score != other.score ? score < other.score : left > other.left;
    }
  };
  /// A stretch of characters of which each two neighbours stand side by side in some piece.
  struct Stretch {
    std::vector<Symbol> symbols;
    std::vector<Candidate> heap;
    std::string_view text;
  };

  [[nodiscard]] std::int32_t symbol_of(std::string_view text) const;
  [[nodiscard]] bool may_meet(std::int32_t left, std::int32_t right) const;
  void add_characters(const std::string& text);
  void add_merges(std::int32_t id, float score, const std::string& text);
  void consider(Stretch& stretch, std::int32_t left, std::int32_t right) const;
  void merge_all(Stretch& stretch) const;
  void finish(Stretch& stretch, std::vector<std::int32_t>& ids) const;

  std::int32_t vocab_size_ = 0;
  std::array<std::int32_t, 256> byte_ids_{};
  /// Symbols are ids; characters that occur inside pieces but are none follow after the last id.
  std::unordered_map<std::string, std::int32_t> symbols_;
  std::array<std::int32_t, 128> ascii_symbols_{};
  std::unordered_map<std::uint64_t, Merge> merges_;  ///< by left and right symbol
  std::unordered_set<std::uint64_t> neighbours_;     ///< characters side by side in some piece
};

}  // namespace nas::data
