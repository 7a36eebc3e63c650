#pragma once

namespace nas::run {

/// Version of the program. A study records it: another version may train to other bits.
inline constexpr const char* kVersion = "0.1.0";

}  // namespace nas::run
