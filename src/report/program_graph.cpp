#include "report/program_graph.hpp"

#include <map>
#include <optional>

#include "nas/space/primitive.hpp"
#include "nas/space/text.hpp"
#include "report/program_diff.hpp"

namespace nas::report {
namespace {

/// A text in Graphviz's quotes.
std::string in_quotes(const std::string& text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  return out + '"';
}

bool has_parameters(const std::string& operation) {
  const std::optional<std::uint16_t> index = space::find_primitive(operation);
  return index && space::primitives()[*index].parameters != nullptr;
}

std::string node_text(const std::string& id, const ProgramLine& line, bool is_new) {
  std::string label = line.operation;
  for (const std::string& field : line.fields) label += "\n" + field;
  std::string escaped = in_quotes(label);
  for (std::size_t at = 0; (at = escaped.find('\n', at)) != std::string::npos;) {
    escaped.replace(at, 1, "\\n");
  }
  std::string text = "    " + id + " [label=" + escaped + ", tooltip=" + in_quotes(to_text(line));
  if (has_parameters(line.operation)) text += ", fillcolor=\"#dbe6f4\"";
  if (is_new) text += ", color=\"#c2410c\", penwidth=2";
  return text + "];\n";
}

/// One program's cluster; ids begin with `prefix`.
std::string cluster_text(const std::string& prefix, const LayerProgram& program,
                         const LayerProgram* before) {
  const std::vector<ProgramLine> lines = program_lines(program.text);
  std::vector<bool> known(lines.size(), true);
  if (before != nullptr) known = matched_lines(program_lines(before->text), lines);
  std::string text =
      "  subgraph cluster_" + prefix + " {\n    label=" + in_quotes(program.title) + ";\n";
  std::map<std::string, std::string> ids;  // by the name of a value
  const auto id_of = [&](const std::string& name) {
    const auto found = ids.find(name);
    if (found != ids.end()) return found->second;
    std::string id = prefix + "_in" + std::to_string(ids.size());
    text += "    " + id + " [label=" + in_quotes(name) + ", shape=plaintext, fillcolor=none];\n";
    ids[name] = id;
    return id;
  };
  for (std::size_t i = 0; i < lines.size(); ++i) {
    const ProgramLine& line = lines[i];
    const std::string id = prefix + "_" + std::to_string(i);
    if (!line.name.empty()) {
      text += node_text(id, line, !known[i]);
    } else if (line.operation == "return") {
      text += "    " + id + " [label=\"out\", shape=plaintext, fillcolor=none];\n";
    } else {
      ids.clear();
      continue;
    }
    for (const std::string& operand : line.operands) {
      const std::string from = id_of(operand);
      text.append("    ").append(from).append(" -> ").append(id).append(";\n");
    }
    if (!line.name.empty()) ids[line.name] = id;
  }
  return text + "  }\n";
}

std::string sizes_text(const space::LayerSpec& layer) {
  return "heads " + std::to_string(layer.heads) + ", inner_dim " + std::to_string(layer.inner_dim);
}

}  // namespace

std::vector<LayerProgram> distinct_programs(const space::Architecture& architecture) {
  const space::Architecture whole = canonical(architecture);
  std::vector<LayerProgram> programs;
  for (std::size_t first = 0; first < whole.layers.size();) {
    std::size_t end = first + 1;
    while (end < whole.layers.size() && whole.layers[end] == whole.layers[first]) ++end;
    const std::string layers =
        end - first == 1 ? "layer " + std::to_string(first)
                         : "layers " + std::to_string(first) + " to " + std::to_string(end - 1);
    programs.push_back(
        {layers + ": " + sizes_text(whole.layers[first]), to_text(whole.layers[first].program)});
    first = end;
  }
  return programs;
}

std::string graph_text(const std::vector<LayerProgram>& programs,
                       const std::vector<LayerProgram>& before) {
  std::string text =
      "digraph winner {\n"
      "  graph [fontname=\"Helvetica,Arial,sans-serif\", fontsize=11, ranksep=0.28, nodesep=0.22,\n"
      "         labeljust=l, style=rounded, color=\"#cbd5e1\", fontcolor=\"#475569\"];\n"
      "  node [fontname=\"Helvetica,Arial,sans-serif\", fontsize=11, shape=box, height=0.3,\n"
      "        margin=\"0.12,0.04\", style=\"filled,rounded\", fillcolor=\"#f8fafc\",\n"
      "        color=\"#94a3b8\", fontcolor=\"#0f172a\"];\n"
      "  edge [color=\"#94a3b8\", arrowsize=0.6];\n";
  for (std::size_t i = 0; i < programs.size(); ++i) {
    text += cluster_text("p" + std::to_string(i), programs[i],
                         before.empty() ? nullptr : before.data());
  }
  return text + "}\n";
}

}  // namespace nas::report
