#pragma once

#include <cstddef>
#include <string>

namespace nas::run {

// Roles of architectures among a study's repeats.
inline constexpr const char* kWinnerRole = "winner";
inline constexpr const char* kInitialRole = "initial";
inline constexpr const char* kRandomRole = "random";

/// Attribute of a study: what its last verification asked for, {"repeats": {"first", "count"},
/// "contenders": [{"role", "hash"}, ...]}.
inline constexpr const char* kVerificationPlan = "verification_plan";

/// "winner", "top2", "top3", ...
[[nodiscard]] inline std::string role_of(std::size_t rank) {
  return rank == 0 ? kWinnerRole : "top" + std::to_string(rank + 1);
}

}  // namespace nas::run
