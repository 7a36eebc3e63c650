#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "nas/core/philox.hpp"
#include "nas/space/program.hpp"

namespace nas::test {

/// Changes a program by hand; its nodes may stand in any order until `finished`.
class ProgramEditor {
 public:
  ProgramEditor(space::Program program, DrawCursor& cursor);

  /// One operand of one node, or the program's output.
  struct Use {
    static constexpr std::size_t kOutput = static_cast<std::size_t>(-1);
    std::size_t node = 0;
    std::size_t operand = 0;
  };
  [[nodiscard]] std::vector<Use> uses() const;
  [[nodiscard]] space::ValueIndex value_at(const Use& use) const;
  void set(const Use& use, space::ValueIndex value);

  space::ValueIndex append(const space::Node& node);
  space::ValueIndex append(const char* primitive, space::ValueIndex first,
                           space::ValueIndex second = 0);
  [[nodiscard]] space::Node& node(std::size_t i) { return program_.nodes[i]; }
  [[nodiscard]] const space::Program& program() const { return program_; }
  /// Shape of a value that the program had at first.
  [[nodiscard]] const space::Shape& shape(space::ValueIndex value) const { return shapes_[value]; }
  [[nodiscard]] bool has_shape(space::ValueIndex value) const { return value < shapes_.size(); }
  [[nodiscard]] std::uint32_t below(std::size_t count);
  /// Uniform over the nodes that satisfy a condition; false when there is none.
  bool draw_node(const std::function<bool(const space::Node&)>& condition, std::size_t& node);

  /// The program, its nodes in a random topological order, dead ones included.
  [[nodiscard]] space::Program finished();

 private:
  space::Program program_;
  std::vector<space::Shape> shapes_;
  DrawCursor& cursor_;
};

[[nodiscard]] const std::string& name_of(const space::Node& node);

/// Several random rewrites by the rules of canonical.hpp and a random renumbering.
[[nodiscard]] space::Program rewritten_at_random(const space::Program& program, DrawCursor& cursor);

/// A small change that the rules do not cover.
enum class NearMiss {
  kOperandsSwapped,  ///< of a node that does not commute
  kFieldChanged,
  kCopied,  ///< one use of a trained node moved to a copy of it
  kShared,  ///< one use of a trained node moved to a twin with other parameters
  kPrimitiveReplaced,
  kRewired,      ///< an operand by another value of its shape
  kAxisChanged,  ///< the axis that a reduction or a product sums over
};
inline constexpr std::size_t kNearMisses = 7;

/// Applies one at a random place; false when the program has no such place. The result is
/// well-formed, need not type-check, and may by chance be equal to the program after all.
[[nodiscard]] bool near_miss(NearMiss kind, const space::Program& program, DrawCursor& cursor,
                             space::Program& changed);

}  // namespace nas::test
