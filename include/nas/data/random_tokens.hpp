#pragma once

#include <cstdint>
#include <memory>

#include "nas/data/dataset.hpp"

namespace nas::data {

/// Training tokens drawn uniformly from [0, vocab_size), one document: what a speed is measured
/// with. It has batches, no validation part, text or tokenizer (asking for those throws).
[[nodiscard]] std::shared_ptr<const Dataset> random_tokens(std::int64_t vocab_size,
                                                           std::int64_t seq_len, std::int64_t count,
                                                           std::uint64_t seed);

}  // namespace nas::data
