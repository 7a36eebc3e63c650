#pragma once

#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "device_process.hpp"
#include "nas/run/evaluator.hpp"

namespace nas::engine {

/// An evaluator that has a process for each of several devices of one machine and passes each
/// evaluation to the one that has the fewest at that moment. A trial is evaluated where there is
/// room; where, changes no result, for the devices are of one model.
class DeviceWorkers final : public run::Evaluator {
 public:
  /// `local` answers what needs no device, and describes them all in its environment. Starts
  /// `program` for each device, which is what run_device_worker makes of a process, and waits until
  /// all can evaluate. Throws what made that impossible.
  DeviceWorkers(const config::RunConfig& config, const std::vector<std::string>& devices,
                std::shared_ptr<const run::Evaluator> local, const Conversation::Program& program);

  [[nodiscard]] std::optional<run::EvaluationResult> evaluate(
      const run::EvaluationRequest& request) const override;
  [[nodiscard]] std::optional<space::Score> measure_latency(
      const space::Architecture& architecture) const override;
  [[nodiscard]] std::int64_t checkpoint_step(const std::string& folder) const override;
  void remove_checkpoint(const std::string& folder) const override;
  [[nodiscard]] Json environment() const override;
  [[nodiscard]] std::int64_t total_steps(const space::Architecture& architecture) const override;

 private:
  class Turn;

  std::shared_ptr<const run::Evaluator> local_;
  std::vector<std::unique_ptr<DeviceProcess>> processes_;
  mutable std::mutex mutex_;
  mutable std::vector<int> running_;  ///< evaluations of each
};

struct DeviceModel {
  std::string device;  ///< "cuda:1"
  std::string model;   ///< "NVIDIA H100"
};
/// Throws Error(kConfig) that names the first two that differ.
void require_one_model(const std::vector<DeviceModel>& devices);

/// The devices that a configuration names, resolved. Throws Error(kDevice) for one that is not
/// there, Error(kConfig) when they are not all of one model.
[[nodiscard]] std::vector<std::string> devices_of_one_model(const config::RunConfig& config);

}  // namespace nas::engine
