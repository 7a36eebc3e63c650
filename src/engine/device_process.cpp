#include "device_process.hpp"

#include <chrono>
#include <nlohmann/json.hpp>
#include <utility>

#include "nas/core/error.hpp"
#include "nas/space/outcome_json.hpp"
#include "nas/space/text.hpp"
#include "worker_messages.hpp"

namespace nas::engine {
namespace {

/// How long a wish to stop may go unseen.
constexpr std::chrono::milliseconds kMoment{20};

}  // namespace

/// A number for which messages are kept. Left before its end, as when a callback throws, the
/// process is told to stop it.
class DeviceProcess::Job {
 public:
  Job(DeviceProcess& process, std::int64_t number) : process_(process), number_(number) {}
  ~Job() {
    {
      const std::scoped_lock lock(process_.mutex_);
      process_.jobs_.erase(number_);
    }
    if (!has_ended_) stop();
  }
  Job(const Job&) = delete;
  Job& operator=(const Job&) = delete;

  [[nodiscard]] std::int64_t number() const { return number_; }
  void stop() const {
    process_.conversation_.channel().write(message_line({{"job", number_}, {"stop", true}}));
  }
  void set_ended() { has_ended_ = true; }

 private:
  DeviceProcess& process_;
  std::int64_t number_;
  bool has_ended_ = false;
};

DeviceProcess::DeviceProcess(const config::RunConfig& config, const Conversation::Program& program)
    : device_(config.device), conversation_(program) {
  jobs_[kConfigJob];
  const std::string line = message_line({{"job", kConfigJob}, {"config", to_json(config)}});
  listener_ = std::thread([this] { listen(); });
  conversation_.channel().write(line);
}

DeviceProcess::~DeviceProcess() {
  conversation_.end();
  listener_.join();
}

void DeviceProcess::listen() {
  while (true) {
    const std::optional<std::string> line = conversation_.channel().read();
    if (!line) break;
    try {
      receive(message_from_line(*line));
    } catch (const std::exception& error) {
      log_warning(device_ + " said what is not understood: " + error.what());
    }
  }
  std::string ending = conversation_.wait();
  const std::scoped_lock lock(mutex_);
  ending_ = std::move(ending);
  arrived_.notify_all();
}

void DeviceProcess::receive(Json message) {
  if (message.contains("log")) {
    log_from_json(message.at("log"));
    return;
  }
  const auto number = message.at("job").get<std::int64_t>();
  const std::scoped_lock lock(mutex_);
  const auto job = jobs_.find(number);
  if (job == jobs_.end()) return;  // nobody waits for it any more
  job->second.push_back(std::move(message));
  arrived_.notify_all();
}

DeviceProcess::Messages DeviceProcess::next_messages(std::int64_t job, bool wait_for_ever) {
  std::unique_lock lock(mutex_);
  const auto is_there = [&] { return !jobs_.at(job).empty() || ending_; };
  if (wait_for_ever) {
    arrived_.wait(lock, is_there);
  } else {
    arrived_.wait_for(lock, kMoment, is_there);
  }
  Messages messages = std::exchange(jobs_.at(job), {});
  if (messages.empty() && ending_) {
    throw Error(ErrorKind::kDevice, "the process of device \"" + device_ + "\" " + *ending_ +
                                        " before its work was done");
  }
  return messages;
}

void DeviceProcess::ask(Json request, const std::function<bool(Json&)>& take,
                        const std::function<bool()>& should_stop) {
  std::int64_t number = kConfigJob;
  if (!request.is_null()) {
    const std::scoped_lock lock(mutex_);
    number = next_job_++;
    jobs_[number];
  }
  Job job(*this, number);
  if (!request.is_null()) {
    request["job"] = number;
    conversation_.channel().write(message_line(request));
  }
  bool stopping = false;
  while (true) {
    if (should_stop && !stopping && should_stop()) {
      job.stop();
      stopping = true;
    }
    for (Json& message : next_messages(number, !should_stop || stopping)) {
      if (const auto error = message.find("error"); error != message.end()) {
        job.set_ended();
        throw error_from_json(*error);
      }
      if (take(message)) {
        job.set_ended();
        return;
      }
    }
  }
}

void DeviceProcess::wait_until_ready() {
  ask(nullptr, [](const Json& message) { return message.contains("ready"); });
}

std::optional<run::EvaluationResult> DeviceProcess::evaluate(
    const run::EvaluationRequest& request) {
  std::optional<run::EvaluationResult> result;
  const auto take = [&](Json& message) {
    const auto is = [&](const char* kind) { return message.contains(kind); };
    if (is("step")) {
      if (request.on_step) request.on_step(message["step"].get<std::int64_t>());
    } else if (is("value")) {
      const Json& value = message["value"];
      if (request.on_value) {
        request.on_value(value.at(0).get<std::int64_t>(), space::number_from_json(value.at(1)));
      }
    } else if (is("scalar")) {
      const Json& scalar = message["scalar"];
      if (request.on_scalar) {
        request.on_scalar(scalar.at(0).get<std::string>(), scalar.at(1).get<std::int64_t>(),
                          space::number_from_json(scalar.at(2)));
      }
    } else if (is("result")) {
      result = result_from_json(message["result"]);
      return true;
    }
    return is("stopped");
  };
  ask({{"evaluate", request_to_json(request)}}, take, request.should_stop);
  return result;
}

std::optional<space::Score> DeviceProcess::measure_latency(
    const space::Architecture& architecture) {
  std::optional<space::Score> score;
  ask({{"latency_of", to_json(architecture)}}, [&](const Json& message) {
    if (!message.contains("latency")) return false;
    const Json& latency = message.at("latency");
    if (!latency.is_null()) score = space::score_from_json(latency);
    return true;
  });
  return score;
}

}  // namespace nas::engine
