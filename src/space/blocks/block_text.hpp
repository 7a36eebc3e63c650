#pragma once

#include <string>

#include "nas/space/blocks.hpp"

namespace nas::space {

/// `linear(input, ...)` with the options' bias; `fields` such as "init=query" may be empty.
[[nodiscard]] inline std::string linear_text(const std::string& input, const BlockOptions& options,
                                             const std::string& fields = "") {
  return "linear(" + input + (fields.empty() ? "" : ", " + fields) +
         (options.bias ? ", bias=true)" : ")");
}

/// `rope(input)` where positions are rotary, else `input`.
[[nodiscard]] inline std::string positioned_text(const std::string& input,
                                                 const BlockOptions& options) {
  return options.positions == Positions::kRope ? "rope(" + input + ")" : input;
}

/// `relative_bias(scores)` where positions are T5's, else `scores`.
[[nodiscard]] inline std::string biased_text(const std::string& scores,
                                             const BlockOptions& options) {
  return options.positions == Positions::kT5 ? "relative_bias(" + scores + ")" : scores;
}

/// What attention returns of the values `weights` and `v`.
[[nodiscard]] inline std::string attended_text(const BlockOptions& options) {
  return "  return " + linear_text("merge_heads(matmul(weights, v))", options) + "\n";
}

/// linear to inner_dim, the activation of `hidden` given as an expression of the value `h`, linear
/// back to model_dim.
[[nodiscard]] inline std::string feed_forward_text(const std::string& activation,
                                                   const BlockOptions& options) {
  return "program(x: [batch, seq, model_dim])\n  h = " +
         linear_text("x", options, "out=inner_dim") + "\n  return " +
         linear_text(activation, options) + "\n";
}

/// Two linears to inner_dim, the first through `activation` (of the value `h`), multiplied, linear
/// back to model_dim.
[[nodiscard]] inline std::string gated_text(const std::string& activation,
                                            const BlockOptions& options) {
  const std::string wide = linear_text("x", options, "out=inner_dim");
  return "program(x: [batch, seq, model_dim])\n  h = " + wide + "\n  gate = " + wide +
         "\n  return " + linear_text("multiply(" + activation + ", gate)", options) + "\n";
}

BlockSpec geglu_block();
BlockSpec gelu_block();
BlockSpec mdha_block();
BlockSpec mdha_shared_qk_block();
BlockSpec relu_block();
BlockSpec softmax_attention_block();
BlockSpec squared_relu_block();
BlockSpec swish_glu_block();
BlockSpec t5_attention_block();

}  // namespace nas::space
