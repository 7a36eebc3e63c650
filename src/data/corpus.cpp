#include "data/corpus.hpp"

#include <algorithm>
#include <cstdio>
#include <optional>
#include <string_view>

#include "data/utf8.hpp"
#include "nas/core/error.hpp"
#include "nas/core/files.hpp"
#include "nas/core/log.hpp"

namespace nas::data {
namespace {

[[noreturn]] void refuse(const CorpusListing& listing, const std::string& why) {
  throw Error(ErrorKind::kData, "data.corpus = \"" + listing.corpus + "\": " + why);
}

/// Positions of the files in the order in which max_bytes takes them: by a hash that has nothing
/// to do with the one that splits.
std::vector<std::size_t> reading_order(const CorpusListing& listing, bool is_capped) {
  std::vector<std::pair<Hash128, std::size_t>> keyed;
  for (std::size_t i = 0; i < listing.files.size(); ++i) {
    keyed.emplace_back(is_capped ? hash_text("order:" + listing.files[i].name) : Hash128{}, i);
  }
  std::sort(keyed.begin(), keyed.end());
  std::vector<std::size_t> order;
  order.reserve(keyed.size());
  for (const auto& [hash, i] : keyed) order.push_back(i);
  return order;
}

void add_document(CorpusSurvey& survey, const Document& where, std::string_view file_text) {
  if (where.begin == where.end) return;
  Document document = where;
  document.hash = hash_text(file_text.substr(where.begin, where.end - where.begin));
  survey.documents.push_back(document);
  survey.bytes += where.end - where.begin;
}

/// First position after a line's end that is >= at; without one, the last such position before;
/// in a text of a single line, a character's start.
std::size_t line_boundary(std::string_view text, std::size_t at) {
  if (at == 0 || at >= text.size()) return std::min(at, text.size());
  const std::size_t after = text.find('\n', at - 1);
  if (after != std::string_view::npos && after + 1 < text.size()) return after + 1;
  const std::size_t before = text.rfind('\n', at - 1);
  if (before != std::string_view::npos) return before + 1;
  return character_boundary(text, at);
}

/// Length of the text that max_bytes leaves: whole lines where there are any.
std::size_t capped_length(std::string_view text, std::int64_t max_bytes) {
  if (max_bytes <= 0 || text.size() <= static_cast<std::uint64_t>(max_bytes)) return text.size();
  const std::size_t cap = static_cast<std::size_t>(max_bytes);
  const std::size_t end = text.rfind('\n', cap - 1);
  return end == std::string_view::npos ? character_boundary(text, cap) : end + 1;
}

void survey_single_file(const CorpusListing& listing, std::size_t file,
                        const config::DataConfig& data, CorpusSurvey& survey) {
  const std::string& path = listing.files[file].path;
  const std::string whole = read_file(path);
  if (whole.empty()) refuse(listing, "the file " + path + " is empty");
  if (const std::optional<std::size_t> at = first_binary_byte(whole)) {
    char hex[8];
    std::snprintf(hex, sizeof hex, "0x%02X", static_cast<unsigned char>(whole[*at]));
    refuse(listing, "the file " + path + " is not text: byte " + std::to_string(*at) + " is " +
                        hex + " (needed: UTF-8 without NUL bytes)");
  }
  const std::size_t end = capped_length(whole, data.max_bytes);
  const double train_bytes = static_cast<double>(end) * (1.0 - data.validation_share);
  const std::string_view text(whole.data(), end);
  const std::size_t cut = line_boundary(text, static_cast<std::size_t>(train_bytes));
  add_document(survey, {file, Part::kTrain, 0, cut, {}}, text);
  add_document(survey, {file, Part::kValidation, cut, end, {}}, text);
}

void survey_folder(const CorpusListing& listing, const config::DataConfig& data,
                   CorpusSurvey& survey) {
  const bool is_capped = data.max_bytes > 0;
  for (const std::size_t i : reading_order(listing, is_capped)) {
    const CorpusFile& file = listing.files[i];
    const std::uint64_t room = static_cast<std::uint64_t>(data.max_bytes) - survey.bytes;
    if (is_capped && file.size > room) continue;
    const std::string text = read_file(file.path);
    if (first_binary_byte(text)) {
      ++survey.binary_files;
      log_debug("not text, left out: " + file.path);
      continue;
    }
    if (is_capped && text.size() > room) continue;  // it grew since it was listed
    const Part part =
        is_validation_file(file.name, data.validation_share) ? Part::kValidation : Part::kTrain;
    add_document(survey, {i, part, 0, text.size(), {}}, text);
  }
}

void require_documents(const CorpusListing& listing, const config::DataConfig& data,
                       const CorpusSurvey& survey) {
  if (!survey.documents.empty()) return;
  const std::string count = std::to_string(listing.files.size());
  if (survey.binary_files == static_cast<std::int64_t>(listing.files.size())) {
    refuse(listing, "none of the " + count + " files is text (UTF-8 without NUL bytes)");
  }
  std::string why = "none of the " + count + " files holds text";
  if (data.max_bytes > 0) why += " within data.max_bytes = " + std::to_string(data.max_bytes);
  refuse(listing, why);
}

/// A folder of few files may leave a part without any.
void require_both_parts(const CorpusListing& listing, const config::DataConfig& data,
                        const CorpusSurvey& survey) {
  const auto is_train = [](const Document& d) { return d.part == Part::kTrain; };
  const auto train = static_cast<std::size_t>(
      std::count_if(survey.documents.begin(), survey.documents.end(), is_train));
  const std::size_t all = survey.documents.size();
  if (train != 0 && train != all) return;
  char share[32];
  std::snprintf(share, sizeof share, "%g", data.validation_share);
  refuse(listing, "data.validation_share = " + std::string(share) + " puts " +
                      std::to_string(all - train) + " of " + std::to_string(all) +
                      " files into validation, by a hash of their names; change the share, or "
                      "give one file, which is split by position");
}

Hash128 hash_documents(const std::vector<Document>& documents) {
  StreamingHash hash;
  for (const Document& document : documents) {
    const std::uint64_t words[4] = {document.part == Part::kValidation,
                                    document.end - document.begin, document.hash.high,
                                    document.hash.low};
    hash.add(words, sizeof words);
  }
  return hash.value();
}

}  // namespace

bool is_validation_file(const std::string& name, double validation_share) {
  return static_cast<double>(hash_text(name).low % 10000U) < validation_share * 10000.0;
}

CorpusSurvey survey_corpus(const CorpusListing& listing, const config::DataConfig& data) {
  CorpusSurvey survey;
  if (listing.folder.empty() || listing.files.size() == 1) {
    survey_single_file(listing, 0, data, survey);
  } else {
    survey_folder(listing, data, survey);
    require_documents(listing, data, survey);
    require_both_parts(listing, data, survey);
  }
  std::sort(survey.documents.begin(), survey.documents.end(),
            [](const Document& a, const Document& b) {
              return std::pair(a.part, a.file) < std::pair(b.part, b.file);
            });
  survey.content_hash = hash_documents(survey.documents);
  if (survey.binary_files > 0) {
    log_warning(std::to_string(survey.binary_files) + " of " +
                std::to_string(listing.files.size()) + " files in " + listing.folder +
                " are not text (UTF-8 without NUL bytes) and were left out");
  }
  return survey;
}

std::string read_document(const CorpusListing& listing, const Document& document) {
  const std::string& path = listing.files[document.file].path;
  std::string text = read_file(path);
  if (document.end <= text.size()) {
    text.resize(document.end);
    text.erase(0, document.begin);
    if (hash_text(text) == document.hash) return text;
  }
  throw Error(ErrorKind::kData, path + " changed while the corpus was read; start again");
}

}  // namespace nas::data
