#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "nas/core/philox.hpp"
#include "nas/space/architecture.hpp"
#include "nas/space/mutation.hpp"

namespace nas::space {

/// An operation of Primer's vocabulary, in Primer's own name: "CONV 3X1" is conv_3x1. Source: So et
/// al. 2021 (arXiv:2109.08668), appendix A.1; docs/primer.md has the table and what we chose.
struct DnaOperation {
  std::string name;
  std::string meaning;  ///< one line of ASCII
  int arity = 1;
  bool reads_constant = false;
  bool reads_dim = false;
};

/// The 39 operations of the paper in its order, then `rope`, which is ours for models whose
/// positions are rotary.
[[nodiscard]] const std::vector<DnaOperation>& dna_operations();
inline constexpr std::size_t kPaperOperations = 39;
[[nodiscard]] std::optional<std::uint16_t> find_dna_operation(std::string_view name);

/// How often an instruction may run in parallel, by Instruction::branching.
inline constexpr std::array<int, 5> kBranchings = {1, 2, 4, 8, 16};
/// Sizes that a dimension bank may hold, in units of model_dim / 16.
inline constexpr std::array<std::uint16_t, 10> kDnaDims = {1, 2, 4, 8, 12, 16, 24, 32, 48, 64};

/// Largest absolute value of a constant: as scale_const's field.
inline constexpr double kMaxConstant = 1e4;

/// One line of a subprogram: an operation or a call of a later subprogram. All arguments are there
/// whatever the operation reads, as in Primer: the others are neutral until it changes.
struct Instruction {
  std::uint16_t operation = 0;  ///< of dna_operations(); from their number on, a subprogram
  std::array<std::uint16_t, 2> inputs{};  ///< 0, 1: the subprogram's inputs; 2 + i: instruction i
  std::uint16_t constant = 0;             ///< place in the constant bank
  std::uint16_t dim = 0;                  ///< place in the dimension bank
  std::uint16_t branching = 0;            ///< place in kBranchings
  bool operator==(const Instruction&) const = default;
};

/// Takes two values and gives that of its last instruction, or its first input when it has none.
struct Subprogram {
  std::string name;
  std::vector<Instruction> instructions;
  bool operator==(const Subprogram&) const = default;
};

/// Primer's form of a layer: a bank of subprograms, of which the first is MAIN (both its inputs are
/// the residual stream) and each calls only later ones, and the banks of constants and sizes that
/// all instructions share. It is lowered to a flat Program, which is what is checked, hashed,
/// costed, trained and exported.
struct Dna {
  std::vector<Subprogram> subprograms;
  std::vector<double> constants;
  std::vector<std::uint16_t> dims;  ///< values of kDnaDims
  bool operator==(const Dna&) const = default;
};

/// Nodes that lowering may write, dead ones included.
inline constexpr int kMaxLoweredNodes = 2048;

/// The flat program of a DNA. Only what MAIN's last instruction needs is lowered. Branches become
/// an axis, so that heads cost one matrix product; an instruction without parameters gives equal
/// branches, which are computed once. Operands that do not fit are resolved, never rejected, by a
/// pseudo-random rule that depends on the instruction's place alone (ours; the paper does not say
/// which): one operand alone, or the features of one cut or repeated to the other's number. EXP
/// divided by its sum over keys becomes softmax, a z-score that is scaled and shifted layer_norm,
/// and MAX with 0 relu: the same functions without overflow. Nothing when the program would have
/// more than `max_nodes` nodes. Needs a valid DNA.
[[nodiscard]] std::optional<Program> lower(const Dna& dna, int max_nodes = kMaxLoweredNodes);

/// Empty, or what is wrong: a call of itself or of an earlier subprogram, an argument out of range,
/// no MAIN, an empty bank, two subprograms of one name.
[[nodiscard]] std::string fault_of(const Dna& dna);

/// Primer's initial program (specs B1.2): a pre-norm Transformer layer in 10 subprograms: main,
/// self_attention, feed_forward, projection, softmax, layer_norm, z_score, scale_shift, residual,
/// relu. Lowers to softmax attention of `heads` heads (1, 2, 4, 8 or 16) and a ReLU feed-forward
/// of 4 model_dim. Throws Error(kConfig) for another number of heads, and
/// for T5 positions, whose table belongs to heads and not to branches.
[[nodiscard]] Dna primer_transformer(std::int64_t heads, std::int64_t model_dim,
                                     Positions positions);

/// Text form with exact round trip:
///
///     dna
///     constants = [0.25, 1]
///     dims = [16, 2, 64]
///     subprogram main(x, y)
///       v1 = layer_norm(x, x)
///       v2 = conv_1x1(v1, dim=d1, branch=4)
///
/// Inputs and banks' places are written where the operation reads them or they are not 0.
[[nodiscard]] std::string to_text(const Dna& dna);
/// Reads it. Throws Error(kConfig) with `where`:line:column. The result is valid.
[[nodiscard]] Dna dna_from_text(std::string_view text, const std::string& where);
[[nodiscard]] bool is_dna_text(std::string_view text);
/// A text given as a JSON string or array of lines; empty for anything else.
[[nodiscard]] std::string text_of_lines(const Json& json);

/// What mutation of a DNA may use.
struct DnaRules {
  std::vector<std::uint16_t> operations;  ///< that may be inserted, by place in dna_operations()
  int max_instructions = 128;             ///< of all subprograms together
};

/// Primer's six mutations, each as likely: delete, insert, delete and insert, one argument of one
/// instruction (`field`), swap of two instructions, one value of a bank. Constants: c 10^X + Y, X
/// and Y standard normal. Guarded as mutate_program: the child lowers to a program that passes
/// `rules.check` and differs from the parent's. Returns false when no attempt was accepted.
[[nodiscard]] bool mutate_dna(const Dna& parent, const DnaRules& dna_rules,
                              const MutationRules& rules, DrawCursor& cursor, Dna& child,
                              MutationKind& kind);

/// One attempt at one kind without the guard: false when it does not apply.
[[nodiscard]] bool try_dna_mutation(MutationKind kind, const Dna& parent, const DnaRules& rules,
                                    DrawCursor& cursor, Dna& child);

}  // namespace nas::space
