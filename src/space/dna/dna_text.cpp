#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <utility>

#include "nas/core/units.hpp"
#include "nas/space/dna.hpp"
#include "space/lexer.hpp"

namespace nas::space {
namespace {

constexpr std::string_view kFirstWord = "dna";
constexpr std::size_t kMaxLines = 4096;  ///< of a bank, a subprogram or the list of subprograms

std::string value_name(std::uint16_t reference) {
  if (reference == 0) return "x";
  if (reference == 1) return "y";
  return "v" + std::to_string(reference - 1);
}

std::string line_of(const Dna& dna, const Instruction& instruction, std::size_t at) {
  const std::vector<DnaOperation>& operations = dna_operations();
  const bool is_call = instruction.operation >= operations.size();
  const DnaOperation* operation = is_call ? nullptr : &operations[instruction.operation];
  std::string line = "  v" + std::to_string(at + 1) + " = ";
  line +=
      is_call ? dna.subprograms[instruction.operation - operations.size()].name : operation->name;
  line += "(" + value_name(instruction.inputs[0]);
  if (is_call || operation->arity == 2 || instruction.inputs[1] != 0) {
    line += ", " + value_name(instruction.inputs[1]);
  }
  if ((!is_call && operation->reads_constant) || instruction.constant != 0) {
    line += ", constant=c" + std::to_string(instruction.constant);
  }
  if ((!is_call && operation->reads_dim) || instruction.dim != 0) {
    line += ", dim=d" + std::to_string(instruction.dim);
  }
  if (instruction.branching != 0) {
    line += ", branch=" + std::to_string(kBranchings[instruction.branching]);
  }
  return line + ")\n";
}

class Parser {
 public:
  Parser(std::string_view text, PlaceText place) : lexer_(text, std::move(place)) { advance(); }

  Dna run() {
    expect_name(kFirstWord);
    expect_name("constants");
    bank([&](const Token& token, double value) {
      if (std::abs(value) > kMaxConstant) lexer_.fail(token, "a constant is in [-1e4, 1e4]");
      dna_.constants.push_back(value);
    });
    expect_name("dims");
    bank([&](const Token& token, double value) {
      const auto found = std::find(kDnaDims.begin(), kDnaDims.end(), value);
      if (found == kDnaDims.end()) {
        lexer_.fail(token, "a dimension is 1, 2, 4, 8, 12, 16, 24, 32, 48 or 64 units");
      }
      dna_.dims.push_back(*found);
    });
    while (token_.kind != Token::Kind::kEnd) subprogram();
    if (dna_.subprograms.empty()) lexer_.fail_expected(token_, "\"subprogram main(x, y)\"");
    resolve_calls();
    return std::move(dna_);
  }

 private:
  struct Call {
    std::size_t subprogram;
    std::size_t at;
    Token name;
  };

  void advance() { token_ = lexer_.next(); }
  bool accept(std::string_view symbol) {
    if (!token_.is(symbol)) return false;
    advance();
    return true;
  }
  void expect(std::string_view symbol) {
    if (!accept(symbol)) lexer_.fail_expected(token_, in_quotes(symbol));
  }
  Token take_name(const std::string& expected) {
    if (token_.kind != Token::Kind::kName) lexer_.fail_expected(token_, expected);
    return std::exchange(token_, lexer_.next());
  }
  void expect_name(std::string_view name) {
    if (token_.kind != Token::Kind::kName || token_.text != name) {
      lexer_.fail_expected(token_, in_quotes(name));
    }
    advance();
  }

  template <class Take>
  void bank(const Take& take) {
    expect("=");
    expect("[");
    std::size_t count = 0;
    do {
      const bool is_negative = accept("-");
      const Token token = std::exchange(token_, lexer_.next());
      if (token.kind != Token::Kind::kNumber) lexer_.fail_expected(token, "a number");
      if (++count > kMaxLines) lexer_.fail(token, "a bank has at most 4096 values");
      // Adding 0 makes a negative zero positive.
      take(token, (is_negative ? -token.number : token.number) + 0.0);
    } while (accept(","));
    expect("]");
  }

  void subprogram() {
    expect_name("subprogram");
    const Token name = take_name("the name of a subprogram");
    if (find_dna_operation(name.text)) {
      lexer_.fail(name, in_quotes(name.text) + " is an operation, not a subprogram's name");
    }
    if (!numbers_.try_emplace(std::string(name.text), dna_.subprograms.size()).second) {
      lexer_.fail(name, "subprogram " + in_quotes(name.text) + " is defined again");
    }
    if (dna_.subprograms.size() == kMaxLines) lexer_.fail(name, "too many subprograms");
    dna_.subprograms.push_back({std::string(name.text), {}});
    values_ = {{"x", 0}, {"y", 1}};
    expect("(");
    expect_name("x");
    expect(",");
    expect_name("y");
    expect(")");
    while (token_.kind == Token::Kind::kName && token_.text != "subprogram") instruction();
  }

