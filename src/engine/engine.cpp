#include "nas/engine/engine.hpp"

#include <ATen/Version.h>
#include <torch/version.h>

#include "nas/data/dataset.hpp"
#include "nas/ops/kernels.hpp"
#include "nas/train/tables.hpp"
#include "verbs.hpp"

namespace nas::engine {
namespace {

class TorchEngine final : public run::Engine {
 public:
  std::shared_ptr<const run::Evaluator> make_train_evaluator(
      const config::RunConfig& config) const override {
    return engine::make_train_evaluator(config);
  }

  exporting::ExportReport export_model(const run::TrainedWeights& weights,
                                       const run::ExportOptions& options) const override {
    return engine::export_model(weights, options);
  }

  exporting::ValidationLoss validation_loss(const run::TrainedWeights& weights,
                                            const std::string& windows_path) const override {
    return engine::validation_loss(weights, windows_path);
  }

  void generate(const run::ModelToRead& model, const run::GenerateOptions& options,
                const std::function<void(const std::string&)>& put) const override {
    engine::generate(model, options, put);
  }

  run::StepBenchResult bench_step(const run::StepBench& bench) const override {
    return engine::bench_step(bench);
  }

  std::int64_t reserved_bytes() const override { return engine::reserved_bytes(); }

  std::string python_module(const space::Architecture& architecture) const override {
    return engine::python_module(architecture);
  }

  std::string torch_version() const override { return TORCH_VERSION; }
  std::string cpu_capability() const override { return at::get_cpu_capability(); }

  std::vector<run::Gpu> gpus() const override {
    std::vector<run::Gpu> found(static_cast<std::size_t>(ops::cuda_device_count()));
    for (std::size_t i = 0; i < found.size(); ++i) {
      const ops::CudaDevice device = ops::cuda_device(static_cast<int>(i));
      found[i] = {device.name, device.total_bytes, device.major, device.minor,
                  ops::why_no_kernels(device)};
    }
    return found;
  }

  std::string cache_folder() const override { return data::default_cache_folder(); }

  std::string describe_corpus(const config::DataConfig& data) const override {
    constexpr std::int64_t kAnyLength = 64;
    return data::Dataset::load(data, kAnyLength, data::default_cache_folder())->description();
  }

  std::vector<run::ListedPart> optimizers() const override {
    std::vector<run::ListedPart> parts;
    for (const std::string& name : train::builtin_optimizers().names()) {
      const train::OptimizerFactory& optimizer = train::builtin_optimizers().at(name);
      parts.push_back({name, optimizer.help, "", optimizer.source});
    }
    return parts;
  }

  std::vector<run::ListedPart> schedules() const override {
    std::vector<run::ListedPart> parts;
    for (const std::string& name : train::builtin_schedules().names()) {
      const train::ScheduleSpec& schedule = train::builtin_schedules().at(name);
      parts.push_back({name, schedule.help, schedule.formula, schedule.source});
    }
    return parts;
  }
};

}  // namespace

const run::Engine& torch_engine() {
  static const TorchEngine engine;
  return engine;
}

}  // namespace nas::engine
