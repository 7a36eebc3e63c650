#pragma once

#include <string>

#include "nas/export/export_facts.hpp"
#include "nas/nn/model.hpp"

namespace nas::test {

/// A model of one layer on bytes, its parameters drawn.
[[nodiscard]] nn::Model tiny_model(space::Positions positions = space::Positions::kRope);

/// Facts of an invented trial, with the tokenizer on bytes.
[[nodiscard]] exporting::ExportFacts tiny_facts();

/// Writes what export_hf_folder does but for the comparison by Python, and makes the folder.
void write_tiny_folder(const std::string& folder, const nn::Model& model);

}  // namespace nas::test
