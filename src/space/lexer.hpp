#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "nas/core/error.hpp"
#include "nas/core/json.hpp"

namespace nas::space {

/// Turns a position in a text into the start of a message, e.g. "block.txt:3:9".
using PlaceText = std::function<std::string(TextPosition)>;

/// PlaceText that writes `where`:line:column.
[[nodiscard]] PlaceText place_in(const std::string& where);

struct Token {
  enum class Kind { kName, kNumber, kSymbol, kEnd };
  Kind kind = Kind::kEnd;
  std::string_view text;
  double number = 0;  ///< kNumber
  TextPosition at;
  bool starts_line = false;  ///< first token of its line
  [[nodiscard]] bool is(std::string_view symbol) const {
    return kind == Kind::kSymbol && text == symbol;
  }
};

/// Splits program text and rule text: names, decimal numbers without sign, the symbols
/// ( ) [ ] , : = + - * / < > <= >= == !=; white space and `#` comments are skipped.
class Lexer {
 public:
  /// `text` must outlive the lexer.
  Lexer(std::string_view text, PlaceText place) : text_(text), place_(std::move(place)) {}

  /// The next token; after the last one, kEnd each time. Throws Error(kConfig) for a character or
  /// number that is none of the above.
  [[nodiscard]] Token next();

  /// Throws Error(kConfig): place, then `message`.
  [[noreturn]] void fail(const Token& token, const std::string& message) const;
  /// Throws: place, what stands there, and `expected`.
  [[noreturn]] void fail_expected(const Token& token, const std::string& expected) const;

 private:
  void skip_blank();
  [[nodiscard]] char peek(std::size_t ahead = 0) const {
    return at_ + ahead < text_.size() ? text_[at_ + ahead] : '\0';
  }
  void read_number(Token& token);
  void read_symbol(Token& token);

  std::string_view text_;
  PlaceText place_;
  std::size_t at_ = 0;
  std::size_t line_start_ = 0;
  int line_ = 1;
  bool line_is_empty_ = true;
};

/// `"text"` for messages: cut when long, other than printable ASCII escaped.
[[nodiscard]] std::string in_quotes(std::string_view text);

/// `, did you mean "near"?` for the nearest of `known`, or nothing.
[[nodiscard]] std::string did_you_mean(std::string_view given,
                                       const std::vector<std::string>& known);

/// Names separated by commas.
[[nodiscard]] std::string listed(const std::vector<std::string>& names);

}  // namespace nas::space
