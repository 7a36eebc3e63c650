#pragma once

#include <cstddef>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "nas/core/json.hpp"

namespace nas::detail {

/// Walks over JSON text in step with a parser that reports events without positions.
class JsonTextWalker {
 public:
  explicit JsonTextWalker(std::string_view text);
  /// Moves over white space and comments.
  void skip_blanks();
  /// Moves over white space, comments, commas and colons: to the start of the next token.
  void skip_to_token();
  /// Moves over the token that starts here.
  void skip_token();
  /// Moves to an offset that is not behind.
  void move_to(std::size_t offset);
  [[nodiscard]] bool at_end() const { return offset_ >= text_.size(); }
  [[nodiscard]] char here() const { return at_end() ? '\0' : text_[offset_]; }
  [[nodiscard]] std::size_t offset() const { return offset_; }
  [[nodiscard]] TextPosition position() const { return position_; }
  /// The token that starts here, shortened and printable, for an error message.
  [[nodiscard]] std::string token_for_message() const;

 private:
  [[nodiscard]] std::size_t token_end() const;

  std::string_view text_;
  std::size_t offset_ = 0;
  TextPosition position_{1, 1};
};

/// What is wrong, in our words, with the text that nlohmann's parser refused. `walker` stands
/// after the last good token and is moved to the place of the fault; `offset` is the number of
/// bytes that the parser had read, `what` its own message.
[[nodiscard]] std::string explain_syntax_error(JsonTextWalker& walker, std::size_t offset,
                                               const std::string& what);

}  // namespace nas::detail
