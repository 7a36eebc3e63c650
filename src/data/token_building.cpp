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

/// What stands in a text between lines that are `separator`, in order and none empty; without a
/// separator the whole text.
std::vector<std::string_view> split_documents(std::string_view text, std::string_view separator) {
  std::vector<std::string_view> documents;
  const auto add = [&](std::size_t begin, std::size_t end) {
    if (begin < end) documents.push_back(text.substr(begin, end - begin));
  };
  std::size_t begin = 0;
  for (std::size_t at = separator.empty() ? text.size() : 0; at < text.size();) {
    const std::size_t line_end = std::min(text.find('\n', at), text.size());
    std::string_view line = text.substr(at, line_end - at);
    if (line.ends_with('\r')) line.remove_suffix(1);
    const std::size_t next = std::min(line_end + 1, text.size());
    if (line == separator) {
      add(begin, at);
      begin = next;
    }
    at = next;
  }
  add(begin, text.size());
  return documents;
}

/// Blocks of whole lines of the training part, about kTrainingSampleBytes in all: each block is
/// kept or not by a hash of its number.
std::vector<std::string> training_sample(const CorpusListing& listing, const CorpusSurvey& survey,
                                         std::string_view separator) {
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
    const std::string whole = read_document(listing, document);
    for (const std::string_view text : split_documents(whole, separator)) {
      for (std::size_t at = 0; at < text.size(); ++block) {
        const std::size_t line_end = text.find('\n', at + kSampledBlockBytes);
        const std::size_t end = line_end == std::string_view::npos ? text.size() : line_end + 1;
        const double position = static_cast<double>(mix(0, block) >> 11U) * 0x1p-53;
        if (position < share) sample.emplace_back(text.substr(at, end - at));
        at = end;
      }
    }
  }
  return sample;
}

std::unique_ptr<Tokenizer> make_tokenizer(const CorpusListing& listing, const CorpusSurvey& survey,
                                          const config::DataConfig& data) {
  const config::TokenizerConfig& tokenizer = data.tokenizer;
  if (tokenizer.kind == "bytes") return make_byte_tokenizer();
  if (tokenizer.kind != "sentencepiece") {
    throw Error(ErrorKind::kConfig, "data.tokenizer.kind = \"" + tokenizer.kind +
                                        "\": must be \"bytes\" or \"sentencepiece\"");
  }
  log_info("training SentencePiece, " + std::to_string(tokenizer.vocab_size) + " pieces");
  return train_sentencepiece(training_sample(listing, survey, data.document_separator),
                             tokenizer.vocab_size);
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

/// The tokens of a part so far.
struct PartTokens {
  std::vector<std::int32_t>& ids;
  std::vector<std::int64_t>& documents;  ///< first tokens
};

/// Encodes some texts and appends their documents, with a separator before each but a part's first:
/// the first token of the document that it opens.
void append_group(const Tokenizer& tokenizer, const std::vector<std::string>& texts,
                  std::string_view separator_line, PartTokens out) {
  const std::int32_t separator = tokenizer.encode(kSeparator).at(0);
  std::vector<std::string_view> pieces;
  std::vector<bool> begins_document;
  for (const std::string& text : texts) {
    for (const std::string_view document : split_documents(text, separator_line)) {
      const std::size_t before = pieces.size();
      for (const std::string_view piece : encoding_pieces(document)) pieces.push_back(piece);
      begins_document.resize(pieces.size());
      begins_document[before] = true;  // no document is empty
    }
  }
  std::vector<std::vector<std::int32_t>> encoded(pieces.size());
  for_each_in_parallel(pieces.size(),
                       [&](std::size_t i) { encoded[i] = tokenizer.encode(pieces[i]); });
  for (std::size_t i = 0; i < pieces.size(); ++i) {
    if (begins_document[i]) {
      out.documents.push_back(static_cast<std::int64_t>(out.ids.size()));
      if (!out.ids.empty()) out.ids.push_back(separator);
    }
    out.ids.insert(out.ids.end(), encoded[i].begin(), encoded[i].end());
  }
}

/// The texts of a part in groups, so that not all are in memory at once.
template <class Use>
void for_each_group(const CorpusListing& listing, const CorpusSurvey& survey, Part part,
                    const Use& use) {
  std::vector<std::string> group;
  std::uint64_t group_bytes = 0;
  for (const Document& document : survey.documents) {
    if (document.part != part) continue;
    group.push_back(read_document(listing, document));
    group_bytes += group.back().size();
    if (group_bytes >= kGroupBytes) {
      use(group);
      group.clear();
      group_bytes = 0;
    }
  }
  use(group);
}

}  // namespace

TokenFileContents build_tokens(const CorpusListing& listing, const CorpusSurvey& survey,
                               const config::DataConfig& data) {
  const std::unique_ptr<Tokenizer> tokenizer = make_tokenizer(listing, survey, data);
  log_info("tokenising " + format_bytes(static_cast<double>(survey.bytes)) + " of \"" +
           listing.corpus + "\"");
  TokenFileContents contents;
  contents.tokenizer = tokenizer->serialised();
  contents.vocab_size = tokenizer->vocab_size();
  contents.source_hash = survey.content_hash;
  contents.text_bytes = survey.bytes;
  const auto append = [&](Part part, PartTokens tokens) {
    for_each_group(listing, survey, part, [&](const std::vector<std::string>& texts) {
      append_group(*tokenizer, texts, data.document_separator, tokens);
    });
  };
  append(Part::kTrain, {contents.train, contents.train_documents});
  append(Part::kValidation, {contents.validation, contents.validation_documents});
  return contents;
}

}  // namespace nas::data
