#pragma once

#include <string_view>

#include "nas/space/program.hpp"
#include "space/lexer.hpp"

namespace nas::space {

/// Reads the text form of text.hpp. Throws Error(kConfig) that starts with place(line, column).
/// At most 65,536 values and calls nested 200 deep.
[[nodiscard]] Program parse_program(std::string_view text, PlaceText place);

}  // namespace nas::space
