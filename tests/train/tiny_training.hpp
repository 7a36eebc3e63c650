#pragma once

#include <memory>
#include <string>

#include "nas/train/training.hpp"
#include "support/required.hpp"
#include "support/temporary_folder.hpp"

namespace nas::test {

/// 60 kB of sentences with numbers in them: easy to learn, not trivial.
[[nodiscard]] std::string repetitive_text();

/// Byte tokens of that text (or another), split by position.
[[nodiscard]] std::shared_ptr<const data::Dataset> tiny_dataset(
    const TemporaryFolder& folder, std::int64_t seq_len = 16,
    const std::string& text = repetitive_text());

/// Pre-norm decoder on bytes: softmax attention and GELU, 2 heads.
[[nodiscard]] space::Architecture tiny_architecture(std::int64_t model_dim = 16,
                                                    std::size_t layers = 1);

/// A Primer-EZ layer, and one that mixes time by a running mean, a shift and a convolution.
[[nodiscard]] space::Architecture mixing_architecture(std::int64_t model_dim);

/// 8 steps of 4 windows of 16 tokens, one thread, evaluated on 8 windows; no files.
[[nodiscard]] train::TrainingRequest tiny_request(std::shared_ptr<const data::Dataset> dataset);

/// The result of a training that nothing stops.
inline train::TrainingResult trained(const train::TrainingRequest& request) {
  return required(train::train(request), "result");
}

}  // namespace nas::test
