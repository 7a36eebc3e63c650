#pragma once

#include <sys/types.h>

#include <chrono>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "nas/core/line_channel.hpp"

namespace nas {

/// A program that runs beside this one and speaks with it in lines: what it is told comes to its
/// stdin, what it says is its stdout; its stderr is ours. It gets no other open file of this
/// process. It never sees SIGINT, SIGTERM or SIGUSR1, which a terminal or a batch system sends to
/// the whole group: when it is to end, its stdin ends.
class Conversation {
 public:
  struct Program {
    std::string path;
    std::vector<std::string> arguments;  ///< the first is its name in lists of processes
  };

  /// Starts it. Throws Error(kInternal) when that cannot be.
  explicit Conversation(const Program& program);
  /// As end().
  ~Conversation();
  Conversation(const Conversation&) = delete;
  Conversation& operator=(const Conversation&) = delete;

  [[nodiscard]] LineChannel& channel() { return *channel_; }
  [[nodiscard]] pid_t pid() const { return pid_; }

  /// Waits until it has ended. How, to follow its name: "ended with exit code 3", "was ended by
  /// signal 9 (Killed)".
  std::string wait();

  /// Ends its stdin and waits; kills it when it has not ended after a while.
  void end();

 private:
  [[nodiscard]] bool ends_within(std::chrono::milliseconds patience) const;

  std::unique_ptr<LineChannel> channel_;
  pid_t pid_ = 0;
  std::mutex mutex_;
  std::optional<std::string> ending_;  ///< once it has been waited for
};

}  // namespace nas
