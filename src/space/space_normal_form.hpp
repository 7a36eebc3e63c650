#pragma once

#include <vector>

#include "space/space_template.hpp"

namespace nas::space {

/// Puts the parts of layers beyond the sample's depth at their initial options and programs.
void reset_unused(const SpaceTemplate& parts, const std::vector<Choice>& choices,
                  const std::vector<ProgramSlot>& slots, Sample& sample);

}  // namespace nas::space
