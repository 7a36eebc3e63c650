#pragma once

#include <memory>
#include <string>

#include "data/token_file.hpp"
#include "nas/config/run_config.hpp"

namespace nas::data {

/// The token file of a corpus: from the cache folder, or made there. Files are named by a hash of
/// the corpus' text, split and tokenizer; a manifest named by a hash of the corpus' file names,
/// sizes and times leads to the file without reading the corpus. A torn or foreign file of the
/// cache is made again with a warning. Processes that want the same file wait for one that makes
/// it. Throws Error(kData) for a corpus that cannot be used, Error(kIo) when the folder cannot be
/// written.
[[nodiscard]] std::unique_ptr<const TokenFile> open_or_make_tokens(const config::DataConfig& data,
                                                                   const std::string& cache_folder);

}  // namespace nas::data
