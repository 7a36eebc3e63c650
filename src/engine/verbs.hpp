#pragma once

#include <functional>
#include <memory>
#include <string>

#include "nas/nn/model.hpp"
#include "nas/run/engine.hpp"

namespace nas::engine {

// What run::Engine promises, a file each.

[[nodiscard]] std::shared_ptr<const run::Evaluator> make_train_evaluator(
    const config::RunConfig& config);
[[nodiscard]] exporting::ExportReport export_model(const run::TrainedWeights& weights,
                                                   const run::ExportOptions& options);
[[nodiscard]] exporting::ValidationLoss validation_loss(const run::TrainedWeights& weights,
                                                        const std::string& windows_path);
void generate(const run::ModelToRead& model, const run::GenerateOptions& options,
              const std::function<void(const std::string&)>& put);

[[nodiscard]] run::StepBenchResult bench_step(const run::StepBench& bench);
[[nodiscard]] std::int64_t reserved_bytes();
[[nodiscard]] std::string python_module(const space::Architecture& architecture);

/// The model, on the CPU.
[[nodiscard]] nn::Model model_of(const run::TrainedWeights& weights);

/// The tokenizer that it was trained with, as data::Tokenizer::serialised(). One that was trained
/// on the corpus is taken from the cache or made again. Throws Error(kData) when the corpus is gone
/// or no longer what it was.
[[nodiscard]] std::string tokenizer_of(const run::TrainedWeights& weights);

}  // namespace nas::engine
