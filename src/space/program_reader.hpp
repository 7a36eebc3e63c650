#pragma once

#include <optional>
#include <string>
#include <vector>

#include "nas/space/blocks.hpp"
#include "nas/space/check.hpp"
#include "space/json_reader.hpp"

namespace nas::space {

/// A program in text form at `pointer`, or the flat one of a DNA in text form; a fault is added and
/// gives nothing. Not type-checked.
[[nodiscard]] std::optional<Program> read_program(const Json& json, const std::string& pointer,
                                                  Mistakes& mistakes);

/// Adds a mistake when a program does not have one input [batch, seq, model_dim] or breaks the
/// rules.
void require_accepted(const Program& program, const CheckRules& rules, const std::string& pointer,
                      Mistakes& mistakes);

/// Adds a mistake when a program reads a table that a model of these positions has not.
void require_positions(const Program& program, Positions positions, const std::string& pointer,
                       Mistakes& mistakes);

/// Names of the blocks of one slot.
[[nodiscard]] std::vector<std::string> block_names(Slot slot);

/// The name of a block of `slot`; a fault is added.
[[nodiscard]] std::optional<std::string> read_block_name(const Json& json, Slot slot,
                                                         const std::string& pointer,
                                                         Mistakes& mistakes);

/// A block's name or a program in text form that takes and gives [batch, seq, model_dim].
[[nodiscard]] std::optional<Program> read_block(const Json& json, Slot slot,
                                                const BlockOptions& options,
                                                const std::string& pointer, Mistakes& mistakes);

/// A layer in its short form, expanded: the members mixer, feed_forward, norm, norm_place and bias
/// of the object behind `reader`, which the caller finishes.
[[nodiscard]] std::optional<Program> read_short_layer(ObjectReader& reader, Positions positions);

/// Whether a JSON string holds a program's text rather than a name.
[[nodiscard]] bool is_program_text(const Json& json);

}  // namespace nas::space
