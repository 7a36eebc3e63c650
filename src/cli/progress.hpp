#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <string>

#include "nas/run/search_run.hpp"
#include "progress_line.hpp"

namespace nas::cli {

/// Progress of a search on stderr. Shows trials done, best so far, trials an hour and the time
/// left.
class Progress final : public run::Observer {
 public:
  struct Options {
    std::int64_t budget = 0;    ///< trials of the study
    std::int64_t finished = 0;  ///< of them, finished before this process
    /// Steps of a training of this architecture.
    std::function<std::int64_t(const space::Architecture&)> total_steps;
    bool maximize = false;
    std::string metric;
    bool terminal = false;
    double line_seconds = 30;  ///< between lines when not on a terminal
  };
  explicit Progress(const Options& options, const space::Trial* best);

  void on_begin(const space::Trial& trial) override;
  void on_step(std::int64_t trial, std::int64_t step) override;
  void on_finish(const space::Trial& trial) override;
  void on_phase(const std::string& phase, std::int64_t jobs, std::int64_t done) override;

 private:
  void show(bool now);
  [[nodiscard]] std::string line() const;
  [[nodiscard]] std::string search_line() const;

  Options options_;
  std::mutex mutex_;
  ProgressLine line_;
  std::chrono::steady_clock::time_point start_;
  std::int64_t finished_here_ = 0;
  double best_ = 0;
  std::int64_t best_trial_ = -1;
  struct Running {
    std::int64_t step = 0;
    std::int64_t total_steps = 1;
  };
  std::map<std::int64_t, Running> running_;  ///< by trial
  std::string phase_;
  std::int64_t phase_jobs_ = 0;
  std::int64_t phase_done_ = 0;
};

}  // namespace nas::cli
