#include "nas/core/crash_point.hpp"

#include <atomic>
#include <charconv>
#include <csignal>
#include <cstdint>
#include <cstdlib>

namespace nas {

void crash_point(std::string_view phase) {
  const char* variable = std::getenv("NAS_TEST_DIE_IN");
  if (variable == nullptr) return;
  const std::string_view wanted = variable;
  const std::size_t colon = wanted.find(':');
  if (colon == std::string_view::npos || wanted.substr(0, colon) != phase) return;
  std::uint64_t passage = 0;
  std::from_chars(wanted.data() + colon + 1, wanted.data() + wanted.size(), passage);
  // One phase is watched in a process, so one counter is enough.
  static std::atomic<std::uint64_t> passages{0};
  if (++passages == passage) static_cast<void>(std::raise(SIGKILL));
}

}  // namespace nas
