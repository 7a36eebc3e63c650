#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace nas {

/// What a program left when it ended.
struct ProgramResult {
  int exit_code = 0;  ///< 128 + signal when a signal ended it
  std::string output;
  std::string errors;  ///< its stderr
};

/// Runs a program to its end with `input` on its stdin; waits. `command` is its path, or a name
/// that PATH finds, and its arguments. Throws Error(kInternal) when it cannot be started.
[[nodiscard]] ProgramResult run_program(const std::vector<std::string>& command,
                                        std::string_view input);

}  // namespace nas
