#pragma once

#include <cstdint>
#include <string>

#include "nas/export/export_facts.hpp"
#include "nas/nn/model.hpp"

namespace nas::exporting {

/// What running the exported Python said.
struct PythonReport {
  std::string python;             ///< the interpreter
  std::string not_run;            ///< why nothing was run; empty when it was
  std::string torch;              ///< its version
  std::string transformers;       ///< its version; empty: not there, so its classes were not run
  std::string tokenizer_not_run;  ///< why the tokenizer was not run; empty when it was
  double largest_difference = 0;  ///< of logits, over the largest logit or 1
};

/// What was compared before the export was called one.
struct HfReport {
  std::string folder;
  std::int64_t bytes = 0;
  std::int64_t comparisons = 0;  ///< (batch, seq) sizes
  std::string weights_hash;      ///< of the weights written and of those read back
  PythonReport python;
};

/// Writes a folder in Hugging Face's layout (docs/export.md): config.json, generation_config.json,
/// model.safetensors, modeling_nas.py, the tokenizer, README.md and export_onnx.py. All of it is
/// written beside `folder` under another name, read back and compared, and only then renamed: the
/// weights bit for bit, the logits of the model read back bit for bit, and those of the Python
/// file, run by `python`, within 1e-5 of the largest logit or 1.
///
/// `python`: an interpreter with torch; empty: the one of nas's build, if it is still there.
/// Throws Error(kUsage) when `folder` holds anything but an earlier export, which is replaced, or
/// `python` has no torch; Error(kIo); Error(kInternal) when something differs. `folder` is then as
/// it was.
[[nodiscard]] HfReport export_hf_folder(const nn::Model& model, const ExportFacts& facts,
                                        const std::string& folder, const std::string& python);

}  // namespace nas::exporting
