#pragma once

#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <exception>
#include <functional>
#include <string>

namespace nas::store::testing {

/// How a child process ended and what it wrote.
struct ChildEnd {
  int signal = 0;     ///< that killed it, or 0
  int exit_code = 0;  ///< when no signal did
  std::string output;
};

/// A child process made by fork, without threads of its own yet.
class ChildProcess {
 public:
  using Say = std::function<void(const std::string&)>;

  /// The child runs `body`, which sends text to the parent through its argument. It exits with the
  /// body's result, or 99 and the message of what the body threw.
  explicit ChildProcess(const std::function<int(const Say&)>& body) {
    std::array<int, 2> ends{};
    if (::pipe(ends.data()) != 0) std::terminate();
    pid_ = ::fork();
    if (pid_ != 0) {
      ::close(ends[1]);
      output_ = ends[0];
      return;
    }
    ::close(ends[0]);
    const Say say = [&](const std::string& text) {
      if (::write(ends[1], text.data(), text.size()) < 0) ::_exit(98);
    };
    int code = 99;
    try {
      code = body(say);
    } catch (const std::exception& error) {
      say(error.what());
    }
    ::_exit(code);
  }
  ~ChildProcess() {
    if (pid_ > 0) {
      ::kill(pid_, SIGKILL);
      static_cast<void>(wait());
    }
  }
  ChildProcess(const ChildProcess&) = delete;
  ChildProcess& operator=(const ChildProcess&) = delete;

  /// One byte that the child said; 0 when it has ended.
  char next_byte() const {
    char byte = 0;
    return ::read(output_, &byte, 1) == 1 ? byte : '\0';
  }
  void kill() const { ::kill(pid_, SIGKILL); }

  ChildEnd wait() {
    ChildEnd end;
    std::array<char, 4096> block{};
    for (ssize_t count = 0; (count = ::read(output_, block.data(), block.size())) > 0;) {
      end.output.append(block.data(), static_cast<std::size_t>(count));
    }
    ::close(output_);
    int status = 0;
    ::waitpid(pid_, &status, 0);
    pid_ = -1;
    if (WIFSIGNALED(status)) end.signal = WTERMSIG(status);
    if (WIFEXITED(status)) end.exit_code = WEXITSTATUS(status);
    return end;
  }

 private:
  pid_t pid_ = -1;
  int output_ = -1;
};

}  // namespace nas::store::testing
