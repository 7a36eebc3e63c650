#include "report/program_diff.hpp"

#include <algorithm>
#include <cstddef>
#include <map>
#include <sstream>
#include <utility>

namespace nas::report {
namespace {

constexpr std::size_t kNone = static_cast<std::size_t>(-1);

/// The parts of "a, b(c, d), e" between commas at the outermost level.
std::vector<std::string> arguments_in(const std::string& text) {
  std::vector<std::string> parts;
  std::string part;
  int depth = 0;
  for (const char c : text) {
    depth += c == '(' || c == '[' ? 1 : c == ')' || c == ']' ? -1 : 0;
    if (c == ',' && depth == 0) {
      parts.push_back(std::exchange(part, ""));
    } else if (c != ' ' || !part.empty()) {
      part += c;
    }
  }
  if (!part.empty()) parts.push_back(part);
  return parts;
}

ProgramLine line_of(const std::string& text) {
  ProgramLine line;
  const std::size_t begin = std::min(text.find_first_not_of(' '), text.size());
  line.indent = text.substr(0, begin);
  const std::string content = text.substr(begin);
  if (content.starts_with("return ")) {
    line.operation = "return";
    line.operands = arguments_in(content.substr(7));
    return line;
  }
  const std::size_t equals = content.find(" = ");
  const std::size_t open = content.find('(');
  if (begin == 0 || equals == std::string::npos || open == std::string::npos || open < equals) {
    line.operation = content;
    return line;
  }
  line.name = content.substr(0, equals);
  line.operation = content.substr(equals + 3, open - equals - 3);
  const std::size_t close = content.rfind(')');
  for (std::string& argument : arguments_in(content.substr(open + 1, close - open - 1))) {
    (argument.find('=') == std::string::npos ? line.operands : line.fields)
        .push_back(std::move(argument));
  }
  return line;
}

bool is_header(const ProgramLine& line) { return line.indent.empty(); }

/// For each line a text of all that leads to it: equal texts compute equally.
std::vector<std::size_t> histories(const std::vector<ProgramLine>& lines) {
  std::vector<std::size_t> result;
  std::map<std::string, std::size_t> by_name;
  const std::hash<std::string> hash;
  for (const ProgramLine& line : lines) {
    if (is_header(line)) by_name.clear();
    std::string text = line.operation;
    for (const std::string& operand : line.operands) {
      const auto found = by_name.find(operand);
      text += ' ' + (found == by_name.end() ? operand : std::to_string(found->second));
    }
    for (const std::string& field : line.fields) text += ' ' + field;
    result.push_back(hash(text));
    if (!line.name.empty()) by_name[line.name] = result.back();
  }
  return result;
}

/// For each line of `after` the line of `before` that it is, or kNone.
std::vector<std::size_t> match(const std::vector<ProgramLine>& before,
                               const std::vector<ProgramLine>& after) {
  const std::vector<std::size_t> old_history = histories(before);
  const std::vector<std::size_t> new_history = histories(after);
  const auto gain = [&](std::size_t i, std::size_t j) {
    if (before[i].operation != after[j].operation) return 0;
    return 4 + (before[i].fields == after[j].fields ? 2 : 0) +
           (old_history[i] == new_history[j] ? 3 : 0);
  };
  // best[i][j]: of the lines from i and from j on.
  std::vector<std::vector<int>> best(before.size() + 1, std::vector<int>(after.size() + 1, 0));
  for (std::size_t i = before.size(); i-- > 0;) {
    for (std::size_t j = after.size(); j-- > 0;) {
      best[i][j] = std::max(best[i + 1][j], best[i][j + 1]);
      if (const int own = gain(i, j)) best[i][j] = std::max(best[i][j], own + best[i + 1][j + 1]);
    }
  }
  std::vector<std::size_t> result(after.size(), kNone);
  for (std::size_t i = 0, j = 0; i < before.size() && j < after.size();) {
    const int own = gain(i, j);
    if (own > 0 && best[i][j] == own + best[i + 1][j + 1]) {
      result[j++] = i++;
    } else if (best[i][j] == best[i + 1][j]) {
      ++i;
    } else {
      ++j;
    }
  }
  return result;
}

/// `after` with the names of `before` where lines match, and names of their own elsewhere.
std::vector<ProgramLine> renamed(const std::vector<ProgramLine>& before,
                                 std::vector<ProgramLine> after,
                                 const std::vector<std::size_t>& matches) {
  std::map<std::string, std::string> names;
  int fresh = 0;
  for (std::size_t j = 0; j < after.size(); ++j) {
    ProgramLine& line = after[j];
    if (is_header(line)) names.clear();
    for (std::string& operand : line.operands) {
      if (const auto found = names.find(operand); found != names.end()) operand = found->second;
    }
    if (line.name.empty()) continue;
    const std::string name =
        matches[j] == kNone ? "n" + std::to_string(++fresh) : before[matches[j]].name;
    names[std::exchange(line.name, name)] = name;
  }
  return after;
}

}  // namespace

std::vector<ProgramLine> program_lines(const std::string& text) {
  std::vector<ProgramLine> lines;
  std::istringstream stream(text);
  for (std::string line; std::getline(stream, line);) {
    if (line.find_first_not_of(' ') != std::string::npos) lines.push_back(line_of(line));
  }
  return lines;
}

std::string to_text(const ProgramLine& line) {
  std::string arguments;
  for (const auto* list : {&line.operands, &line.fields}) {
    for (const std::string& argument : *list)
      arguments += (arguments.empty() ? "" : ", ") + argument;
  }
  if (!line.name.empty()) {
    return line.indent + line.name + " = " + line.operation + "(" + arguments + ")";
  }
  return line.indent + line.operation + (arguments.empty() ? "" : " " + arguments);
}

std::vector<DiffLine> program_diff(const std::string& before_text, const std::string& after_text) {
  const std::vector<ProgramLine> before = program_lines(before_text);
  std::vector<ProgramLine> after = program_lines(after_text);
  const std::vector<std::size_t> matches = match(before, after);
  after = renamed(before, std::move(after), matches);
  std::vector<DiffLine> diff;
  std::vector<DiffLine> added;  // held back, so that a changed block reads old, then new
  const auto flush = [&] {
    std::move(added.begin(), added.end(), std::back_inserter(diff));
    added.clear();
  };
  std::size_t i = 0;
  for (std::size_t j = 0; j < after.size(); ++j) {
    const std::string text = to_text(after[j]);
    if (matches[j] == kNone) {
      added.push_back({'+', text});
      continue;
    }
    for (; i < matches[j]; ++i) diff.push_back({'-', to_text(before[i])});
    const std::string old_text = to_text(before[i++]);
    if (old_text == text) {
      flush();
      diff.push_back({' ', text});
    } else {
      diff.push_back({'-', old_text});
      added.push_back({'+', text});
    }
  }
  for (; i < before.size(); ++i) diff.push_back({'-', to_text(before[i])});
  flush();
  return diff;
}

std::vector<bool> matched_lines(const std::vector<ProgramLine>& before,
                                const std::vector<ProgramLine>& after) {
  std::vector<bool> matched;
  for (const std::size_t line : match(before, after)) matched.push_back(line != kNone);
  return matched;
}

std::vector<DiffLine> line_diff(const std::string& before, const std::string& after) {
  const auto lines_of = [](const std::string& text) {
    std::vector<std::string> lines;
    std::istringstream stream(text);
    for (std::string line; std::getline(stream, line);) lines.push_back(line);
    return lines;
  };
  const std::vector<std::string> first = lines_of(before);
  const std::vector<std::string> second = lines_of(after);
  // common[i][j]: lines that the rests from first[i] and second[j] have in common, in order.
  std::vector<std::vector<std::size_t>> common(first.size() + 1,
                                               std::vector<std::size_t>(second.size() + 1, 0));
  for (std::size_t i = first.size(); i-- > 0;) {
    for (std::size_t j = second.size(); j-- > 0;) {
      common[i][j] = first[i] == second[j] ? common[i + 1][j + 1] + 1
                                           : std::max(common[i + 1][j], common[i][j + 1]);
    }
  }
  std::vector<DiffLine> lines;
  std::size_t i = 0;
  std::size_t j = 0;
  while (i < first.size() || j < second.size()) {
    if (i < first.size() && j < second.size() && first[i] == second[j]) {
      lines.push_back({' ', first[i++]});
      ++j;
    } else if (j == second.size() || (i < first.size() && common[i + 1][j] >= common[i][j + 1])) {
      lines.push_back({'-', first[i++]});
    } else {
      lines.push_back({'+', second[j++]});
    }
  }
  return lines;
}

}  // namespace nas::report
