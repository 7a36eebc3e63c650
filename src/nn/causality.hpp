#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <functional>
#include <string>

namespace nas::nn {

/// The first position (axis 1) at which two tensors [batch, seq, ...] differ, or seq. Equal means
/// equal bits, but for the sign of a zero, which a sum of zeros takes from all its terms, and the
/// payload of a NaN.
[[nodiscard]] std::int64_t first_difference(const at::Tensor& first, const at::Tensor& second);

/// tokens [batch, seq] int64 on the CPU -> logits [batch, seq, vocab_size].
using TokensToLogits = std::function<at::Tensor(const at::Tensor& tokens)>;

/// causality_violation of nas/nn/model.hpp for any function.
[[nodiscard]] std::string causality_violation(const TokensToLogits& forward,
                                              std::int64_t vocab_size, std::int64_t seq,
                                              std::uint64_t seed);

}  // namespace nas::nn
