#pragma once

#include <algorithm>
#include <string>
#include <vector>

#include "data/corpus.hpp"

namespace nas::test {

/// Files of the `python` corpus in a fixed order, at most `max_bytes` of them (0: all).
inline std::vector<std::string> python_sample(std::uint64_t max_bytes) {
  // A smaller corpus may leave the validation part empty, which is an error.
  constexpr std::int64_t kSmallestCorpus = 600'000;
  config::DataConfig config;
  if (max_bytes > 0) {
    config.max_bytes = std::max(kSmallestCorpus, static_cast<std::int64_t>(max_bytes));
  }
  const data::CorpusListing listing = data::list_corpus(config);
  std::vector<std::string> texts;
  std::uint64_t bytes = 0;
  for (const data::Document& document : data::survey_corpus(listing, config).documents) {
    const std::uint64_t size = document.end - document.begin;
    if (max_bytes > 0 && bytes + size > max_bytes) continue;
    bytes += size;
    texts.push_back(data::read_document(listing, document));
  }
  return texts;
}

}  // namespace nas::test
