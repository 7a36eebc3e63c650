#include "nas/core/conversation.hpp"

#include <spawn.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstring>
#include <system_error>
#include <thread>

#include "core/system_error.hpp"
#include "nas/core/error.hpp"

extern "C" char** environ;  // NOLINT(readability-identifier-naming): POSIX

namespace nas {
namespace {

constexpr std::chrono::milliseconds kPatience{10'000};  ///< with a program that is to end

Error start_error(const std::string& path, int reason) {
  return {ErrorKind::kInternal,
          "cannot start " + path + ": " + std::generic_category().message(reason)};
}

/// What posix_spawn is told: stdin, stdout and the signals that do not come through.
class SpawnSettings {
 public:
  explicit SpawnSettings(int descriptor) {
    ::posix_spawn_file_actions_init(&actions_);
    ::posix_spawn_file_actions_adddup2(&actions_, descriptor, STDIN_FILENO);
    ::posix_spawn_file_actions_adddup2(&actions_, descriptor, STDOUT_FILENO);
    ::posix_spawnattr_init(&attributes_);
    sigset_t blocked;
    sigemptyset(&blocked);
    for (const int signal_number : {SIGINT, SIGTERM, SIGUSR1}) sigaddset(&blocked, signal_number);
    ::posix_spawnattr_setsigmask(&attributes_, &blocked);
    ::posix_spawnattr_setflags(&attributes_, POSIX_SPAWN_SETSIGMASK);
  }
  ~SpawnSettings() {
    ::posix_spawn_file_actions_destroy(&actions_);
    ::posix_spawnattr_destroy(&attributes_);
  }
  SpawnSettings(const SpawnSettings&) = delete;
  SpawnSettings& operator=(const SpawnSettings&) = delete;
  [[nodiscard]] const posix_spawn_file_actions_t* actions() const { return &actions_; }
  [[nodiscard]] const posix_spawnattr_t* attributes() const { return &attributes_; }

 private:
  posix_spawn_file_actions_t actions_{};
  posix_spawnattr_t attributes_{};
};

std::string ending_of(int status) {
  if (!WIFSIGNALED(status)) return "ended with exit code " + std::to_string(WEXITSTATUS(status));
  const int signal_number = WTERMSIG(status);
  const char* name = ::sigdescr_np(signal_number);
  return "was ended by signal " + std::to_string(signal_number) +
         (name == nullptr ? "" : " (" + std::string(name) + ")");
}

}  // namespace

Conversation::Conversation(const Program& program) {
  NAS_ASSERT(!program.arguments.empty());
  int ends[2];
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0) {
    throw start_error(program.path, errno);
  }
  channel_ = std::make_unique<LineChannel>(ends[0], ends[0]);
  const detail::Descriptor theirs(ends[1]);
  const SpawnSettings settings(theirs.get());
  std::vector<char*> arguments;
  arguments.reserve(program.arguments.size() + 1);
  for (const std::string& argument : program.arguments) {
    arguments.push_back(const_cast<char*>(argument.c_str()));  // exec changes none
  }
  arguments.push_back(nullptr);
  const int reason = ::posix_spawn(&pid_, program.path.c_str(), settings.actions(),
                                   settings.attributes(), arguments.data(), environ);
  if (reason != 0) throw start_error(program.path, reason);
}

Conversation::~Conversation() { end(); }

std::string Conversation::wait() {
  // Until it is waited for below, its id belongs to nobody else: end() may kill it meanwhile.
  siginfo_t seen{};
  while (::waitid(P_PID, static_cast<id_t>(pid_), &seen, WEXITED | WNOWAIT) != 0 &&
         errno == EINTR) {
  }
  const std::scoped_lock lock(mutex_);
  if (!ending_) {
    int status = 0;
    while (::waitpid(pid_, &status, 0) < 0 && errno == EINTR) {
    }
    ending_ = ending_of(status);
  }
  return *ending_;
}

void Conversation::end() {
  channel_->finish();
  if (!ends_within(kPatience)) {
    const std::scoped_lock lock(mutex_);
    if (!ending_) ::kill(pid_, SIGKILL);
  }
  wait();
}

bool Conversation::ends_within(std::chrono::milliseconds patience) const {
  const auto start = std::chrono::steady_clock::now();
  while (std::chrono::steady_clock::now() - start < patience) {
    siginfo_t seen{};
    const int found = ::waitid(P_PID, static_cast<id_t>(pid_), &seen, WEXITED | WNOWAIT | WNOHANG);
    if (found != 0 || seen.si_pid == pid_) return true;  // ended, or waited for already
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  return false;
}

}  // namespace nas
