#include <nlohmann/json.hpp>

#include "environment.hpp"
#include "evaluators.hpp"
#include "nas/core/error.hpp"
#include "nas/core/log.hpp"
#include "nas/data/dataset.hpp"
#include "nas/profile/latency.hpp"
#include "nas/run/search_run.hpp"
#include "nas/search/searcher.hpp"
#include "nas/train/budget.hpp"
#include "nas/train/numerics.hpp"
#include "nas/train/training.hpp"

namespace nas::run {
namespace {

/// Short training on real text.
class TrainEvaluator final : public Evaluator {
 public:
  explicit TrainEvaluator(const config::RunConfig& config)
      : config_(config),
        dataset_(data::Dataset::load(config.data, config.training.seq_len,
                                     data::default_cache_folder())) {
    lowering_.device = nn::resolve_device(config.device);
    lowering_.fuse = config.training.fuse;
    lowering_.bf16 = train::uses_bf16(config.training, lowering_.device);
  }

  std::optional<EvaluationResult> evaluate(const EvaluationRequest& request) const override {
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
      training.checkpoint_path = request.folder + "/checkpoint.safetensors";
      training.weights_path = request.folder + "/model.safetensors";
    }
    set_hurdles(request, training);
    training.on_scalar = request.on_scalar;
    training.on_value = request.on_value;
    training.on_step = request.on_step;
    training.should_stop = request.should_stop;
    std::optional<train::TrainingResult> trained = train::train(training);
    if (!trained) return std::nullopt;
    EvaluationResult result;
    result.outcome = std::move(trained->outcome);
    if (!trained->weights_hash.empty()) (*result.extra)["weights_hash"] = trained->weights_hash;
    return result;
  }

  std::optional<space::Score> measure_latency(
      const space::Architecture& architecture) const override {
    if (!config_.profile.latency) return std::nullopt;
    train::fix_numerics(config_.training.threads);
    try {
      nn::Model model(architecture, lowering_);
      model.initialise(config_.seed, 0);
      return profile::measure_latency(model, config_.profile);
    } catch (const Error&) {
      throw;
    } catch (const std::exception& error) {
      // The short training meets the same fault and ends the trial with its reason.
      log_debug(std::string("latency was not measured: ") + error.what());
      return std::nullopt;
    }
  }

  std::int64_t checkpoint_step(const std::string& folder) const override {
    return train::checkpoint_step(folder + "/checkpoint.safetensors");
  }

  Json environment() const override {
    Json facts = torch_environment(lowering_.device);
    facts["evaluator"] = "train";
    facts["threads"] = config_.training.threads;
    facts["corpus"] = dataset_->description();
    facts["corpus_hash"] = dataset_->hash().hex();
    const std::vector<std::string> keys = unreproducible_keys(config_);
    if (!keys.empty()) facts["not_reproducible"] = keys;
    return facts;
  }

  std::int64_t total_steps(const space::Architecture& architecture) const override {
    return train::training_steps(config_.training, architecture);
  }

 private:
  /// Hurdles at their shares of this training's own steps, or of the seconds it may take.
  void set_hurdles(const EvaluationRequest& request, train::TrainingRequest& training) const {
    const auto count = static_cast<std::int64_t>(request.hurdle_bars.size());
    training.hurdle_bars = request.hurdle_bars;
    if (!config_.training.budget.seconds) {
      training.hurdle_steps = search::hurdle_steps(training.training.steps, count);
      return;
    }
    for (const double share : search::hurdle_shares(count)) {
      training.hurdle_seconds.push_back(share * *config_.training.budget.seconds);
    }
  }

  config::RunConfig config_;
  std::shared_ptr<const data::Dataset> dataset_;
  nn::LowerOptions lowering_;
};

}  // namespace

EvaluatorFactory train_evaluator_factory() {
  EvaluatorFactory factory;
  factory.help = "short training on the corpus, scored in validation bits per byte";
  factory.make = [](const config::RunConfig& config) -> std::shared_ptr<const Evaluator> {
    return std::make_shared<TrainEvaluator>(config);
  };
  return factory;
}

}  // namespace nas::run
