#pragma once

#include <string>
#include <vector>

/// What differs between two programs, read off their text form (nas/space/text.hpp).
namespace nas::report {

/// A line of a program: a node, a header or a return.
struct ProgramLine {
  std::string indent;
  std::string name;                   ///< of the value that a node makes; empty for other lines
  std::string operation;              ///< a node's primitive, "return", or a header as it stands
  std::vector<std::string> operands;  ///< names of values
  std::vector<std::string> fields;    ///< "out=inner_dim"
};

[[nodiscard]] std::vector<ProgramLine> program_lines(const std::string& text);

/// As it stood in the text.
[[nodiscard]] std::string to_text(const ProgramLine& line);

/// ' ' for a line of both, '-' of the first only, '+' of the second only.
struct DiffLine {
  char mark = ' ';
  std::string text;
};

/// The second program's lines with the first's beside them. The text form numbers values by place,
/// so that one new node renumbers all that follow; here a node that both have keeps the first's
/// name, and a new one is called n1, n2, ... What remains is what really changed. Nodes are matched
/// in order, to the largest sum over pairs of one primitive: for being one, for equal fields, and
/// for all that leads to them being equal (an alignment as Needleman and Wunsch's, 1970).
[[nodiscard]] std::vector<DiffLine> program_diff(const std::string& before,
                                                 const std::string& after);

/// The second text's lines with the first's beside them, as few marked as can be: for texts whose
/// lines do not number what stands before them, such as a DNA's.
[[nodiscard]] std::vector<DiffLine> line_diff(const std::string& before, const std::string& after);

/// For each line of `after` whether `before` has a match for it.
[[nodiscard]] std::vector<bool> matched_lines(const std::vector<ProgramLine>& before,
                                              const std::vector<ProgramLine>& after);

}  // namespace nas::report
