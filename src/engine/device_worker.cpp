#include <sys/prctl.h>

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdlib>
#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <nlohmann/json.hpp>
#include <optional>
#include <thread>

#include "nas/core/line_channel.hpp"
#include "nas/engine/engine.hpp"
#include "nas/space/outcome_json.hpp"
#include "nas/space/text.hpp"
#include "verbs.hpp"
#include "worker_messages.hpp"

namespace nas::engine {
namespace {

/// A step takes down to a millisecond, and its number is for people.
constexpr std::chrono::milliseconds kBetweenSteps{100};

/// Threads that are used again, as those of the search's loop are: LibTorch keeps state for each
/// thread. There are as many as jobs ran at once.
class JobThreads {
 public:
  void run(std::function<void()> job) {
    const std::scoped_lock lock(mutex_);
    waiting_.push_back(std::move(job));
    if (idle_ < waiting_.size()) {
      std::thread([this] { work(); }).detach();  // the process ends without joining anybody
      ++idle_;
    }
    changed_.notify_one();
  }

 private:
  [[noreturn]] void work() {
    std::unique_lock lock(mutex_);
    while (true) {
      changed_.wait(lock, [this] { return !waiting_.empty(); });
      const std::function<void()> job = std::move(waiting_.front());
      waiting_.pop_front();
      --idle_;
      lock.unlock();
      job();
      lock.lock();
      ++idle_;
    }
  }

  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<std::function<void()>> waiting_;
  std::size_t idle_ = 0;
};

/// What this process is told, and does.
class DeviceWorker {
 public:
  explicit DeviceWorker(LineChannel& channel) : channel_(channel) {}

  void take(const Json& message) {
    const auto number = message.at("job").get<std::int64_t>();
    if (message.contains("config")) {
      threads_.run([this, number, message] {
        answering(number, [&] { prepare(number, message.at("config")); });
      });
    } else if (message.contains("stop")) {
      const std::scoped_lock lock(mutex_);
      const auto job = stops_.find(number);
      if (job != stops_.end()) *job->second = true;
    } else {
      auto stop = std::make_shared<std::atomic<bool>>(false);
      {
        const std::scoped_lock lock(mutex_);
        stops_[number] = stop;
      }
      threads_.run([this, number, message, stop] {
        answering(number, [&] { work(number, message, *stop); });
        const std::scoped_lock lock(mutex_);
        stops_.erase(number);
      });
    }
  }

 private:
  void say(std::int64_t job, const char* what, Json content) {
    channel_.write(lenient_message_line({{"job", job}, {what, std::move(content)}}));
  }

  /// Whatever `action` throws is the job's answer.
  template <class Action>
  void answering(std::int64_t job, const Action& action) {
    try {
      action();
    } catch (...) {
      say(job, "error", error_to_json(std::current_exception()));
    }
  }

  void prepare(std::int64_t job, const Json& config) {
    evaluator_ = make_train_evaluator(
        config::config_from_json(config, JsonPositions("the study's process")));
    say(job, "ready", true);  // only then is anything else asked
  }

  void work(std::int64_t job, const Json& message, const std::atomic<bool>& stop) {
    NAS_ASSERT(evaluator_ != nullptr);
    if (message.contains("evaluate")) {
      evaluate(job, request_from_json(message.at("evaluate")), stop);
      return;
    }
    const space::Architecture architecture =
        space::architecture_from_json(message.at("latency_of"), JsonPositions("a request"));
    const std::optional<space::Score> latency = evaluator_->measure_latency(architecture);
    say(job, "latency", latency ? space::score_to_json(*latency) : Json());
  }

  void evaluate(std::int64_t job, ReceivedRequest received, const std::atomic<bool>& stop) {
    run::EvaluationRequest& request = received.request;
    request.architecture = &received.architecture;
    request.on_value = [&](std::int64_t step, double value) {
      say(job, "value", Json::array({step, space::number_to_json(value)}));
    };
    if (received.wants_scalars) {
      request.on_scalar = [&](const std::string& name, std::int64_t step, double value) {
        say(job, "scalar", Json::array({name, step, space::number_to_json(value)}));
      };
    }
    auto last = std::chrono::steady_clock::now() - kBetweenSteps;
    request.on_step = [&](std::int64_t step) {
      const auto now = std::chrono::steady_clock::now();
      if (now - last < kBetweenSteps) return;
      last = now;
      say(job, "step", step);
    };
    request.should_stop = [&] { return stop.load(); };
    const std::optional<run::EvaluationResult> result = evaluator_->evaluate(request);
    if (result) {
      say(job, "result", result_to_json(*result));
    } else {
      say(job, "stopped", true);
    }
  }

  LineChannel& channel_;
  std::shared_ptr<const run::Evaluator> evaluator_;
  JobThreads threads_;
  std::mutex mutex_;
  std::map<std::int64_t, std::shared_ptr<std::atomic<bool>>> stops_;  ///< of the jobs that run
};

}  // namespace

void run_device_worker() {
  ::prctl(PR_SET_NAME, "nas-engine");  // it was started as /proc/self/exe
  const std::unique_ptr<LineChannel> channel = channel_to_parent();
  set_log_receiver([&](LogLevel level, std::string_view message, bool once) {
    channel->write(lenient_message_line(log_to_json(level, message, once)));
  });
  DeviceWorker worker(*channel);
  while (true) {
    const std::optional<std::string> line = channel->read();
    if (!line) break;
    worker.take(message_from_line(*line));
  }
  // Files are left as a kill would leave them, which every reader of them expects; threads that
  // still train are not waited for.
  std::_Exit(0);
}

}  // namespace nas::engine
