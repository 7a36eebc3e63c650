#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "nas/config/run_config.hpp"
#include "nas/core/files.hpp"
#include "nas/run/evaluator.hpp"
#include "nas/space/trial.hpp"

namespace nas::run {

/// What came of one seed of a long training.
struct SeedResult {
  std::uint32_t repeat = 0;  ///< number of the seed, from 1
  space::Outcome outcome;
  std::string weights_hash;  ///< of a COMPLETE one
};

/// The training of one architecture with several seeds in a folder of its own
/// (docs/training.md). Killed at any moment it goes on from its checkpoint, with the same bits.
class LongTraining {
 public:
  /// What the value of an outcome is, whatever the configuration's objectives are.
  static constexpr const char* kMetric = "val_bpb";

  struct Options {
    config::RunConfig config;  ///< of which seed, device, data, training and evaluator count
    space::Architecture architecture;
    std::int64_t seeds = 3;
    std::string folder;
  };
  /// What a display is told.
  struct Hooks {
    std::function<void(const SeedResult& begun, std::int64_t total_steps)> on_begin;
    std::function<void(std::int64_t step)> on_step;
    std::function<void(std::int64_t step, double value)> on_value;
    std::function<void(const SeedResult& result)> on_finish;
  };

  /// Makes the folder or goes on in it. Throws Error(kUsage) with every difference when it holds
  /// another training, or something else; Error(kStudy) when another process works there or a file
  /// is damaged; Error(kIo).
  explicit LongTraining(Options options);

  /// In order of repeat, among the seeds asked for.
  [[nodiscard]] const std::vector<SeedResult>& results() const { return results_; }
  [[nodiscard]] bool is_finished() const;
  /// Trains the seeds that are missing, one after the other. False when interrupted: running it
  /// again goes on. Throws Error(kDevice) when this machine would give other bits than the one
  /// that began.
  [[nodiscard]] bool run(const Evaluator& evaluator, const Hooks& hooks);
  /// The content of metrics.json: each seed's values; count, mean, sample deviation and 95 %
  /// interval of each score over the COMPLETE ones.
  [[nodiscard]] Json metrics() const;

 private:
  void begin();
  void go_on(const Json& stored);
  void read_results();
  void require_environment(const Evaluator& evaluator);
  [[nodiscard]] bool train_seed(std::uint32_t repeat, const Evaluator& evaluator,
                                const Hooks& hooks);
  [[nodiscard]] std::string path(const std::string& name) const;
  [[nodiscard]] std::string seed_folder(std::uint32_t repeat) const;

  Options options_;
  std::unique_ptr<FileLock> lock_;
  std::vector<SeedResult> results_;
};

}  // namespace nas::run
