#pragma once

#include <cstdint>
#include <exception>
#include <string>

#include "nas/core/error.hpp"
#include "nas/core/json.hpp"
#include "nas/core/log.hpp"
#include "nas/run/evaluator.hpp"

/// What the process of a study and that of one device say to each other: JSON, one message a line.
/// Every message is of a job, whose number the study's process chose, but for logging.
///
/// To the device: {"job", "config"} once and first; {"job", "evaluate"}, {"job", "latency_of"},
/// {"job", "stop"}.
/// From it: {"job", "step"}, {"job", "value": [step, value]}, {"job", "scalar": [name, step,
/// value]}; the last of a job is one of "ready" (to "config"), "result", "stopped" (nothing more to
/// be had, what was done is saved), "latency", "error". {"log"}: what is to be logged.
namespace nas::engine {

/// What the study's process is asked to be started with (run_device_worker of engine.hpp).
inline constexpr std::int64_t kConfigJob = 0;

/// As one line. Throws Error(kUsage) for bytes that are no UTF-8, as a path may hold.
[[nodiscard]] std::string message_line(const Json& message);
/// The same with such bytes, as of a system's message, replaced by U+FFFD.
[[nodiscard]] std::string lenient_message_line(const Json& message);
/// Throws Error(kInternal) for what is no message.
[[nodiscard]] Json message_from_line(const std::string& line);

/// An EvaluationRequest that came from another process; its callbacks are empty.
struct ReceivedRequest {
  space::Architecture architecture;
  run::EvaluationRequest request;  ///< its architecture is not set
  bool wants_scalars = false;
};
[[nodiscard]] Json request_to_json(const run::EvaluationRequest& request);
[[nodiscard]] ReceivedRequest request_from_json(const Json& json);

[[nodiscard]] Json result_to_json(const run::EvaluationResult& result);
[[nodiscard]] run::EvaluationResult result_from_json(const Json& json);

/// Any exception; what is no Error is kInternal.
[[nodiscard]] Json error_to_json(const std::exception_ptr& failure);
[[nodiscard]] Error error_from_json(const Json& json);

[[nodiscard]] Json log_to_json(LogLevel level, std::string_view message, bool once);
/// Logs it here.
void log_from_json(const Json& json);

}  // namespace nas::engine
