#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "nas/core/json.hpp"

namespace nas::space {

/// The sizes of one layer that a rule may name, in the order of kRuleNames.
struct RuleSizes {
  std::array<double, 5> values{};
};

inline constexpr std::array<const char*, 5> kRuleNames = {"layers", "model_dim", "heads",
                                                          "inner_dim", "head_dim"};

/// A condition between sizes, such as `inner_dim >= 1.7 * model_dim`: two sums of products over
/// numbers, kRuleNames and parentheses, compared by < <= > >= == !=. Arithmetic is that of
/// doubles, head_dim = model_dim / heads; a comparison with the result of 0/0 does not hold.
class Rule {
 public:
  /// Throws Error(kConfig): `where`, column, what stands there and what was expected.
  static Rule parse(const std::string& text, const std::string& where);

  [[nodiscard]] bool holds(const RuleSizes& sizes) const;
  [[nodiscard]] const std::string& text() const { return text_; }

 private:
  friend class RuleParser;
  enum class Operation : std::uint8_t {
    kNumber,
    kSize,
    kAdd,
    kSubtract,
    kMultiply,
    kDivide,
    kNegate,
    kLess,
    kLessEqual,
    kGreater,
    kGreaterEqual,
    kEqual,
    kNotEqual,
  };
  /// Reverse Polish notation; a comparison leaves 1 or 0.
  struct Step {
    Operation operation;
    double number = 0;     ///< kNumber
    std::size_t size = 0;  ///< kSize: place in RuleSizes
  };
  static double apply(Operation operation, double left, double right);

  std::string text_;
  std::vector<Step> steps_;
};

}  // namespace nas::space
