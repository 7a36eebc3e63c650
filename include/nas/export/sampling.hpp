#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>

namespace nas::exporting {

/// How the next token is chosen.
struct Sampling {
  double temperature = 0;  ///< logits are divided by it; 0: always the likeliest token
  std::int64_t top_k = 0;  ///< only the likeliest so many are drawn from; 0: all
  std::uint64_t seed = 0;
};

/// Token number `step` of a generated text, from the logits [vocab_size] of the last token before
/// it; of equally likely ones the smaller id. A function of its arguments: it reads one draw of
/// (seed, kGeneration, 0, step). Throws Error(kData) when a logit is NaN.
[[nodiscard]] std::int64_t next_token(const at::Tensor& logits, const Sampling& sampling,
                                      std::uint32_t step);

}  // namespace nas::exporting
