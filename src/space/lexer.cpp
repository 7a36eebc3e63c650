#include "space/lexer.hpp"

#include <array>
#include <charconv>
#include <utility>

namespace nas::space {
namespace {

bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }
bool is_digit(char c) { return c >= '0' && c <= '9'; }

}  // namespace

PlaceText place_in(const std::string& where) {
  return [where](TextPosition at) {
    return where + ":" + std::to_string(at.line) + ":" + std::to_string(at.column);
  };
}

std::string in_quotes(std::string_view text) {
  constexpr std::size_t kLongest = 60;
  std::string out = "\"";
  for (const char c : text.substr(0, kLongest)) {
    if (c >= ' ' && c <= '~') {
      out += c;
    } else {
      constexpr std::string_view kDigits = "0123456789abcdef";
      const auto byte = static_cast<unsigned char>(c);
      out += {'\\', 'x', kDigits[byte / 16], kDigits[byte % 16]};
    }
  }
  return out + (text.size() > kLongest ? "...\"" : "\"");
}

std::string did_you_mean(std::string_view given, const std::vector<std::string>& known) {
  const std::string near = nearest_name(given, known.data(), known.size());
  return near.empty() ? "" : ", did you mean \"" + near + "\"?";
}

std::string listed(const std::vector<std::string>& names) {
  std::string out;
  for (const std::string& name : names) out += (out.empty() ? "" : ", ") + name;
  return out;
}

void Lexer::fail(const Token& token, const std::string& message) const {
  throw Error(ErrorKind::kConfig, place_(token.at) + ": " + message);
}

void Lexer::fail_expected(const Token& token, const std::string& expected) const {
  const std::string found =
      token.kind == Token::Kind::kEnd ? "the text ends here" : "found " + in_quotes(token.text);
  fail(token, found + ", expected " + expected);
}

void Lexer::skip_blank() {
  while (at_ < text_.size()) {
    const char c = text_[at_];
    if (c == '\n') {
      ++line_;
      line_start_ = at_ + 1;
      line_is_empty_ = true;
    } else if (c == '#') {
      const std::size_t end = text_.find('\n', at_);
      at_ = end == std::string_view::npos ? text_.size() : end;
      continue;
    } else if (c != ' ' && c != '\t' && c != '\r') {
      return;
    }
    ++at_;
  }
}

void Lexer::read_number(Token& token) {
  const char* first = text_.data() + at_;
  const char* last = text_.data() + text_.size();
  auto [end, error] = std::from_chars(first, last, token.number);
  const char* word_end = end;
  while (word_end != last && (is_letter(*word_end) || is_digit(*word_end) || *word_end == '.')) {
    ++word_end;
  }
  token.kind = Token::Kind::kNumber;
  token.text = std::string_view(first, static_cast<std::size_t>(word_end - first));
  if (error == std::errc::result_out_of_range) {
    fail(token, in_quotes(token.text) + " is outside the range of a double");
  }
  if (error != std::errc() || word_end != end)
    fail(token, in_quotes(token.text) + " is not a number");
}

void Lexer::read_symbol(Token& token) {
  constexpr std::array<std::string_view, 4> kPairs = {"<=", ">=", "==", "!="};
  constexpr std::string_view kSingles = "()[],:=+-*/<>";
  token.kind = Token::Kind::kSymbol;
  token.text = text_.substr(at_, 2);
  for (const std::string_view pair : kPairs) {
    if (token.text == pair) return;
  }
  token.text = text_.substr(at_, 1);
  if (kSingles.find(token.text[0]) == std::string_view::npos) {
    fail(token, in_quotes(token.text) + " has no meaning here");
  }
}

Token Lexer::next() {
  skip_blank();
  Token token;
  token.at = {line_, static_cast<int>(at_ - line_start_) + 1};
  token.starts_line = std::exchange(line_is_empty_, false);
  if (at_ == text_.size()) return token;
  const char c = peek();
  if (is_letter(c)) {
    std::size_t size = 1;
    while (is_letter(peek(size)) || is_digit(peek(size))) ++size;
    token.kind = Token::Kind::kName;
    token.text = text_.substr(at_, size);
  } else if (is_digit(c) || (c == '.' && is_digit(peek(1)))) {
    read_number(token);
  } else {
    read_symbol(token);
  }
  at_ += token.text.size();
  return token;
}

}  // namespace nas::space
