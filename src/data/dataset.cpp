#include "nas/data/dataset.hpp"

#include <cstdlib>

#include "data/token_cache.hpp"
#include "data/token_dataset.hpp"
#include "nas/core/error.hpp"

namespace nas::data {
namespace {

void require_window(const config::DataConfig& data, const TokenSpan& tokens, std::int64_t seq_len,
                    const std::string& part) {
  if (tokens.count > seq_len) return;
  throw Error(ErrorKind::kData,
              "data.corpus = \"" + data.corpus + "\": its " + part + " part has " +
                  std::to_string(tokens.count) + " tokens, a window of training.seq_len = " +
                  std::to_string(seq_len) + " needs " + std::to_string(seq_len + 1));
}

}  // namespace

std::shared_ptr<const Dataset> Dataset::load(const config::DataConfig& data, std::int64_t seq_len,
                                             const std::string& cache_folder) {
  std::unique_ptr<const TokenFile> tokens = open_or_make_tokens(data, cache_folder);
  require_window(data, tokens->view().train, seq_len, "training");
  require_window(data, tokens->view().validation, seq_len, "validation");
  return std::make_shared<const TokenDataset>(
      std::move(tokens), TokenDataset::Options{data.corpus, seq_len, data.document_mask});
}

std::string default_cache_folder() {
  const char* cache = std::getenv("XDG_CACHE_HOME");
  if (cache != nullptr && *cache == '/') return std::string(cache) + "/nas/data";
  const char* home = std::getenv("HOME");
  if (home != nullptr && *home != '\0') return std::string(home) + "/.cache/nas/data";
  throw Error(ErrorKind::kIo, "no cache folder: neither XDG_CACHE_HOME nor HOME is set");
}

}  // namespace nas::data
