#include "space/rule.hpp"

#include <algorithm>
#include <utility>

#include "space/lexer.hpp"

namespace nas::space {
namespace {

/// Operands that wait on the stack at once; parentheses nest no deeper.
constexpr std::size_t kMaxDepth = 64;

}  // namespace

/// Recursive descent: comparison of sums of products of factors.
class RuleParser {
 public:
  RuleParser(const std::string& text, const std::string& where)
      : lexer_(text, [where](TextPosition at) {
          return where + ", column " + std::to_string(at.column);
        }) {
    advance();
  }

  std::vector<Rule::Step> run() {
    using Operation = Rule::Operation;
    constexpr std::array<std::pair<const char*, Operation>, 6> kComparisons = {
        {{"<", Operation::kLess},
         {"<=", Operation::kLessEqual},
         {">", Operation::kGreater},
         {">=", Operation::kGreaterEqual},
         {"==", Operation::kEqual},
         {"!=", Operation::kNotEqual}}};
    sum(0);
    for (const auto& [symbol, operation] : kComparisons) {
      if (!accept(symbol)) continue;
      sum(0);
      if (token_.kind != Token::Kind::kEnd) lexer_.fail_expected(token_, "the end of the rule");
      steps_.push_back({operation});
      return std::move(steps_);
    }
    lexer_.fail_expected(token_, "a comparison (<, <=, >, >=, ==, !=)");
  }

 private:
  void advance() { token_ = lexer_.next(); }
  bool accept(std::string_view symbol) {
    if (!token_.is(symbol)) return false;
    advance();
    return true;
  }

  void sum(std::size_t depth) {
    product(depth);
    while (true) {
      if (accept("+")) {
        product(depth + 1);
        steps_.push_back({Rule::Operation::kAdd});
      } else if (accept("-")) {
        product(depth + 1);
        steps_.push_back({Rule::Operation::kSubtract});
      } else {
        return;
      }
    }
  }

  void product(std::size_t depth) {
    factor(depth);
    while (true) {
      if (accept("*")) {
        factor(depth + 1);
        steps_.push_back({Rule::Operation::kMultiply});
      } else if (accept("/")) {
        factor(depth + 1);
        steps_.push_back({Rule::Operation::kDivide});
      } else {
        return;
      }
    }
  }

  void factor(std::size_t depth) {
    if (depth == kMaxDepth) lexer_.fail(token_, "the rule is nested too deep");
    const Token token = std::exchange(token_, lexer_.next());
    if (token.kind == Token::Kind::kNumber) {
      steps_.push_back({Rule::Operation::kNumber, token.number});
    } else if (token.kind == Token::Kind::kName) {
      steps_.push_back({Rule::Operation::kSize, 0, place_of(token)});
    } else if (token.is("-")) {
      factor(depth + 1);
      steps_.push_back({Rule::Operation::kNegate});
    } else if (token.is("(")) {
      sum(depth + 1);
      if (!accept(")")) lexer_.fail_expected(token_, "\")\"");
    } else {
      lexer_.fail_expected(token, "a number, a size or \"(\"");
    }
  }

  std::size_t place_of(const Token& name) const {
    const std::vector<std::string> known(kRuleNames.begin(), kRuleNames.end());
    const auto found = std::find(known.begin(), known.end(), name.text);
    if (found == known.end()) {
      lexer_.fail(name, "unknown size " + in_quotes(name.text) + did_you_mean(name.text, known) +
                            " (known: " + listed(known) + ")");
    }
    return static_cast<std::size_t>(found - known.begin());
  }

  Lexer lexer_;
  Token token_;
  std::vector<Rule::Step> steps_;
};

Rule Rule::parse(const std::string& text, const std::string& where) {
  Rule rule;
  rule.text_ = text;
  rule.steps_ = RuleParser(text, where).run();
  return rule;
}

double Rule::apply(Operation operation, double left, double right) {
  switch (operation) {
    case Operation::kAdd:
      return left + right;
    case Operation::kSubtract:
      return left - right;
    case Operation::kMultiply:
      return left * right;
    case Operation::kDivide:
      return left / right;
    case Operation::kLess:
      return left < right ? 1 : 0;
    case Operation::kLessEqual:
      return left <= right ? 1 : 0;
    case Operation::kGreater:
      return left > right ? 1 : 0;
    case Operation::kGreaterEqual:
      return left >= right ? 1 : 0;
    case Operation::kEqual:
      return left == right ? 1 : 0;
    case Operation::kNotEqual:
      return left < right || left > right ? 1 : 0;  // unlike !=, false when one is no number
    case Operation::kNumber:
    case Operation::kSize:
    case Operation::kNegate:
      break;
  }
  NAS_ASSERT(false);
  return 0;
}

bool Rule::holds(const RuleSizes& sizes) const {
  // Each side of the comparison leaves one operand, and a factor at depth d finds at most d.
  std::array<double, kMaxDepth + 2> stack{};
  std::size_t top = 0;
  for (const Step& step : steps_) {
    if (step.operation == Operation::kNumber) {
      stack[top++] = step.number;
    } else if (step.operation == Operation::kSize) {
      stack[top++] = sizes.values[step.size];
    } else if (step.operation == Operation::kNegate) {
      stack[top - 1] = -stack[top - 1];
    } else {
      --top;
      stack[top - 1] = apply(step.operation, stack[top - 1], stack[top]);
    }
  }
  return stack[0] != 0;
}

}  // namespace nas::space
