#include "space/program_parser.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "nas/core/units.hpp"
#include "nas/space/primitive.hpp"

namespace nas::space {
namespace {

constexpr std::size_t kMaxValues = std::size_t{std::numeric_limits<ValueIndex>::max()} + 1;
constexpr int kMaxDepth = 200;

const std::vector<std::string>& axis_names() {
  static const std::vector<std::string> names = [] {
    std::vector<std::string> all;
    for (const Axis axis : {Axis::kBatch, Axis::kSeq, Axis::kHeads, Axis::kHeadDim, Axis::kModelDim,
                            Axis::kInnerDim}) {
      const std::string shape = to_text(Shape{{axis}});  // "[batch]"
      all.push_back(shape.substr(1, shape.size() - 2));
    }
    return all;
  }();
  return names;
}

const std::vector<std::string>& primitive_names() {
  static const std::vector<std::string> names = [] {
    std::vector<std::string> all;
    for (const PrimitiveSpec& spec : primitives()) all.push_back(spec.name);
    return all;
  }();
  return names;
}

std::string allowed_values(const FieldSpec& field) {
  const std::string range =
      " in [" + format_exact(field.min) + ", " + format_exact(field.max) + "]";
  switch (field.kind) {
    case FieldKind::kInteger:
      return "an integer" + range + (field.zero_allowed ? "" : " other than 0");
    case FieldKind::kReal:
      return "a number" + range;
    case FieldKind::kBoolean:
      return "true or false";
    case FieldKind::kChoice:
      return "one of " + listed(field.choices);
  }
  return "";
}

bool is_in_range(const FieldSpec& field, double value) {
  if (!(value >= field.min && value <= field.max)) return false;
  if (field.kind == FieldKind::kReal) return true;
  return value == std::floor(value) && (value != 0 || field.zero_allowed);
}

class Parser {
 public:
  Parser(std::string_view text, PlaceText place) : lexer_(text, std::move(place)) { advance(); }

  Program run() {
    program_.inputs.clear();
    if (!is_name("program"))
      lexer_.fail_expected(token_, "\"program(x: [batch, seq, model_dim])\"");
    advance();
    expect("(");
    do {
      parameter();
    } while (accept(","));
    expect(")");
    while (!is_name("return")) assignment();
    require_new_line();
    advance();
    program_.output = value(0);
    if (token_.kind != Token::Kind::kEnd) {
      lexer_.fail_expected(token_, "the end of the program after its \"return\"");
    }
    return std::move(program_);
  }

 private:
  void advance() { token_ = lexer_.next(); }
  [[nodiscard]] bool is_name(std::string_view name) const {
    return token_.kind == Token::Kind::kName && token_.text == name;
  }
  bool accept(std::string_view symbol) {
    if (!token_.is(symbol)) return false;
    advance();
    return true;
  }
  void expect(std::string_view symbol) {
    if (!accept(symbol)) lexer_.fail_expected(token_, in_quotes(symbol));
  }
  /// The current token, which must be a name; moves on.
  Token take_name(const std::string& expected) {
    if (token_.kind != Token::Kind::kName) lexer_.fail_expected(token_, expected);
    return std::exchange(token_, lexer_.next());
  }
  void require_new_line() const {
    if (!token_.starts_line) lexer_.fail_expected(token_, "a new line before the next statement");
  }

  void define(const Token& name, ValueIndex value) {
    constexpr std::array<std::string_view, 4> kReserved = {"program", "return", "true", "false"};
    if (std::find(kReserved.begin(), kReserved.end(), name.text) != kReserved.end()) {
      lexer_.fail(name, in_quotes(name.text) + " is a word of the language, not a value's name");
    }
    const auto [entry, is_new] = values_.try_emplace(name.text, Defined{value, name.at.line});
    if (!is_new) {
      lexer_.fail(name, "value " + in_quotes(name.text) + " is defined again; first on line " +
                            std::to_string(entry->second.line));
    }
  }

  void require_room(const Token& token) const {
    if (program_.value_count() == kMaxValues) {
      lexer_.fail(token, "a program has at most " + std::to_string(kMaxValues) + " values");
    }
  }

  void parameter() {
    const Token name = take_name("the name of an input");
    require_room(name);
    expect(":");
    expect("[");
    Shape shape;
    std::size_t rank = 0;
    do {
      const Token axis = take_name("an axis (" + listed(axis_names()) + ")");
      const auto& known = axis_names();
      const auto found = std::find(known.begin(), known.end(), axis.text);
      if (found == known.end()) {
        lexer_.fail(axis, "unknown axis " + in_quotes(axis.text) + did_you_mean(axis.text, known) +
                              " (known: " + listed(known) + ")");
      }
      if (rank == shape.axes.size()) lexer_.fail(axis, "a shape has at most 4 axes");
      shape.axes[rank++] = static_cast<Axis>(found - known.begin() + 1);
    } while (accept(","));
    expect("]");
    program_.inputs.push_back(shape);
    define(name, static_cast<ValueIndex>(program_.inputs.size() - 1));
  }

