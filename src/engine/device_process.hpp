#pragma once

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <thread>

#include "nas/core/conversation.hpp"
#include "nas/core/json.hpp"
#include "nas/run/evaluator.hpp"

namespace nas::engine {

/// A process that evaluates on one device, from the study's side (run_device_worker is the other
/// one). Calls of evaluate and measure_latency may come from several threads; callbacks are called
/// in the thread that asked. Made by a thread that outlives it: the process is killed with it.
///
/// When the process dies, what runs in it, and whatever is asked of it later, throws Error(kDevice)
/// that names the device and says how it ended.
class DeviceProcess {
 public:
  /// Starts it and tells it the configuration, whose `device` is the one it is to use.
  DeviceProcess(const config::RunConfig& config, const Conversation::Program& program);
  /// Ends it, whatever it does.
  ~DeviceProcess();
  DeviceProcess(const DeviceProcess&) = delete;
  DeviceProcess& operator=(const DeviceProcess&) = delete;

  /// Waits until it can evaluate. Throws what made that impossible. To be called once.
  void wait_until_ready();

  /// As run::Evaluator.
  [[nodiscard]] std::optional<run::EvaluationResult> evaluate(
      const run::EvaluationRequest& request);
  [[nodiscard]] std::optional<space::Score> measure_latency(
      const space::Architecture& architecture);

 private:
  using Messages = std::deque<Json>;
  class Job;

  /// Reads what the process says, until it says no more.
  void listen();
  void receive(Json message);
  /// Sends a request as a job and hands each answer to `take` until that returns true; sends "stop"
  /// when `should_stop` is there and says so.
  void ask(Json request, const std::function<bool(Json&)>& take,
           const std::function<bool()>& should_stop = nullptr);
  /// Answers of a job, at least one; none when there were none for a moment.
  [[nodiscard]] Messages next_messages(std::int64_t job, bool wait_for_ever);

  std::string device_;
  Conversation conversation_;
  std::mutex mutex_;
  std::condition_variable arrived_;
  std::map<std::int64_t, Messages> jobs_;  ///< those that somebody waits for
  std::int64_t next_job_ = 1;
  std::optional<std::string> ending_;  ///< how the process ended
  std::thread listener_;
};

}  // namespace nas::engine
