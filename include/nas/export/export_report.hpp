#pragma once

#include <cstdint>
#include <string>
#include <variant>

namespace nas::exporting {

/// What was compared before a TorchScript file was called an export.
struct TorchscriptReport {
  std::string path;
  std::int64_t bytes = 0;
  std::int64_t comparisons = 0;   ///< (batch, seq) sizes
  double largest_difference = 0;  ///< of logits, over the largest logit or 1
  /// Why the file holds no tokenizer, without which `nas generate` cannot use it; empty: it does.
  std::string tokenizer_missing;
};

/// What running the exported Python said.
struct PythonReport {
  std::string python;             ///< the interpreter
  std::string not_run;            ///< why nothing was run; empty when it was
  std::string torch;              ///< its version
  std::string transformers;       ///< its version; empty: not there, so its classes were not run
  std::string tokenizer_not_run;  ///< why the tokenizer was not run; empty when it was
  double largest_difference = 0;  ///< of logits, over the largest logit or 1
};

/// What was compared before a Hugging Face folder was called an export.
struct HfReport {
  std::string folder;
  std::int64_t bytes = 0;
  std::int64_t comparisons = 0;  ///< (batch, seq) sizes
  std::string weights_hash;      ///< of the weights written and of those read back
  PythonReport python;
};

using ExportReport = std::variant<TorchscriptReport, HfReport>;

/// Of a trained model over the windows that scored the trials, in fp32.
struct ValidationLoss {
  double nats = 0;  ///< per token
  double bits_per_byte = 0;
  std::int64_t windows = 0;
  bool is_same_corpus = true;  ///< as the model was trained on
};

}  // namespace nas::exporting
