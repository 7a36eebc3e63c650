#pragma once

#include <cstdint>
#include <string>

#include "nas/export/export_facts.hpp"
#include "nas/store/study.hpp"

namespace nas::cli {

/// The tokenizer that a study's models were trained with, as data::Tokenizer::serialised(). One
/// that was trained on the corpus is taken from the cache or made again. Throws Error(kData) when
/// the corpus is gone or no longer what it was.
[[nodiscard]] std::string study_tokenizer(const store::Study& study);

/// What an export of a trial says of it.
[[nodiscard]] exporting::ExportFacts export_facts(const store::Study& study, std::int64_t trial,
                                                  const std::string& tokenizer);

}  // namespace nas::cli
