#pragma once

#include "data/corpus.hpp"
#include "data/token_file.hpp"

namespace nas::data {

/// Trains the tokenizer on the training part where it is trained, and tokenises all documents,
/// files or what stands in them between lines of data.document_separator: those of a part are
/// joined by a NUL byte, which no text holds and which belongs to the document that follows: it is
/// predicted from the end of one and opens the other. Documents are encoded in parallel; the result
/// does not depend on the number of threads.
[[nodiscard]] TokenFileContents build_tokens(const CorpusListing& listing,
                                             const CorpusSurvey& survey,
                                             const config::DataConfig& data);

}  // namespace nas::data
