#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "nas/config/run_config.hpp"
#include "nas/core/hash.hpp"

namespace nas::data {

enum class Part { kTrain, kValidation };

/// A file of a corpus as its folder lists it.
struct CorpusFile {
  std::string name;  ///< relative to the corpus folder, with '/'
  std::string path;
  std::uint64_t size = 0;        ///< bytes
  std::int64_t modified_ns = 0;  ///< since the epoch
  std::int64_t changed_ns = 0;   ///< of content or attributes
};

/// The files of a corpus, sorted by name, unread.
struct CorpusListing {
  std::string corpus;  ///< as configured
  std::string folder;  ///< empty for a single file
  std::vector<CorpusFile> files;
};

/// A text that is tokenised as one: a file, or the part of a file before or after the split.
struct Document {
  std::size_t file = 0;  ///< in the listing
  Part part = Part::kTrain;
  std::uint64_t begin = 0;  ///< first byte in the file
  std::uint64_t end = 0;    ///< one past the last byte
  Hash128 hash;             ///< of the text
};

/// What reading a corpus once found.
struct CorpusSurvey {
  std::vector<Document> documents;  ///< training ones first, each part in the listing's order
  std::uint64_t bytes = 0;          ///< of text
  std::int64_t binary_files = 0;    ///< left out
  Hash128 content_hash;             ///< of the documents' texts and parts
};

/// Lists `python` (every .py file of the pinned PyTorch, or of the folder that the environment
/// variable NAS_PYTHON_CORPUS names), a file, or a folder and its subfolders. Names that begin
/// with a dot are left out; links are followed, a folder reached twice is listed once.
/// Throws Error(kData) when there is nothing to read.
[[nodiscard]] CorpusListing list_corpus(const config::DataConfig& data);

/// Hash of names, sizes and times: equal listings have equal contents.
[[nodiscard]] Hash128 listing_hash(const CorpusListing& listing);

/// Reads every file once: leaves out binary ones, applies max_bytes (whole files in the order of a
/// hash of their names; a single file up to a line's end) and splits (files by another hash of
/// their names, a single file by position at a line's end). Throws Error(kData) for an empty or
/// binary corpus, Error(kIo) for an unreadable file.
[[nodiscard]] CorpusSurvey survey_corpus(const CorpusListing& listing,
                                         const config::DataConfig& data);

/// Text of a document. Throws Error(kData) when the file changed since the survey.
[[nodiscard]] std::string read_document(const CorpusListing& listing, const Document& document);

/// Whether a file goes to validation: its name's hash mod 10000 < share * 10000.
[[nodiscard]] bool is_validation_file(const std::string& name, double validation_share);

}  // namespace nas::data
