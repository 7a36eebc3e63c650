#pragma once

#include <string>

#include "nas/export/export_facts.hpp"
#include "nas/export/export_report.hpp"
#include "nas/nn/model.hpp"

namespace nas::exporting {

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
