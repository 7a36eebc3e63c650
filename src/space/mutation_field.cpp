#include <algorithm>
#include <charconv>
#include <cmath>

#include "nas/core/error.hpp"
#include "space/mutation_kinds.hpp"

namespace nas::space {

namespace {

constexpr int kPlaces = 8;
constexpr int kSignificantDigits = 4;

/// Few digits keep the text short, and a last-bit difference between two systems' power functions
/// does not show.
double to_few_digits(double value) {
  std::array<char, 32> text{};
  const auto written = std::to_chars(text.data(), text.data() + text.size(), value,
                                     std::chars_format::scientific, kSignificantDigits - 1);
  double rounded = 0;
  const auto read = std::from_chars(text.data(), written.ptr, rounded);
  NAS_ASSERT(written.ec == std::errc{} && read.ec == std::errc{});
  return rounded;
}

double redrawn_real(const FieldSpec& field, double value, DrawCursor& cursor) {
  double drawn = value * std::pow(10.0, cursor.normal());
  if (field.min < 0 && field.max > 0) drawn += cursor.normal();
  // Adding 0 makes a negative zero, which the check refuses, positive.
  return std::clamp(to_few_digits(drawn), field.min, field.max) + 0.0;
}

double redrawn_integer(const FieldSpec& field, double value, DrawCursor& cursor) {
  if (cursor.below(2) == 0) {
    static constexpr std::array<double, 4> kSteps = {-2, -1, 1, 2};
    return std::clamp(value + kSteps[cursor.below(4)], field.min, field.max);
  }
  return field.min + cursor.below(static_cast<std::uint32_t>(field.max - field.min) + 1);
}

}  // namespace

double redrawn_field(const FieldSpec& field, double value, DrawCursor& cursor) {
  constexpr int kDraws = 16;
  double drawn = value;
  for (int i = 0; i < kDraws; ++i) {
    switch (field.kind) {
      case FieldKind::kInteger:
        drawn = redrawn_integer(field, value, cursor);
        break;
      case FieldKind::kReal:
        drawn = redrawn_real(field, value, cursor);
        break;
      case FieldKind::kBoolean:
        return value == 0 ? 1 : 0;
      case FieldKind::kChoice: {
        const auto others = static_cast<std::uint32_t>(field.choices.size()) - 1;
        if (others == 0) return value;
        drawn = cursor.below(others);
        return drawn < value ? drawn : drawn + 1;
      }
    }
    if (drawn != value && (drawn != 0 || field.zero_allowed)) return drawn;
  }
  return value;
}

void draw_fields(Node& node, DrawCursor& cursor) {
  const std::vector<FieldSpec>& fields = spec_of(node).fields;
  for (std::size_t k = 0; k < fields.size(); ++k) {
    if (cursor.below(2) == 0) node.fields[k] = redrawn_field(fields[k], node.fields[k], cursor);
  }
}

bool change_field(const MutationBase& base, const MutationRules& rules, DrawCursor& cursor,
                  Program& child) {
  const Program& program = base.program;
  std::vector<std::size_t> with_fields;
  for (std::size_t i = 0; i < program.nodes.size(); ++i) {
    if (!spec_of(program.nodes[i]).fields.empty()) with_fields.push_back(i);
  }
  if (with_fields.empty()) return false;
  for (int place = 0; place < kPlaces; ++place) {
    const std::size_t i = with_fields[cursor.below(static_cast<std::uint32_t>(with_fields.size()))];
    Node node = program.nodes[i];
    const std::vector<FieldSpec>& fields = spec_of(node).fields;
    const std::size_t k = cursor.below(static_cast<std::uint32_t>(fields.size()));
    node.fields[k] = redrawn_field(fields[k], node.fields[k], cursor);
    if (node == program.nodes[i]) continue;
    const std::vector<Shape>& shapes = base.checked.shapes;
    const std::optional<Shape> shape = type_of(node, shapes);
    if (!shape || !mixing_is_allowed(node, shapes, rules.check.allowed) ||
        !uses_accept(base, program.value_of(i), *shape)) {
      continue;
    }
    child = program;
    child.nodes[i] = node;
    return true;
  }
  return false;
}

}  // namespace nas::space