  void assignment() {
    const Token name = take_name("\"name = primitive(...)\" or \"return name\"");
    if (!name.starts_line) lexer_.fail_expected(name, "a new line before the next statement");
    expect("=");
    const ValueIndex made = value(0);
    define(name, made);
  }

  /// A value's name or a call.
  ValueIndex value(int depth) {
    const Token name = take_name("a value or a call");
    return token_.is("(") ? call(name, depth) : named_value(name);
  }

  ValueIndex named_value(const Token& name) const {
    const auto found = values_.find(name.text);
    if (found != values_.end()) return found->second.index;
    std::vector<std::string> known;
    known.reserve(values_.size());
    for (const auto& [text, value] : values_) known.emplace_back(text);
    std::sort(known.begin(), known.end());  // a message must not depend on the table's order
    lexer_.fail(name, "unknown value " + in_quotes(name.text) + did_you_mean(name.text, known));
  }

  ValueIndex call(const Token& name, int depth) {
    const auto primitive = find_primitive(name.text);
    if (!primitive) {
      lexer_.fail(name, "unknown primitive " + in_quotes(name.text) +
                            did_you_mean(name.text, primitive_names()));
    }
    if (depth == kMaxDepth) {
      lexer_.fail(name, "calls are nested more than " + std::to_string(kMaxDepth) + " deep");
    }
    const PrimitiveSpec& spec = primitives()[*primitive];
    Node node = make_node(*primitive);
    std::array<bool, kMaxFields> given{};
    int inputs = 0;
    expect("(");
    if (!token_.is(")")) {
      do {
        argument(spec, node, given, inputs, depth);
      } while (accept(","));
    }
    expect(")");
    if (inputs != spec.arity) lexer_.fail(name, arity_message(spec, inputs));
    require_room(name);
    program_.nodes.push_back(node);
    return program_.value_of(program_.nodes.size() - 1);
  }

  static std::string arity_message(const PrimitiveSpec& spec, int inputs) {
    return spec.name + " takes " + std::to_string(spec.arity) +
           (spec.arity == 1 ? " input, not " : " inputs, not ") + std::to_string(inputs);
  }

  void argument(const PrimitiveSpec& spec, Node& node, std::array<bool, kMaxFields>& given,
                int& inputs, int depth) {
    const Token name = take_name("an input or a field");
    if (accept("=")) {
      field(spec, name, node, given);
      return;
    }
    if (std::find(given.begin(), given.end(), true) != given.end()) {
      lexer_.fail(name, "inputs come before fields");
    }
    const ValueIndex value = token_.is("(") ? call(name, depth + 1) : named_value(name);
    if (inputs == spec.arity) lexer_.fail(name, arity_message(spec, inputs + 1));
    node.inputs[static_cast<std::size_t>(inputs++)] = value;
  }

  void field(const PrimitiveSpec& spec, const Token& name, Node& node,
             std::array<bool, kMaxFields>& given) {
    std::vector<std::string> known;
    known.reserve(spec.fields.size());
    for (const FieldSpec& each : spec.fields) known.push_back(each.name);
    const auto found = std::find(known.begin(), known.end(), name.text);
    if (found == known.end()) {
      lexer_.fail(name, spec.name + " has no field " + in_quotes(name.text) +
                            did_you_mean(name.text, known) + " (" +
                            (known.empty() ? "it has none" : "fields: " + listed(known)) + ")");
    }
    const auto index = static_cast<std::size_t>(found - known.begin());
    if (std::exchange(given[index], true)) {
      lexer_.fail(name, "field " + in_quotes(name.text) + " is given twice");
    }
    node.fields[index] = field_value(spec, spec.fields[index]);
  }

  double field_value(const PrimitiveSpec& spec, const FieldSpec& field) {
    const Token first = token_;
    const bool is_negative = accept("-");
    const Token token = std::exchange(token_, lexer_.next());
    const std::string text = (is_negative ? "-" : "") + std::string(token.text);
    if (token.kind == Token::Kind::kNumber) {
      const double value = is_negative ? -token.number : token.number;
      const bool is_numeric = field.kind == FieldKind::kInteger || field.kind == FieldKind::kReal;
      if (is_numeric && is_in_range(field, value)) return value;
    } else if (token.kind != Token::Kind::kName) {
      lexer_.fail_expected(
          token, "a value for " + spec.name + "." + field.name + ": " + allowed_values(field));
    } else if (field.kind == FieldKind::kBoolean && !is_negative) {
      if (token.text == "true") return 1;
      if (token.text == "false") return 0;
    } else if (field.kind == FieldKind::kChoice && !is_negative) {
      const auto found = std::find(field.choices.begin(), field.choices.end(), token.text);
      if (found != field.choices.end()) return static_cast<double>(found - field.choices.begin());
    }
    lexer_.fail(first, spec.name + "." + field.name + " = " + in_quotes(text) + " must be " +
                           allowed_values(field) + did_you_mean(text, field.choices));
  }

  struct Defined {
    ValueIndex index;
    int line;
  };

  Lexer lexer_;
  Token token_;
  Program program_;
  std::unordered_map<std::string_view, Defined> values_;
};

}  // namespace

Program parse_program(std::string_view text, PlaceText place) {
  return Parser(text, std::move(place)).run();
}

}  // namespace nas::space
