#pragma once

#include "nas/run/engine.hpp"

namespace nas::engine {

/// The engine that LibTorch drives.
[[nodiscard]] const run::Engine& torch_engine();

/// First argument of `nas-engine` where it is the process of one device of several; it is no verb
/// for people.
inline constexpr const char* kDeviceWorkerArgument = "device-worker";

/// What such a process does: evaluates, on one device, what the process of the study says on its
/// stdin, and answers on its stdout, until its stdin ends. Ends the process.
[[noreturn]] void run_device_worker();

}  // namespace nas::engine
