#pragma once

#include <string>

namespace nas {

/// Path of the program of that name that was built with this one: beside the running executable, or
/// in the build's folder. Throws Error(kInternal) when there is none.
[[nodiscard]] std::string built_program(const std::string& name);

}  // namespace nas
