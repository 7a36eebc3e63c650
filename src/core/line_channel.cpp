#include "nas/core/line_channel.hpp"

#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <system_error>

#include "nas/core/error.hpp"

namespace nas {
namespace {

/// A socket whose other end is gone must not end this process by SIGPIPE.
ssize_t send_some(int descriptor, std::string_view bytes) {
  const ssize_t count = ::send(descriptor, bytes.data(), bytes.size(), MSG_NOSIGNAL);
  if (count >= 0 || errno != ENOTSOCK) return count;
  return ::write(descriptor, bytes.data(), bytes.size());  // a pipe, where a person plays parent
}

int copy_of(int descriptor) {
  const int copy = ::fcntl(descriptor, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
  if (copy < 0) {
    throw Error(ErrorKind::kInternal,
                "cannot talk to the parent process: " + std::generic_category().message(errno));
  }
  return copy;
}

}  // namespace

LineChannel::~LineChannel() {
  ::close(input_);
  if (output_ != input_) ::close(output_);
}

bool LineChannel::write(std::string_view line) {
  const std::string text = std::string(line) + "\n";
  std::string_view rest = text;
  const std::scoped_lock lock(writing_);
  while (!rest.empty()) {
    const ssize_t count = send_some(output_, rest);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return false;
    rest.remove_prefix(static_cast<std::size_t>(count));
  }
  return true;
}

std::optional<std::string> LineChannel::read() {
  std::size_t searched = begin_;
  while (true) {
    const std::size_t end = received_.find('\n', searched);
    if (end != std::string::npos) {
      std::string line = received_.substr(begin_, end - begin_);
      begin_ = end + 1;
      return line;
    }
    received_.erase(0, begin_);
    begin_ = 0;
    searched = received_.size();
    char block[65536];
    const ssize_t count = ::read(input_, block, sizeof block);
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) return std::nullopt;
    received_.append(block, static_cast<std::size_t>(count));
  }
}

void LineChannel::finish() const { ::shutdown(output_, SHUT_WR); }

std::unique_ptr<LineChannel> channel_to_parent() {
  // Lines end with the parent too, but nobody may be there to read them for a while.
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  auto channel = std::make_unique<LineChannel>(copy_of(STDIN_FILENO), copy_of(STDOUT_FILENO));
  ::dup2(STDERR_FILENO, STDOUT_FILENO);
  if (const int nothing = ::open("/dev/null", O_RDONLY | O_CLOEXEC); nothing >= 0) {
    ::dup2(nothing, STDIN_FILENO);
    ::close(nothing);
  }
  return channel;
}

}  // namespace nas
