#pragma once

namespace nas {

/// Bytes of memory that a process on this machine can ever have: the machine's, or its control
/// group's limit where that is lower. Swap is not counted.
[[nodiscard]] double machine_memory_bytes();

}  // namespace nas
