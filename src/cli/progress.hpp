#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <mutex>
#include <string>

#include "nas/run/search_run.hpp"

namespace nas::cli {

/// Progress of a search on stderr: a line that is redrawn on a terminal, else a line at most every
/// 30 seconds. Shows trials done, best so far, trials an hour and the time left.
class Progress final : public run::Observer {
 public:
  struct Options {
    std::int64_t budget = 0;       ///< trials of the study
    std::int64_t finished = 0;     ///< of them, finished before this process
    std::int64_t total_steps = 1;  ///< of one training
    bool maximize = false;
    std::string metric;
    bool terminal = false;
    double line_seconds = 30;  ///< between lines when not on a terminal
  };
  explicit Progress(const Options& options, const space::Trial* best);
  ~Progress() override;
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

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
  std::chrono::steady_clock::time_point start_;
  std::chrono::steady_clock::time_point shown_;
  std::int64_t finished_here_ = 0;
  double best_ = 0;
  std::int64_t best_trial_ = -1;
  std::map<std::int64_t, std::int64_t> running_;  ///< trial -> step
  std::string phase_;
  std::int64_t phase_jobs_ = 0;
  std::int64_t phase_done_ = 0;
};

}  // namespace nas::cli
