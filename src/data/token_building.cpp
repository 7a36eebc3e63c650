#include "data/token_building.hpp"

#include <algorithm>
#include <atomic>
#include <exception>
#include <mutex>
#include <thread>
#include <utility>

#include "data/tokenizer_forms.hpp"
#include "nas/core/error.hpp"
#include "nas/core/log.hpp"
#include "nas/core/units.hpp"
#include "nas/data/tokenizer.hpp"

namespace nas::data {
namespace {

constexpr std::uint64_t kTrainingSampleBytes = std::uint64_t{8} << 20U;
constexpr std::size_t kSampledBlockBytes = 4096;
constexpr std::uint64_t kGroupBytes = std::uint64_t{32} << 20U;
constexpr std::string_view kSeparator("\0", 1);

/// Blocks of whole lines of the training part, about kTrainingSampleBytes in all: each block is
/// kept or not by a hash of its number.
std::vector<std::string> training_sample(const CorpusListing& listing, const CorpusSurvey& survey) {
  std::uint64_t total = 0;
  for (const Document& document : survey.documents) {
    if (document.part == Part::kTrain) total += document.end - document.begin;
  }
  const double share =
      std::min(1.0, static_cast<double>(kTrainingSampleBytes) / static_cast<double>(total));
  std::vector<std::string> sample;
  std::uint64_t block = 0;
  for (const Document& document : survey.documents) {
    if (document.part != Part::kTrain) continue;
    const std::string text = read_document(listing, document);
    for (std::size_t at = 0; at < text.size(); ++block) {
      const std::size_t line_end = text.find('\n', at + kSampledBlockBytes);
      const std::size_t end = line_end == std::string::npos ? text.size() : line_end + 1;
      const double position = static_cast<double>(mix(0, block) >> 11U) * 0x1p-53;
      if (position < share) sample.push_back(text.substr(at, end - at));
      at = end;
    }
  }
  return sample;
}

std::unique_ptr<Tokenizer> make_tokenizer(const CorpusListing& listing, const CorpusSurvey& survey,
                                          const config::TokenizerConfig& tokenizer) {
  if (tokenizer.kind == "bytes") return make_byte_tokenizer();
  if (tokenizer.kind != "sentencepiece") {
    throw Error(ErrorKind::kConfig, "data.tokenizer.kind = \"" + tokenizer.kind +
                                        "\": must be \"bytes\" or \"sentencepiece\"");
  }
  log_info("training SentencePiece, " + std::to_string(tokenizer.vocab_size) + " pieces");
  return train_sentencepiece(training_sample(listing, survey), tokenizer.vocab_size);
}

/// Calls work(i) for i < count on a few threads; throws the first failure.
template <class Work>
void for_each_in_parallel(std::size_t count, const Work& work) {
  const std::size_t cores = std::clamp(std::thread::hardware_concurrency(), 1U, 16U);
  std::atomic<std::size_t> next{0};
  std::exception_ptr failure;
  std::mutex failure_mutex;
  const auto run = [&] {
    try {
      for (std::size_t i = next++; i < count; i = next++) work(i);
    } catch (...) {
      const std::lock_guard lock(failure_mutex);
      if (!failure) failure = std::current_exception();
      next = count;
    }
  };
  {
    std::vector<std::jthread> threads;
    for (std::size_t i = 1; i < std::min(cores, count); ++i) threads.emplace_back(run);
    run();
  }
  if (failure) std::rethrow_exception(failure);
}

/// Encodes some documents' texts and appends them, with a separator before each but a part's first.
void append_group(const Tokenizer& tokenizer, const std::vector<std::string>& texts,
                  std::int32_t separator, std::vector<std::int32_t>& out) {
  std::vector<std::string_view> pieces;
  std::vector<bool> begins_document;
  for (const std::string& text : texts) {
    const std::size_t before = pieces.size();
    for (const std::string_view piece : encoding_pieces(text)) pieces.push_back(piece);
    begins_document.resize(pieces.size());
    begins_document[before] = true;  // no document is empty
  }
  std::vector<std::vector<std::int32_t>> encoded(pieces.size());
  for_each_in_parallel(pieces.size(),
                       [&](std::size_t i) { encoded[i] = tokenizer.encode(pieces[i]); });
  for (std::size_t i = 0; i < pieces.size(); ++i) {
    if (begins_document[i] && !out.empty()) out.push_back(separator);
    out.insert(out.end(), encoded[i].begin(), encoded[i].end());
  }
}

void append_part(const CorpusListing& listing, const CorpusSurvey& survey, Part part,
                 const Tokenizer& tokenizer, std::vector<std::int32_t>& out) {
  const std::int32_t separator = tokenizer.encode(kSeparator).at(0);
  std::vector<std::string> group;
  std::uint64_t group_bytes = 0;
  for (const Document& document : survey.documents) {
    if (document.part != part) continue;
    group.push_back(read_document(listing, document));
    group_bytes += group.back().size();
    if (group_bytes >= kGroupBytes) {
      append_group(tokenizer, group, separator, out);
      group.clear();
      group_bytes = 0;
    }
  }
  append_group(tokenizer, group, separator, out);
}

}  // namespace

TokenFileContents build_tokens(const CorpusListing& listing, const CorpusSurvey& survey,
                               const config::TokenizerConfig& tokenizer_config) {
  const std::unique_ptr<Tokenizer> tokenizer = make_tokenizer(listing, survey, tokenizer_config);
  log_info("tokenising " + format_bytes(static_cast<double>(survey.bytes)) + " of \"" +
           listing.corpus + "\"");
  TokenFileContents contents;
  contents.tokenizer = tokenizer->serialised();
  contents.vocab_size = tokenizer->vocab_size();
  contents.source_hash = survey.content_hash;
  contents.text_bytes = survey.bytes;
  contents.documents = survey.documents.size();
  append_part(listing, survey, Part::kTrain, *tokenizer, contents.train);
  append_part(listing, survey, Part::kValidation, *tokenizer, contents.validation);
  return contents;
}

}  // namespace nas::data
