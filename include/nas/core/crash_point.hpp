#pragma once

#include <string_view>

namespace nas {

/// Marks a moment inside a phase of a search ("propose", "build", "train", "evaluate", "verify"),
/// so that tests can make the process die there: NAS_TEST_DIE_IN="train:7" sends SIGKILL to itself
/// at the seventh passage of that phase. Costs a look at the environment; does nothing otherwise.
/// Writing is marked by durable_operation.
void crash_point(std::string_view phase);

}  // namespace nas
