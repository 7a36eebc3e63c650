#include <c10/core/Device.h>

#include <filesystem>
#include <mutex>
#include <nlohmann/json.hpp>
#include <optional>

#include "engine/admission.hpp"
#include "engine/device_workers.hpp"
#include "nas/core/error.hpp"
#include "nas/core/log.hpp"
#include "nas/core/machine_memory.hpp"
#include "nas/core/units.hpp"
#include "nas/data/dataset.hpp"
#include "nas/engine/engine.hpp"
#include "nas/ops/cuda.hpp"
#include "nas/profile/latency.hpp"
#include "nas/run/search_run.hpp"
#include "nas/search/searcher.hpp"
#include "nas/search/training_steps.hpp"
#include "nas/space/cost.hpp"
#include "nas/train/numerics.hpp"
#include "nas/train/training.hpp"
#include "verbs.hpp"

namespace nas::engine {
namespace {

constexpr const char* kCheckpoint = "/checkpoint.safetensors";

/// LibTorch's version, the instruction set that its kernels chose, and the device.
Json environment_of_device(const std::string& device) {
  Json facts;
  facts["torch"] = torch_engine().torch_version();
  facts["cpu_capability"] = torch_engine().cpu_capability();
  facts["device_kind"] = device.substr(0, device.find(':'));
  if (device.starts_with("cuda")) {
    facts["device_name"] = ops::cuda_device(at::Device(device).index()).name;
  }
  return facts;
}

/// On the CPU nothing refuses an allocation: the system kills the process later, and the search
/// with it. So what cannot fit is not begun: parameters, gradients and the optimizer's two moments,
/// and the logits with their gradient, all float32, which no kernel can do without. The cost
/// model's peak_bytes is a bound from above, which counts scores that fused attention never holds.
std::string why_too_large(const config::RunConfig& config, const std::string& device,
                          const space::Architecture& architecture) {
  if (device != "cpu") return "";
  const space::Cost cost = cost_of(architecture, {});
  const double tokens = static_cast<double>(config.training.batch_size) *
                        static_cast<double>(config.training.seq_len);
  const double needed = 4.0 * (4.0 * static_cast<double>(cost.params) +
                               2.0 * tokens * static_cast<double>(architecture.model.vocab_size));
  const double there = machine_memory_bytes();
  if (needed <= there) return "";
  return "a training step needs at least " + format_bytes(needed) + ", this machine has " +
         format_bytes(there);
}

/// Short training on real text.
class TrainEvaluator final : public run::Evaluator {
 public:
  explicit TrainEvaluator(const config::RunConfig& config)
      : config_(config),
        dataset_(data::Dataset::load(config.data, config.training.seq_len,
                                     data::default_cache_folder())) {
    lowering_.device = nn::resolve_device(config.device);
    lowering_.fuse = config.training.fuse;
    lowering_.deterministic = config.training.deterministic;
    lowering_.bf16 = train::uses_bf16(config.training, lowering_.device);
  }

  std::optional<run::EvaluationResult> evaluate(
      const run::EvaluationRequest& request) const override {
    if (std::string reason = why_too_large(config_, lowering_.device, *request.architecture);
        !reason.empty()) {
      run::EvaluationResult result;
      result.outcome.state = space::TrialState::kFail;
      result.outcome.reason = "oom";
      result.outcome.detail = std::move(reason);
      return result;
    }
    return lowering_.device == "cpu" ? train_once(request) : evaluate_admitted(request);
  }

  std::optional<space::Score> measure_latency(
      const space::Architecture& architecture) const override {
    if (!config_.profile.latency) return std::nullopt;
    if (!why_too_large(config_, lowering_.device, architecture).empty()) return std::nullopt;
    train::fix_numerics(config_.training.threads, config_.training.deterministic);
    try {
      nn::Model model(architecture, lowering_);
      model.initialise(config_.seed, 0);
      space::Score latency = profile::measure_latency(model, config_.profile);
      if (config_.search.parallelism > 1) {
        latency.protocol +=
            "; up to " + std::to_string(config_.search.parallelism - 1) + " trainings beside it";
      }
      return latency;
    } catch (const Error&) {
      throw;
    } catch (const std::exception& error) {
      // The short training meets the same fault and ends the trial with its reason.
      log_debug(std::string("latency was not measured: ") + error.what());
      return std::nullopt;
    }
  }

  std::int64_t checkpoint_step(const std::string& folder) const override {
    return train::checkpoint_step(folder + kCheckpoint);
  }

  void remove_checkpoint(const std::string& folder) const override {
    std::error_code ignored;
    std::filesystem::remove(folder + kCheckpoint, ignored);
  }

  Json environment() const override {
    Json facts = environment_of_device(lowering_.device);
    facts["evaluator"] = "train";
    facts["threads"] = config_.training.threads;
    facts["corpus"] = dataset_->description();
    facts["corpus_hash"] = dataset_->hash().hex();
    const std::vector<std::string> keys = run::unreproducible_keys(config_);
    if (!keys.empty()) facts["not_reproducible"] = keys;
    return facts;
  }

