#pragma once

#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

namespace nas {

/// Lines of text to and from another process.
class LineChannel {
 public:
  /// Takes over a descriptor to read from and one to write to, which may be the same.
  LineChannel(int input, int output) : input_(input), output_(output) {}
  ~LineChannel();
  LineChannel(const LineChannel&) = delete;
  LineChannel& operator=(const LineChannel&) = delete;

  /// Sends a line, which holds no newline itself, whole. False when the other side is gone. Threads
  /// may call it at the same time.
  bool write(std::string_view line);

  /// The next line without its newline; waits for it. Nothing at the end, and a last line without a
  /// newline is lost: its writer died in the middle of it. For one thread at a time.
  [[nodiscard]] std::optional<std::string> read();

  /// Tells the other side that no more comes, where both descriptors are one socket.
  void finish() const;

 private:
  int input_;
  int output_;
  std::mutex writing_;
  std::string received_;   ///< and not yet read
  std::size_t begin_ = 0;  ///< of what is not yet read in it
};

/// The other end of a Conversation (conversation.hpp), in the program that it started: its stdin
/// and stdout, once in a process. What this process prints to stdout from then on goes to stderr,
/// and it is killed as soon as the thread that started it ends.
[[nodiscard]] std::unique_ptr<LineChannel> channel_to_parent();

}  // namespace nas
