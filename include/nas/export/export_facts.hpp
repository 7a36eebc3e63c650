#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "nas/core/json.hpp"

namespace nas::exporting {

/// What an export says of the model besides its architecture and weights.
struct ExportFacts {
  std::string version;  ///< of nas
  std::string study;
  std::int64_t trial = 0;
  std::int64_t trials = 0;                 ///< finished ones of the study
  std::string metric;                      ///< of the study: "val_bpb"
  double value = 0;                        ///< of this trial
  std::vector<std::string> verification;   ///< lines for people; empty: it was not verified
  JsonValue config = JsonValue::object();  ///< the study's, resolved
  std::string corpus;                      ///< a sentence about what it was trained on
  std::int64_t seq_len = 0;                ///< tokens of a training window
  /// data::Tokenizer::serialised(); empty when it cannot be had, which only TorchScript accepts.
  std::string tokenizer;
  std::string sample_text;               ///< ASCII or UTF-8, to check the exported tokenizer
  std::vector<std::int32_t> sample_ids;  ///< of sample_text
};

}  // namespace nas::exporting