  std::int64_t total_steps(const space::Architecture& architecture) const override {
    return search::training_steps(config_.training, architecture);
  }

 private:
  /// Of a GPU, for the trainings that are on it together. Allocators and libraries need some more.
  [[nodiscard]] double capacity_bytes() const {
    constexpr double kShare = 0.9;
    return kShare * static_cast<double>(ops::cuda_free_bytes(at::Device(lowering_.device).index()));
  }

  /// Trainings leave the device's memory as they found it, from the second one on: the first brings
  /// the corpus there.
  void check_memory() const {
    const auto held = ops::cuda_held_bytes(at::Device(lowering_.device).index());
    if (!held) return;
    if (left_bytes_ && *held > *left_bytes_) {
      log_warning("a training left " + format_bytes(static_cast<double>(*held - *left_bytes_)) +
                  " of memory on " + lowering_.device);
    }
    left_bytes_ = held;
  }

  /// Trains when the device has room. Running out of memory beside others says nothing of the
  /// candidate, so it is then trained again alone: outcomes do not depend on what runs beside.
  [[nodiscard]] std::optional<run::EvaluationResult> evaluate_admitted(
      const run::EvaluationRequest& request) const {
    const space::CostPoint point{config_.training.batch_size, config_.training.seq_len};
    const double bound = cost_of(*request.architecture, point).peak_bytes;
    // When the first one asks: who only describes a device need not take memory of it.
    std::call_once(is_open_, [this] {
      admission_ = std::make_unique<Admission>(capacity_bytes(), [this] { check_memory(); });
    });
    auto ticket = admission_->admit(bound, request.should_stop);
    if (!ticket) return std::nullopt;
    std::optional<run::EvaluationResult> result = train_once(request);
    if (!result || result->outcome.reason != "oom" || !ticket->was_accompanied()) return result;
    ticket.reset();
    log_debug("out of memory beside other trainings, once more alone: " + result->outcome.detail);
    ticket = admission_->admit_alone(request.should_stop);
    return ticket ? train_once(request) : std::nullopt;
  }

  [[nodiscard]] std::optional<run::EvaluationResult> train_once(
      const run::EvaluationRequest& request) const {
    train::TrainingRequest training;
    training.architecture = *request.architecture;
    training.training = config_.training;
    training.training.steps = total_steps(*request.architecture);
    training.seed = config_.seed;
    training.repeat = request.repeat;
    training.dataset = dataset_;
    training.lowering = lowering_;
    training.check_causality = config_.training.check_causality;
    if (!request.folder.empty()) {
      training.checkpoint_path = request.folder + kCheckpoint;
      training.weights_path = request.folder + "/model.safetensors";
    }
    set_hurdles(request, training);
    training.on_scalar = request.on_scalar;
    training.on_value = request.on_value;
    training.on_step = request.on_step;
    training.should_stop = request.should_stop;
    std::optional<train::TrainingResult> trained = train::train(training);
    if (!trained) return std::nullopt;
    run::EvaluationResult result;
    result.outcome = std::move(trained->outcome);
    if (!trained->weights_hash.empty()) (*result.extra)["weights_hash"] = trained->weights_hash;
    return result;
  }

  /// Hurdles at their shares of this training's own steps, or of the seconds it may take.
  void set_hurdles(const run::EvaluationRequest& request, train::TrainingRequest& training) const {
    const auto count = static_cast<std::int64_t>(request.hurdle_bars.size());
    training.hurdle_bars = request.hurdle_bars;
    const std::optional<double> seconds = config_.training.budget.seconds;
    if (!seconds) {
      training.hurdle_steps = search::hurdle_steps(training.training.steps, count);
      return;
    }
    for (const double share : search::hurdle_shares(count)) {
      training.hurdle_seconds.push_back(share * *seconds);
    }
  }

  config::RunConfig config_;
  std::shared_ptr<const data::Dataset> dataset_;
  nn::LowerOptions lowering_;
  mutable std::optional<std::int64_t> left_bytes_;  ///< of a GPU, when nothing was trained on it
  mutable std::once_flag is_open_;
  mutable std::unique_ptr<Admission> admission_;  ///< of a GPU
};

}  // namespace

std::shared_ptr<const run::Evaluator> make_train_evaluator(const config::RunConfig& config) {
  if (config::device_names(config.device).size() == 1) {
    return std::make_shared<TrainEvaluator>(config);
  }
  const std::vector<std::string> devices = devices_of_one_model(config);
  config::RunConfig of_one = config;
  of_one.device = devices.front();
  return std::make_shared<DeviceWorkers>(
      config, devices, std::make_shared<TrainEvaluator>(of_one),
      Conversation::Program{"/proc/self/exe", {"nas-engine", kDeviceWorkerArgument}});
}

}  // namespace nas::engine
