#pragma once

#include "space/json_reader.hpp"
#include "space/space_slot.hpp"

namespace nas::space {

/// The members "vocabulary", "max_instructions" and "initial" of a slot whose DNA evolves. The
/// slot's check rules are there already.
void read_dna_slot(ObjectReader& reader, const SlotContext& context, ProgramSlot& slot);

/// Whether a DNA of this slot may hold rope.
[[nodiscard]] bool dna_may_hold_rope(const ProgramSlot& slot);

}  // namespace nas::space
