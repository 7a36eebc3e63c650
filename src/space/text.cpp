#include "nas/space/text.hpp"

#include <nlohmann/json.hpp>

#include "nas/core/units.hpp"
#include "nas/space/primitive.hpp"
#include "space/lexer.hpp"
#include "space/program_parser.hpp"

namespace nas::space {
namespace {

/// x for a single input, x0, x1, ... for several, v1, v2, ... for the nodes' values.
std::string value_name(const Program& program, ValueIndex value) {
  if (!program.is_input(value)) return "v" + std::to_string(value - program.inputs.size() + 1);
  return program.inputs.size() == 1 ? "x" : "x" + std::to_string(value);
}

std::string field_text(const FieldSpec& field, double value) {
  if (field.kind == FieldKind::kBoolean && (value == 0 || value == 1))
    return value == 1 ? "true" : "false";
  if (field.kind == FieldKind::kChoice) {
    for (std::size_t i = 0; i < field.choices.size(); ++i) {
      if (static_cast<double>(i) == value) return field.choices[i];
    }
  }
  return format_exact(value);
}

/// Any node, also one that no program may hold: messages about rejected programs show it.
std::string node_text(const Program& program, const Node& node) {
  if (node.primitive >= primitives().size()) {
    return "primitive_" + std::to_string(node.primitive) + "()";
  }
  const PrimitiveSpec& spec = spec_of(node);
  std::string arguments;
  for (std::size_t i = 0; i < static_cast<std::size_t>(spec.arity); ++i) {
    arguments += (i == 0 ? "" : ", ") + value_name(program, node.inputs[i]);
  }
  for (std::size_t i = 0; i < spec.fields.size(); ++i) {
    if (node.fields[i] == spec.fields[i].fallback) continue;
    arguments += ", " + spec.fields[i].name + "=" + field_text(spec.fields[i], node.fields[i]);
  }
  return spec.name + "(" + arguments + ")";
}

std::vector<std::string> lines_of(const Program& program) {
  std::string head;
  for (std::size_t i = 0; i < program.inputs.size(); ++i) {
    head += (i == 0 ? "" : ", ") + value_name(program, static_cast<ValueIndex>(i)) + ": " +
            to_text(program.inputs[i]);
  }
  std::vector<std::string> lines = {"program(" + head + ")"};
  for (std::size_t i = 0; i < program.nodes.size(); ++i) {
    lines.push_back("  " + value_name(program, program.value_of(i)) + " = " +
                    node_text(program, program.nodes[i]));
  }
  lines.push_back("  return " + value_name(program, program.output));
  return lines;
}

/// The text of a program in JSON; its line n is element n of an array unless elements hold breaks.
struct JsonText {
  std::string text;
  bool one_value_a_line = true;
};

/// Throws when it is neither a string nor an array of strings.
JsonText text_in(const Json& json, const std::string& where) {
  if (json.is_string()) return {json.get<std::string>(), false};
  JsonText result;
  bool is_text = json.is_array() && !json.empty();
  for (std::size_t i = 0; is_text && i < json.size(); ++i) {
    is_text = json[i].is_string();
    if (!is_text) break;
    const auto& line = json[i].get_ref<const std::string&>();
    // A line break inside an element would shift all lines after it.
    if (line.find('\n') != std::string::npos) result.one_value_a_line = false;
    result.text += line + "\n";
  }
  if (!is_text) {
    throw Error(ErrorKind::kConfig, where + ": a program must be a string or an array of lines");
  }
  return result;
}

std::string line_and_column(TextPosition at) {
  return ", line " + std::to_string(at.line) + ", column " + std::to_string(at.column);
}

}  // namespace

std::string to_text(const Program& program) {
  std::string text;
  for (const std::string& line : lines_of(program)) text += line + "\n";
  return text;
}

Program program_from_text(std::string_view text, const std::string& where) {
  return parse_program(text, place_in(where));
}

Json to_json(const Program& program) { return lines_of(program); }

Program program_from_json(const Json& json, const std::string& where) {
  const JsonText source = text_in(json, where);
  return parse_program(source.text,
                       [&where](TextPosition at) { return where + line_and_column(at); });
}

Program program_from_json(const Json& json, const JsonPositions& positions,
                          const std::string& pointer) {
  const JsonText source = text_in(json, positions.describe(pointer));
  return parse_program(source.text, [&](TextPosition at) {
    if (!source.one_value_a_line) return positions.describe(pointer) + line_and_column(at);
    const auto line = std::min(static_cast<std::size_t>(at.line), json.size()) - 1;
    return positions.describe(pointer + "/" + std::to_string(line)) + ", column " +
           std::to_string(at.column);
  });
}

}  // namespace nas::space
