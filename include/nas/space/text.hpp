#pragma once

#include <string>
#include <string_view>

#include "nas/core/json.hpp"
#include "nas/space/program.hpp"

namespace nas::space {

/// Text form of a program, one node a line, exact round trip (program_from_text(to_text(p)) == p):
///
///     program(x: [batch, seq, model_dim])
///       h = layer_norm(x)
///       q = linear(h, out=model_dim, bias=false)
///       return q
///
/// Values are named by position (v1, v2, ...) when written; any identifier is accepted when read,
/// calls may be nested, `#` starts a comment. Fields at their defaults are left out; reals are
/// written with the digits that read back exactly.
[[nodiscard]] std::string to_text(const Program& program);

/// Reads the text form. Throws Error(kConfig) with `where`:line:column, what stands there and what
/// was expected (unknown primitive or field: the nearest name). The result is well formed but not
/// type-checked.
[[nodiscard]] Program program_from_text(std::string_view text, const std::string& where);

/// JSON form: the text form as an array of lines. Reading accepts a string or an array of lines.
[[nodiscard]] Json to_json(const Program& program);
[[nodiscard]] Program program_from_json(const Json& json, const std::string& where);

/// The same for a program at `pointer` of a parsed document: a message names the file's line.
[[nodiscard]] Program program_from_json(const Json& json, const JsonPositions& positions,
                                        const std::string& pointer);

}  // namespace nas::space
