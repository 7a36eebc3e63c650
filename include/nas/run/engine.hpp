#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <variant>
#include <vector>

#include "nas/config/run_config.hpp"
#include "nas/export/export_facts.hpp"
#include "nas/export/export_report.hpp"
#include "nas/run/evaluator.hpp"
#include "nas/space/architecture.hpp"

namespace nas::run {

/// Trained weights as they lie in a folder, and what is known of them.
struct TrainedWeights {
  space::Architecture architecture;
  std::string path;              ///< safetensors
  std::string hash;              ///< hex; empty: any
  config::RunConfig config;      ///< they were trained under
  std::string corpus_hash;       ///< hex
  std::string name;              ///< "trial 3", "seed 2"
  exporting::ExportFacts facts;  ///< without the tokenizer
};

/// What `nas export` is asked for.
struct ExportOptions {
  std::string format = "torchscript";  ///< or "safetensors"
  std::string output;
  std::string python;  ///< interpreter for the comparison; empty: the one of nas's build
};

/// What `nas generate` is asked for.
struct GenerateOptions {
  std::string prompt;
  std::int64_t tokens = 200;
  std::int64_t context = 0;  ///< last tokens that the model sees; 0: all that it can
  double temperature = 0;
  std::int64_t top_k = 0;  ///< 0: all
  std::uint64_t seed = 0;
};

/// A trained model of ours, or the path of an export.
using ModelToRead = std::variant<TrainedWeights, std::string>;

/// What `nas bench step` and `kernels` are asked for: training steps of an architecture on random
/// tokens.
struct StepBench {
  space::Architecture architecture;
  config::RunConfig config;  ///< device, seed, training
  std::int64_t groups = 9;
  std::int64_t steps_of_a_group = 50;
  bool lists_kernels = false;
};

/// A kernel, copy or fill of a GPU during a training step.
struct KernelShare {
  std::string name;
  double calls = 0;    ///< of a step
  double time_us = 0;  ///< of all calls of a step
};

struct StepBenchResult {
  std::string device;                ///< "cuda:0"
  double first_step_seconds = 0;     ///< from nothing to its end
  double second_step_seconds = 0;    ///< the same; the first to be replayed on a GPU
  double again_seconds = 0;          ///< the same of a second model in the same process
  std::vector<double> step_ms;       ///< mean of the steps of each group, by the wall clock
  std::int64_t reserved_bytes = 0;   ///< most device memory held at once
  std::vector<KernelShare> kernels;  ///< the longest first
};

struct Gpu {
  std::string name;
  std::int64_t total_bytes = 0;
  int major = 0;  ///< compute capability
  int minor = 0;
  std::string
      why_no_kernels;  ///< why LibTorch's operations take the place of ours; empty: ours run
};

/// One entry of a table that lives in the engine.
struct ListedPart {
  std::string name;
  std::string help;
  std::string formula;  ///< may be empty
  std::string source;   ///< paper
};

/// All that needs LibTorch, behind one door: loading it costs half a second, which most verbs need
/// not spend, and everything on this side of the door builds and is sanitized without it.
class Engine {
 public:
  virtual ~Engine() = default;

  /// Short training on the corpus. Throws as data::Dataset::load and nn::resolve_device.
  [[nodiscard]] virtual std::shared_ptr<const Evaluator> make_train_evaluator(
      const config::RunConfig& config) const = 0;

  /// Exports and compares. Throws Error as the functions of nas/export.
  [[nodiscard]] virtual exporting::ExportReport export_model(
      const TrainedWeights& weights, const ExportOptions& options) const = 0;
  /// Over the validation windows of the evaluator "train", which are also written, as safetensors,
  /// to `windows_path` unless it is empty. Throws Error(kData) for a corpus that is gone,
  /// Error(kIo).
  [[nodiscard]] virtual exporting::ValidationLoss validation_loss(
      const TrainedWeights& weights, const std::string& windows_path) const = 0;
  /// Passes the bytes of a text to `put` as they come, the prompt first; ends early when
  /// interrupted. Throws Error(kUsage) for a path that is no export, Error(kData), Error(kIo).
  virtual void generate(const ModelToRead& model, const GenerateOptions& options,
                        const std::function<void(const std::string&)>& put) const = 0;

  /// Throws Error(kDevice) for a device that is not there.
  [[nodiscard]] virtual StepBenchResult bench_step(const StepBench& bench) const = 0;
  /// Most bytes of all GPUs' memory that this process has held reserved at once.
  [[nodiscard]] virtual std::int64_t reserved_bytes() const = 0;

  /// A Python module that needs torch alone: the architecture as the class NasModel, whose call
  /// takes tokens [batch, seq] int64 to logits [batch, seq, vocab_size]. Its first values are drawn
  /// by our rules.
  [[nodiscard]] virtual std::string python_module(
      const space::Architecture& architecture) const = 0;

  [[nodiscard]] virtual std::string torch_version() const = 0;
  /// Instruction set of LibTorch's CPU kernels: "AVX2".
  [[nodiscard]] virtual std::string cpu_capability() const = 0;
  [[nodiscard]] virtual std::vector<Gpu> gpus() const = 0;
  /// Folder of token files.
  [[nodiscard]] virtual std::string cache_folder() const = 0;
  /// A sentence about a corpus, read or made. Throws Error(kData).
  [[nodiscard]] virtual std::string describe_corpus(const config::DataConfig& data) const = 0;
  [[nodiscard]] virtual std::vector<ListedPart> optimizers() const = 0;
  [[nodiscard]] virtual std::vector<ListedPart> schedules() const = 0;
};

using EngineSource = const Engine& (*)();

/// How this process comes by its engine; called by main.
void set_engine_source(EngineSource source);

/// The engine. In the program `nas`, which has none, the first call replaces the process by
/// `nas-engine` with the same arguments: call it before anything is written or locked.
[[nodiscard]] const Engine& engine();

}  // namespace nas::run
