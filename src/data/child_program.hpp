#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace nas::data {

/// What a program left when it ended.
struct ProgramResult {
  int exit_code = 0;  ///< 128 + signal when a signal ended it
  std::string output;
  std::string errors;  ///< its stderr
};

/// Runs a program to its end with `input` on its stdin; waits. `command` is its path and arguments.
/// Throws Error(kInternal) when it cannot be started.
[[nodiscard]] ProgramResult run_program(const std::vector<std::string>& command,
                                        std::string_view input);

/// Path of the program of that name that was built with this one: beside the running executable, or
/// in the build's folder. Throws Error(kInternal) when there is none.
[[nodiscard]] std::string built_program(const std::string& name);

}  // namespace nas::data
