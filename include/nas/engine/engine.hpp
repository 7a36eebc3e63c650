#pragma once

#include "nas/run/engine.hpp"

namespace nas::engine {

/// The engine that LibTorch drives.
[[nodiscard]] const run::Engine& torch_engine();

}  // namespace nas::engine
