#pragma once

#include <vector>

#include "nas/space/program.hpp"

namespace nas::space {

/// Drops dead nodes, keeping the order of the others. `live` is by value, as check() gives it.
void drop_dead_nodes(Program& program, const std::vector<bool>& live);

}  // namespace nas::space
