#pragma once

#include <cstdint>
#include <string>

namespace nas {

/// Who holds the lock of a FileLock.
struct LockHolder {
  enum class State { kNobody, kHeld, kUnknown };
  State state = State::kNobody;
  std::int64_t process = 0;  ///< kHeld: its number, 0 in another PID namespace
};

/// Only looks (/proc/locks): to try the lock would stand in the way of who wants it. Nobody holds
/// a file that is not there. Unknown where the system shows no locks, or not whose they are.
[[nodiscard]] LockHolder lock_holder(const std::string& path);

}  // namespace nas
