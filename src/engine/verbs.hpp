#pragma once

#include <memory>

#include "nas/nn/model.hpp"
#include "nas/run/engine.hpp"

namespace nas::engine {

// What run::Engine promises, a file each.

[[nodiscard]] std::shared_ptr<const run::Evaluator> make_train_evaluator(
    const config::RunConfig& config);
void export_model(const run::TrainedWeights& weights, const run::ExportOptions& options);
void generate(const run::ModelToRead& model, const run::GenerateOptions& options);

/// The model, on the CPU.
[[nodiscard]] nn::Model model_of(const run::TrainedWeights& weights);

/// The tokenizer that it was trained with, as data::Tokenizer::serialised(). One that was trained
/// on the corpus is taken from the cache or made again. Throws Error(kData) when the corpus is gone
/// or no longer what it was.
[[nodiscard]] std::string tokenizer_of(const run::TrainedWeights& weights);

}  // namespace nas::engine
