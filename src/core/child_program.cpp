#include "nas/core/child_program.hpp"

#include <fcntl.h>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

#include "nas/core/error.hpp"

extern "C" char** environ;  // NOLINT(readability-identifier-naming): POSIX

namespace nas {
namespace {

Error system_error(const std::string& action, int reason) {
  return {ErrorKind::kInternal,
          "cannot " + action + ": " + std::generic_category().message(reason)};
}

/// An unnamed file in memory: takes any amount without a reader on the other side, as a pipe would
/// need.
class MemoryFile {
 public:
  MemoryFile() : descriptor_(::memfd_create("nas", MFD_CLOEXEC)) {
    if (descriptor_ < 0) throw system_error("make a file in memory", errno);
  }
  ~MemoryFile() { ::close(descriptor_); }
  MemoryFile(const MemoryFile&) = delete;
  MemoryFile& operator=(const MemoryFile&) = delete;

  [[nodiscard]] int descriptor() const { return descriptor_; }

  void write(std::string_view content) const {
    while (!content.empty()) {
      const ssize_t count = ::write(descriptor_, content.data(), content.size());
      if (count < 0 && errno != EINTR) throw system_error("write a file in memory", errno);
      if (count > 0) content.remove_prefix(static_cast<std::size_t>(count));
    }
    ::lseek(descriptor_, 0, SEEK_SET);
  }

  [[nodiscard]] std::string read() const {
    ::lseek(descriptor_, 0, SEEK_SET);
    std::string content;
    char block[65536];
    while (true) {
      const ssize_t count = ::read(descriptor_, block, sizeof block);
      if (count < 0 && errno == EINTR) continue;
      if (count < 0) throw system_error("read a file in memory", errno);
      if (count == 0) return content;
      content.append(block, static_cast<std::size_t>(count));
    }
  }

 private:
  int descriptor_;
};

/// Which files a child gets as its standard ones.
class SpawnActions {
 public:
  SpawnActions() { ::posix_spawn_file_actions_init(&actions_); }
  ~SpawnActions() { ::posix_spawn_file_actions_destroy(&actions_); }
  SpawnActions(const SpawnActions&) = delete;
  SpawnActions& operator=(const SpawnActions&) = delete;
  void connect(const MemoryFile& file, int standard) {
    ::posix_spawn_file_actions_adddup2(&actions_, file.descriptor(), standard);
  }
  [[nodiscard]] const posix_spawn_file_actions_t* get() const { return &actions_; }

 private:
  posix_spawn_file_actions_t actions_{};
};

int wait_for(pid_t child) {
  int status = 0;
  while (::waitpid(child, &status, 0) < 0) {
    if (errno != EINTR) throw system_error("wait for a program", errno);
  }
  return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

}  // namespace

ProgramResult run_program(const std::vector<std::string>& command, std::string_view input) {
  NAS_ASSERT(!command.empty());
  const MemoryFile in;
  const MemoryFile out;
  const MemoryFile errors;
  in.write(input);
  SpawnActions actions;
  actions.connect(in, STDIN_FILENO);
  actions.connect(out, STDOUT_FILENO);
  actions.connect(errors, STDERR_FILENO);
  std::vector<char*> arguments;
  arguments.reserve(command.size() + 1);
  for (const std::string& argument : command) {
    arguments.push_back(const_cast<char*>(argument.c_str()));  // exec changes none
  }
  arguments.push_back(nullptr);
  pid_t child = 0;
  const int reason =
      ::posix_spawnp(&child, command[0].c_str(), actions.get(), nullptr, arguments.data(), environ);
  if (reason != 0) throw system_error("start " + command[0], reason);
  const int exit_code = wait_for(child);
  return {exit_code, out.read(), errors.read()};
}

}  // namespace nas
