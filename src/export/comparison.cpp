#include "export/comparison.hpp"

#include <ATen/ops/empty.h>

#include <array>

#include "nas/core/philox.hpp"

namespace nas::exporting {

namespace {

constexpr std::array<std::array<std::int64_t, 2>, 4> kSizes = {{{1, 1}, {1, 7}, {2, 33}, {3, 64}}};

at::Tensor keyed_tokens(std::int64_t batch, std::int64_t seq, std::int64_t vocab_size) {
  at::Tensor tokens = at::empty({batch, seq}, at::kLong);
  DrawCursor cursor({0, Purpose::kEvaluation, static_cast<std::uint64_t>(batch),
                     static_cast<std::uint32_t>(seq)});
  auto* values = tokens.mutable_data_ptr<std::int64_t>();
  for (std::int64_t i = 0; i < batch * seq; ++i) {
    values[i] = cursor.below(static_cast<std::uint32_t>(vocab_size));
  }
  return tokens;
}

}  // namespace

std::vector<at::Tensor> comparison_tokens(const space::ModelSpec& model) {
  std::vector<at::Tensor> tokens;
  for (const auto& [batch, seq] : kSizes) {
    if (model.positions == space::Positions::kLearned && seq > model.max_len) continue;
    tokens.push_back(keyed_tokens(batch, seq, model.vocab_size));
  }
  return tokens;
}

}  // namespace nas::exporting
