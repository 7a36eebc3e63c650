#pragma once

#include <string>
#include <vector>

#include "nas/space/program.hpp"

namespace nas::space {

/// What a program must satisfy to be accepted in its place.
struct CheckRules {
  Shape output = kModelShape;
  TimeMixing allowed = TimeMixing::kCausal;  ///< a causal model accepts nothing bidirectional
  int max_nodes = 256;                       ///< live nodes
  bool model_input = true;  ///< one input, [batch, seq, model_dim]; false: any inputs
};

/// Types and time mixing of every value, dead nodes included: they must type-check too.
struct CheckedProgram {
  std::vector<Shape> shapes;        ///< by value index
  std::vector<TimeMixing> mixings;  ///< by value index
  std::vector<bool> live;           ///< by value index
};

/// Why a program is not accepted. The message is made only when asked for.
struct Rejection {
  enum class Kind {
    kNone,
    kMalformed,  ///< an input that does not precede its use, an unknown primitive, a bad field
    kShape,      ///< operands do not fit
    kOutput,     ///< the output has another shape than its place needs
    kLeak,       ///< a live value mixes time in a way that the model does not allow
    kUnused,     ///< the output does not depend on one of the program's inputs
    kTooLarge,   ///< more live nodes than allowed
    kInput,      ///< the inputs are not those of its place
  };
  Kind kind = Kind::kNone;
  std::size_t node = 0;  ///< kMalformed, kShape, kLeak: the node; kUnused: the input
};

/// Checks a program: indices, fields in range, types, output shape, causality (static), size.
/// Returns kNone and fills `checked`, or says why not. No allocation beyond `checked`'s vectors,
/// which are reused. Source of the shape algebra: specs A2.3, generalised to symbolic axes.
[[nodiscard]] Rejection check(const Program& program, const CheckRules& rules,
                              CheckedProgram& checked);

/// Readable text of a rejection: names the node as the text form does, the shapes found, what is
/// accepted, and for a leak which primitive mixes time how.
[[nodiscard]] std::string explain(const Rejection& rejection, const Program& program,
                                  const CheckRules& rules);

/// check, throwing Error(kConfig) with `where` and the explanation.
void require_valid(const Program& program, const CheckRules& rules, const std::string& where);

}  // namespace nas::space
