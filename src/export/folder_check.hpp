#pragma once

#include <string>

#include "nas/export/hf_export.hpp"

namespace nas::exporting {

/// Runs a folder's modeling_nas.py on tokens of several sizes and compares its logits with those of
/// `plain`, the same model lowered without fusion, so that both run the same operations; through
/// transformers too, with the tokenizer, when that Python has it. `python` as in export_hf_folder.
/// Throws Error(kUsage) when an interpreter that was asked for has no torch, Error(kInternal) when
/// the logits differ by more than 1e-5 of the largest logit or 1, or the Python fails.
[[nodiscard]] PythonReport check_folder(const std::string& folder, const nn::Model& plain,
                                        const ExportFacts& facts, const std::string& python);

}  // namespace nas::exporting
