#pragma once

#include <cstdint>
#include <string>

namespace nas::train {

/// Fixes what decides the bits of a computation on this thread: the number of compute threads and
/// IEEE denormals; and in the process full float32 precision and, unless `deterministic` is off,
/// deterministic algorithms, which a process decides once. Called first by every training;
/// idempotent.
void fix_numerics(std::int64_t threads, bool deterministic);

/// Hands memory of a CUDA device that this process holds but does not use back to the driver;
/// nothing on the CPU.
void release_unused_memory(const std::string& device);

/// Whether the text of a c10::Error says that a CUDA device, its driver or one of its libraries
/// failed.
[[nodiscard]] bool is_device_failure(const std::string& message);

/// Whether the text of a c10::Error says that an allocation of host memory failed.
[[nodiscard]] bool is_host_out_of_memory(const std::string& message);

}  // namespace nas::train
