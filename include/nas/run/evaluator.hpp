#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "nas/config/fields.hpp"
#include "nas/config/run_config.hpp"
#include "nas/core/registry.hpp"
#include "nas/space/trial.hpp"

namespace nas::run {

/// One evaluation of one architecture.
struct EvaluationRequest {
  const space::Architecture* architecture = nullptr;
  std::uint32_t repeat = 0;         ///< 0 in a search, 1, 2, ... in verification
  std::string folder;               ///< for checkpoint and weights; empty: keep nothing
  std::vector<double> hurdle_bars;  ///< one for each hurdle, none without; NaN: everyone passes
  std::function<void(std::int64_t, double)> on_value;
  /// Called with (name, step, value) at points of the evaluation's curves; empty: nobody looks.
  std::function<void(const std::string&, std::int64_t, double)> on_scalar;
  std::function<void(std::int64_t)> on_step;
  std::function<bool()> should_stop;
};

struct EvaluationResult {
  space::Outcome outcome;
  JsonValue extra =
      JsonValue::object();  ///< attributes to store with the trial: {"weights_hash": ...}
};

/// Scores candidates. A pure function of (architecture, config, repeat); thread safe: workers call
/// one evaluator at the same time.
class Evaluator {
 public:
  virtual ~Evaluator() = default;
  /// Nothing when should_stop asked; what was done so far is saved in the folder.
  [[nodiscard]] virtual std::optional<EvaluationResult> evaluate(
      const EvaluationRequest& request) const = 0;
  /// A measured score that a constraint may use, before evaluation; nothing when none is asked for.
  [[nodiscard]] virtual std::optional<space::Score> measure_latency(
      const space::Architecture& architecture) const = 0;
  /// Training step that an interrupted evaluation in this folder would resume from.
  [[nodiscard]] virtual std::int64_t checkpoint_step(const std::string& folder) const = 0;
  /// Removes it. Called when the evaluation's result is stored: until then, whatever ends the
  /// program costs no more than the steps since the checkpoint.
  virtual void remove_checkpoint(const std::string& /*folder*/) const {}
  /// Facts for the study's environment: device, threads, versions, corpus hash.
  [[nodiscard]] virtual Json environment() const = 0;
  /// Steps of a whole evaluation of this architecture, for progress: the most there may be when
  /// its budget is in seconds.
  [[nodiscard]] virtual std::int64_t total_steps(const space::Architecture& architecture) const = 0;
};

struct EvaluatorFactory {
  std::string help;
  bool needs_engine = false;           ///< run::engine() (engine.hpp)
  config::OptionsDeclaration options;  ///< of the key "synthetic"; empty where it has none
  std::function<std::shared_ptr<const Evaluator>(const config::RunConfig& config)> make;
};

/// analytic, synthetic, train.
[[nodiscard]] const Registry<EvaluatorFactory>& builtin_evaluators();

}  // namespace nas::run
