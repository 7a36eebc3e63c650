#pragma once

#include "nas/space/dna.hpp"

namespace nas::space {

/// How an operation is lowered.
enum class DnaRule {
  kElementwise,  ///< `primitive` on one value or two of one shape
  kConstant,     ///< scale_const by the constant
  kLearned,      ///< `primitive` with trained values of each branch
  kConv,         ///< branched_conv of `width` taps to the size from the dimension bank
  kDepthwise,    ///< causal_depthwise_conv of `width` taps
  kMatmul,       ///< scores times values, or scores times scores
  kMatmulNt,     ///< values times values transposed
  kReduce,       ///< over the last axis: features, or the keys of scores
  kMask,         ///< nothing: scores are masked by their type, everything else is causal
  kTime,         ///< `primitive` along time; scores stay as they are
  kHeads,        ///< `primitive` on values with branches
};

/// The half of an operation that only lowering needs; same places as dna_operations().
struct DnaLowering {
  DnaRule rule = DnaRule::kElementwise;
  std::string primitive;
  int width = 1;   ///< taps
  int reduce = 0;  ///< ReduceOp
};

[[nodiscard]] const std::vector<DnaLowering>& dna_lowerings();

}  // namespace nas::space
