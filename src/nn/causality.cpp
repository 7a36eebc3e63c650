#include "nn/causality.hpp"

#include <ATen/core/grad_mode.h>
#include <ATen/ops/empty.h>

#include <set>

#include "nas/core/error.hpp"
#include "nas/core/philox.hpp"
#include "nas/nn/model.hpp"

namespace nas::nn {

namespace {

constexpr std::int64_t kBatch = 2;

at::Tensor random_tokens(std::int64_t vocabulary, std::int64_t seq, DrawCursor& cursor) {
  at::Tensor tokens = at::empty({kBatch, seq}, at::kLong);
  auto* const values = tokens.mutable_data_ptr<std::int64_t>();
  for (std::int64_t i = 0; i < tokens.numel(); ++i) {
    values[i] = cursor.below(static_cast<std::uint32_t>(vocabulary));
  }
  return tokens;
}

/// Another token than the one that stands at t, in every row.
at::Tensor change_token(const at::Tensor& tokens, std::int64_t t, std::int64_t vocabulary,
                        DrawCursor& cursor) {
  at::Tensor changed = tokens.clone();
  for (std::int64_t row = 0; row < kBatch; ++row) {
    const std::int64_t shift = 1 + cursor.below(static_cast<std::uint32_t>(vocabulary - 1));
    const auto old_token = tokens[row][t].item<std::int64_t>();
    changed[row][t].fill_((old_token + shift) % vocabulary);
  }
  return changed;
}

/// Every position of a short sequence; else the ends, the middle and a few drawn ones.
std::set<std::int64_t> positions_to_change(std::int64_t seq, DrawCursor& cursor) {
  constexpr std::int64_t kMost = 8;
  std::set<std::int64_t> positions;
  if (seq <= kMost) {
    for (std::int64_t t = 1; t < seq; ++t) positions.insert(t);
    return positions;
  }
  positions = {1, seq / 2, seq - 1};
  while (positions.size() < static_cast<std::size_t>(kMost)) {
    positions.insert(1 + cursor.below(static_cast<std::uint32_t>(seq - 1)));
  }
  return positions;
}

}  // namespace

std::int64_t first_difference(const at::Tensor& first, const at::Tensor& second) {
  const at::Tensor both_nan = first.isnan().logical_and(second.isnan());
  const at::Tensor differs = first.eq(second).logical_or(both_nan).logical_not();
  const at::Tensor by_position = differs.transpose(0, 1).flatten(1).any(1);
  const std::int64_t seq = first.size(1);
  for (std::int64_t t = 0; t < seq; ++t) {
    if (by_position[t].item<bool>()) return t;
  }
  return seq;
}

std::string causality_violation(const TokensToLogits& forward, std::int64_t vocab_size,
                                std::int64_t seq, std::uint64_t seed) {
  NAS_ASSERT(seq >= 1 && vocab_size >= 1);
  if (vocab_size == 1) return "";  // there is nothing to change
  const at::NoGradGuard no_grad;
  DrawCursor cursor({seed, Purpose::kTest, 0, 0});
  const at::Tensor tokens = random_tokens(vocab_size, seq, cursor);
  const at::Tensor expected = forward(tokens).cpu();
  for (const std::int64_t t : positions_to_change(seq, cursor)) {
    const at::Tensor changed = change_token(tokens, t, vocab_size, cursor);
    const at::Tensor logits = forward(changed).cpu();
    const std::int64_t leaked = first_difference(expected.narrow(1, 0, t), logits.narrow(1, 0, t));
    if (leaked < t) {
      return "changing token " + std::to_string(t) + " of " + std::to_string(seq) +
             " changes the output at " + std::to_string(leaked);
    }
  }
  return "";
}

std::string causality_violation(const Model& model, std::int64_t seq, std::uint64_t seed) {
  const at::Device device(model.options().device);
  return causality_violation(
      [&](const at::Tensor& tokens) { return model.forward(tokens.to(device)); },
      model.architecture().model.vocab_size, seq, seed);
}

}  // namespace nas::nn
