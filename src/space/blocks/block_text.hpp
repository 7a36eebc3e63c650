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

/// linear to inner_dim, the activation of `hidden` given as an expression of the value `h`, linear
/// back to model_dim.
[[nodiscard]] inline std::string feed_forward_text(const std::string& activation,
                                                   const BlockOptions& options) {
  return "program(x: [batch, seq, model_dim])\n  h = " +
         linear_text("x", options, "out=inner_dim") + "\n  return " +
         linear_text(activation, options) + "\n";
}

BlockSpec gelu_block();
BlockSpec mdha_block();
BlockSpec relu_block();
BlockSpec softmax_attention_block();
BlockSpec squared_relu_block();

}  // namespace nas::space
