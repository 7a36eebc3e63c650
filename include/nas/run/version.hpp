#pragma once

namespace nas::run {

/// Version of the program. A study records it: another version may train to other bits.
inline constexpr const char* kVersion = "0.1.0";

/// Hash of the sources on which results depend, those of the program that runs: 16 hex digits.
extern const char* const kSourcesHash;

}  // namespace nas::run
