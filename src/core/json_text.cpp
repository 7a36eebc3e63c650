#include "core/json_text.hpp"

#include <algorithm>
#include <array>

namespace nas::detail {
namespace {

constexpr std::string_view kBlanks = " \t\r\n";
constexpr std::string_view kDigits = "0123456789";

/// What the parser was waiting for, by the words of its message.
std::string expected_by(std::string_view what) {
  struct Context {
    std::string_view words;
    std::string_view expected;
  };
  static constexpr std::array<Context, 6> kContexts{{
      {"while parsing object key", "a key in double quotes"},
      {"while parsing object separator", "':' after the key"},
      {"while parsing object", "',' or '}'"},
      {"while parsing array", "',' or ']'"},
      {"; expected end of input", "the end of the file"},
      {"while parsing value", "a value"},
  }};
  for (const Context& context : kContexts) {
    if (what.find(context.words) != std::string_view::npos) return std::string(context.expected);
  }
  return "JSON";
}

std::string hint_for(std::string_view found, bool after_comma) {
  if (after_comma && (found == "'}'" || found == "']'")) return " (no comma after the last entry)";
  if (found.starts_with("''")) return " (texts stand in double quotes)";
  for (const std::string_view word : {"'NaN", "'nan", "'Infinity", "'-Infinity", "'inf", "'-inf"}) {
    if (found.starts_with(word)) return " (JSON has no such number)";
  }
  if (found == "'True'") return " (did you mean true?)";
  if (found == "'False'") return " (did you mean false?)";
  if (found == "'None'") return " (did you mean null?)";
  return "";
}

/// The lexer's own complaint ("invalid string: ..."), empty when the token itself is sound or is
/// a plain unknown word.
std::string lexer_complaint(const std::string& what) {
  const std::size_t start = what.find(" - invalid ");
  if (start == std::string::npos || what.compare(start, 18, " - invalid literal") == 0) return "";
  const std::size_t first = start + 3;
  return what.substr(first, what.find("; last read", first) - first);
}

/// End of the number of JSON's grammar that starts at `at`; `at` itself when there is none.
std::size_t number_end(std::string_view text, std::size_t at) {
  const auto is = [&](std::size_t i, std::string_view any) {
    return i < text.size() && any.find(text[i]) != std::string_view::npos;
  };
  const auto digits = [&](std::size_t i) {
    return std::min(text.find_first_not_of(kDigits, i), text.size());
  };
  std::size_t end = is(at, "-") ? at + 1 : at;
  if (!is(end, kDigits)) return at;
  end = is(end, "0") ? end + 1 : digits(end);
  if (is(end, ".") && is(end + 1, kDigits)) end = digits(end + 1);
  if (is(end, "eE")) {
    const std::size_t exponent = is(end + 1, "+-") ? end + 2 : end + 1;
    if (is(exponent, kDigits)) end = digits(exponent);
  }
  return end;
}

}  // namespace

JsonTextWalker::JsonTextWalker(std::string_view text) : text_(text) {
  if (text_.starts_with("\xEF\xBB\xBF")) offset_ = 3;
}

void JsonTextWalker::move_to(std::size_t offset) {
  const std::size_t end = std::min(offset, text_.size());
  for (; offset_ < end; ++offset_) {
    const auto byte = static_cast<unsigned char>(text_[offset_]);
    if (byte == '\n') {
      ++position_.line;
      position_.column = 1;
    } else if ((byte & 0xC0U) != 0x80U) {
      ++position_.column;  // one column for each character, not for each byte of UTF-8
    }
  }
}

void JsonTextWalker::skip_blanks() {
  while (!at_end()) {
    if (kBlanks.find(here()) != std::string_view::npos) {
      move_to(offset_ + 1);
    } else if (text_.substr(offset_, 2) == "//") {
      move_to(text_.find('\n', offset_));
    } else if (text_.substr(offset_, 2) == "/*") {
      const std::size_t close = text_.find("*/", offset_ + 2);
      move_to(close == std::string_view::npos ? close : close + 2);
    } else {
      return;
    }
  }
}

void JsonTextWalker::skip_to_token() {
  skip_blanks();
  while (here() == ',' || here() == ':') {
    move_to(offset_ + 1);
    skip_blanks();
  }
}

std::size_t JsonTextWalker::token_end() const {
  const char first = here();
  if (first == '"') {
    for (std::size_t i = offset_ + 1; i < text_.size(); ++i) {
      if (text_[i] == '\\') {
        ++i;
      } else if (text_[i] == '"') {
        return i + 1;
      }
    }
    return text_.size();
  }
  if (const std::size_t end = number_end(text_, offset_); end > offset_) return end;
  if (first >= 'a' && first <= 'z') {
    std::size_t i = offset_;
    while (i < text_.size() && text_[i] >= 'a' && text_[i] <= 'z') ++i;
    return i;
  }
  return std::min(offset_ + 1, text_.size());
}

void JsonTextWalker::skip_token() { move_to(token_end()); }

std::string JsonTextWalker::token_for_message() const {
  if (at_end()) return "the end of the file";
  const bool is_text = here() == '"';
  std::size_t end = token_end();
  if (!is_text && std::string_view("[]{},:").find(here()) == std::string_view::npos) {
    end = std::min(text_.find_first_of(" \t\r\n,:[]{}\"", offset_ + 1), text_.size());
  }
  constexpr std::size_t kShown = 40;
  std::string shown;
  for (std::size_t i = offset_; i < end && text_[i] != '\n'; ++i) {
    if (shown.size() == kShown) {
      shown += "...";
      break;
    }
    const char c = text_[i];
    shown += c >= ' ' && c <= '~' ? c : '?';
  }
  return is_text ? shown : "'" + shown + "'";
}

std::string explain_syntax_error(JsonTextWalker& walker, std::size_t offset,
                                 const std::string& what) {
  if (std::string complaint = lexer_complaint(what); !complaint.empty()) {
    if (offset > 0) walker.move_to(offset - 1);
    return complaint;
  }
  bool after_comma = false;
  walker.skip_blanks();
  // A comma or colon that the parser has read beyond is not the fault.
  while ((walker.here() == ',' || walker.here() == ':') && walker.offset() + 1 < offset) {
    after_comma = walker.here() == ',';
    walker.move_to(walker.offset() + 1);
    walker.skip_blanks();
  }
  const std::string found = walker.token_for_message();
  if (what.find("number overflow") != std::string::npos) {
    return "the number " + found + " is too large for a double";
  }
  return "expected " + expected_by(what) + " but found " + found + hint_for(found, after_comma);
}

}  // namespace nas::detail