  void instruction() {
    std::vector<Instruction>& lines = dna_.subprograms.back().instructions;
    const Token name = take_name("\"name = operation(...)\"");
    if (!name.starts_line) lexer_.fail_expected(name, "a new line before the next instruction");
    expect("=");
    const Token operation = take_name("an operation or a subprogram");
    Instruction made;
    expect("(");
    made.inputs[0] = named_value();
    bool has_second = false;
    while (accept(",")) argument(made, has_second);
    expect(")");
    if (lines.size() == kMaxLines) lexer_.fail(name, "a subprogram has at most 4096 lines");
    if (const auto known = find_dna_operation(operation.text)) {
      made.operation = *known;
      if (dna_operations()[*known].arity == 2 && !has_second) {
        lexer_.fail(operation, std::string(operation.text) + " takes 2 inputs");
      }
    } else {
      calls_.push_back({dna_.subprograms.size() - 1, lines.size(), operation});
    }
    lines.push_back(made);
    const auto value = static_cast<std::uint16_t>(lines.size() + 1);
    if (!values_.try_emplace(std::string(name.text), value).second) {
      lexer_.fail(name, "value " + in_quotes(name.text) + " is defined again");
    }
  }

  void argument(Instruction& made, bool& has_second) {
    const Token name = take_name("a value, constant=, dim= or branch=");
    if (!accept("=")) {
      if (std::exchange(has_second, true)) lexer_.fail(name, "an instruction takes 2 inputs");
      made.inputs[1] = reference(name);
      return;
    }
    if (name.text == "constant") {
      made.constant = bank_place('c', dna_.constants.size());
    } else if (name.text == "dim") {
      made.dim = bank_place('d', dna_.dims.size());
    } else if (name.text == "branch") {
      made.branching = branching();
    } else {
      lexer_.fail(name, "unknown argument " + in_quotes(name.text) +
                            did_you_mean(name.text, {"constant", "dim", "branch"}) +
                            " (known: constant, dim, branch)");
    }
  }

  std::uint16_t named_value() { return reference(take_name("a value")); }

  std::uint16_t reference(const Token& name) const {
    const auto found = values_.find(std::string(name.text));
    if (found == values_.end()) lexer_.fail(name, "unknown value " + in_quotes(name.text));
    return found->second;
  }

  std::uint16_t bank_place(char letter, std::size_t size) {
    const Token token = take_name("a place in the bank");
    for (std::size_t i = 0; i < size; ++i) {
      if (token.text == letter + std::to_string(i)) return static_cast<std::uint16_t>(i);
    }
    lexer_.fail(token, in_quotes(token.text) + " is no place of the bank, which has " + letter +
                           "0 to " + letter + std::to_string(size - 1));
  }

  std::uint16_t branching() {
    const Token token = std::exchange(token_, lexer_.next());
    const auto found = std::find(kBranchings.begin(), kBranchings.end(), token.number);
    if (token.kind != Token::Kind::kNumber || found == kBranchings.end()) {
      lexer_.fail_expected(token, "1, 2, 4, 8 or 16");
    }
    return static_cast<std::uint16_t>(found - kBranchings.begin());
  }

  void resolve_calls() {
    std::vector<std::string> known;
    for (const DnaOperation& operation : dna_operations()) known.push_back(operation.name);
    for (const Subprogram& each : dna_.subprograms) known.push_back(each.name);
    for (const Call& call : calls_) {
      const auto found = numbers_.find(std::string(call.name.text));
      if (found == numbers_.end()) {
        lexer_.fail(call.name, "unknown operation or subprogram " + in_quotes(call.name.text) +
                                   did_you_mean(call.name.text, known));
      }
      if (found->second <= call.subprogram) {
        lexer_.fail(call.name, "a subprogram may call only later ones");
      }
      dna_.subprograms[call.subprogram].instructions[call.at].operation =
          static_cast<std::uint16_t>(dna_operations().size() + found->second);
    }
  }

  Lexer lexer_;
  Token token_;
  Dna dna_;
  std::map<std::string, std::size_t> numbers_;
  std::map<std::string, std::uint16_t> values_;
  std::vector<Call> calls_;
};

}  // namespace

std::string to_text(const Dna& dna) {
  std::string text = std::string(kFirstWord) + "\nconstants = [";
  for (std::size_t i = 0; i < dna.constants.size(); ++i) {
    text += (i ? ", " : "") + format_exact(dna.constants[i]);
  }
  text += "]\ndims = [";
  for (std::size_t i = 0; i < dna.dims.size(); ++i) {
    text += (i ? ", " : "") + std::to_string(dna.dims[i]);
  }
  text += "]\n";
  for (const Subprogram& subprogram : dna.subprograms) {
    text += "subprogram " + subprogram.name + "(x, y)\n";
    for (std::size_t at = 0; at < subprogram.instructions.size(); ++at) {
      text += line_of(dna, subprogram.instructions[at], at);
    }
  }
  return text;
}

Dna dna_from_text(std::string_view text, const std::string& where) {
  return Parser(text, place_in(where)).run();
}

bool is_dna_text(std::string_view text) {
  const std::size_t first = text.find_first_not_of(" \t\r\n");
  if (first == std::string_view::npos || !text.substr(first).starts_with(kFirstWord)) return false;
  const std::string_view rest = text.substr(first + kFirstWord.size());
  return rest.empty() || rest.find_first_of(" \t\r\n#") == 0;
}

}  // namespace nas::space
