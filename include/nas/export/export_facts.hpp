#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "nas/core/json.hpp"

namespace nas::exporting {

/// What an export says of the model besides its architecture and weights.
struct ExportFacts {
  std::string version;                     ///< of nas
  std::string study;                       ///< its name, or the folder of `nas train`
  std::int64_t trial = 0;                  ///< of the study
  std::int64_t trials = 0;                 ///< finished ones of the study
  std::uint32_t seed = 0;                  ///< of `nas train`; 0: a trial of a study
  std::string metric;                      ///< "val_bpb"
  double value = 0;                        ///< of this training
  std::vector<std::string> verification;   ///< lines for people about other seeds; may be empty
  JsonValue config = JsonValue::object();  ///< the study's, resolved
  std::string corpus;                      ///< a sentence about what it was trained on
  std::int64_t seq_len = 0;                ///< tokens of a training window
  /// data::Tokenizer::serialised(); empty when it cannot be had, which only TorchScript accepts.
  std::string tokenizer;
  std::string sample_text;               ///< ASCII or UTF-8, to check the exported tokenizer
  std::vector<std::int32_t> sample_ids;  ///< of sample_text
};

}  // namespace nas::exporting
