#include "nas/core/log.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <string>

#include "nas/core/files.hpp"
#include "support/temporary_folder.hpp"

namespace nas {
namespace {

using testing::internal::CaptureStderr;
using testing::internal::CaptureStdout;
using testing::internal::GetCapturedStderr;
using testing::internal::GetCapturedStdout;

/// Logs to a terminal of our own and ends the process: 0 when the line came with colours, 1 when
/// without, 2 when not at all.
[[noreturn]] void log_to_terminal_and_exit() {
  const int terminal = ::posix_openpt(O_RDWR | O_NOCTTY);
  if (terminal < 0 || ::grantpt(terminal) != 0 || ::unlockpt(terminal) != 0) std::_Exit(3);
  const int other_end = ::open(::ptsname(terminal), O_RDWR | O_NOCTTY);
  if (other_end < 0 || ::dup2(other_end, STDERR_FILENO) < 0) std::_Exit(3);
  log_warning("look here");
  std::string line;
  pollfd readable{terminal, POLLIN, 0};
  // A terminal hands over what was written piece by piece.
  constexpr int kPatience = 5000;  // milliseconds
  while (line.find("look here") == std::string::npos) {
    char buffer[256];
    if (::poll(&readable, 1, kPatience) != 1) std::_Exit(2);
    const ssize_t count = ::read(terminal, buffer, sizeof buffer);
    if (count <= 0) std::_Exit(2);
    line.append(buffer, static_cast<std::size_t>(count));
  }
  std::_Exit(line.find('\x1b') != std::string::npos ? 0 : 1);
}

std::size_t count_of(const std::string& text, const std::string& part) {
  std::size_t count = 0;
  for (std::size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) {
    ++count;
  }
  return count;
}

TEST(Log, GoesToStderrInPlainTextWhereNoTerminalIs) {
  CaptureStderr();
  CaptureStdout();
  log_info("loss {} is 50 % of {0}");
  log_warning("careful");
  log_debug("below the level");
  const std::string err = GetCapturedStderr();
  EXPECT_NE(err.find("info    loss {} is 50 % of {0}\n"), std::string::npos) << err;
  EXPECT_NE(err.find("warning careful\n"), std::string::npos) << err;
  EXPECT_EQ(err.find("below the level"), std::string::npos) << err;
  EXPECT_EQ(err.find('\x1b'), std::string::npos) << err;
  EXPECT_EQ(GetCapturedStdout(), "");
}

TEST(Log, ColoursAreForTerminalsWithoutNoColor) {
  const int terminal_there = ::posix_openpt(O_RDWR | O_NOCTTY);
  if (terminal_there < 0) GTEST_SKIP() << "this system has no pseudo-terminals";
  ::close(terminal_there);
  // Colours are decided at the first line of a process, so each case is a process of its own.
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  const test::ScopedEnvironment terminal("TERM", "xterm");
  const test::ScopedEnvironment empty("NO_COLOR", "");
  EXPECT_EXIT(log_to_terminal_and_exit(), testing::ExitedWithCode(0), "");
  const test::ScopedEnvironment set("NO_COLOR", "1");
  EXPECT_EXIT(log_to_terminal_and_exit(), testing::ExitedWithCode(1), "");
  const test::ScopedEnvironment unset("NO_COLOR", "");
  const test::ScopedEnvironment dumb("TERM", "dumb");
  EXPECT_EXIT(log_to_terminal_and_exit(), testing::ExitedWithCode(1), "");
}

TEST(Log, TheLevelDecidesWhatReachesStderr) {
  CaptureStderr();
  set_log_level(LogLevel::kDebug);
  log_debug("seen");
  set_log_level(LogLevel::kError);
  log_warning("unseen");
  log(LogLevel::kError, "broken");
  set_log_level(LogLevel::kInfo);
  const std::string err = GetCapturedStderr();
  EXPECT_NE(err.find("debug   seen\n"), std::string::npos) << err;
  EXPECT_EQ(err.find("unseen"), std::string::npos) << err;
  EXPECT_NE(err.find("error   broken\n"), std::string::npos) << err;
}

TEST(Log, WarnsOnceForEachText) {
  CaptureStderr();
  for (int i = 0; i < 3; ++i) {
    log_warning_once("twice is too often");
    log_warning_once("another one");
  }
  const std::string err = GetCapturedStderr();
  EXPECT_EQ(count_of(err, "twice is too often"), 1U) << err;
  EXPECT_EQ(count_of(err, "another one"), 1U) << err;
}

TEST(Log, TheFileGetsEverythingAndIsAppendedTo) {
  const test::TemporaryFolder folder;
  const std::string path = folder.write("nas.log", "older line\n");
  CaptureStderr();
  open_log_file(path);
  log_debug("a detail");
  log_info("a fact");
  open_log_file(folder / "other.log");
  log_info("elsewhere");
  static_cast<void>(GetCapturedStderr());
  const std::string content = read_file(path);
  EXPECT_TRUE(content.starts_with("older line\n")) << content;
  EXPECT_NE(content.find("debug   a detail\n"), std::string::npos) << content;
  EXPECT_NE(content.find("info    a fact\n"), std::string::npos) << content;
  EXPECT_EQ(content.find("elsewhere"), std::string::npos) << content;
}

TEST(Log, AFileThatCannotBeOpenedIsAWarning) {
  CaptureStderr();
  open_log_file("/dev/null/nas.log");
  log_info("still here");
  const std::string err = GetCapturedStderr();
  EXPECT_NE(err.find("warning no log file: "), std::string::npos) << err;
  EXPECT_NE(err.find("/dev/null/nas.log"), std::string::npos) << err;
  EXPECT_NE(err.find("still here"), std::string::npos) << err;
}

TEST(Log, HooksStandAroundEveryLineOnStderr) {
  CaptureStderr();
  set_log_hooks([] { std::fputs("<", stderr); }, [] { std::fputs(">", stderr); });
  log_info("one");
  log_debug("not shown");
  set_log_hooks(nullptr, nullptr);
  log_info("two");
  const std::string err = GetCapturedStderr();
  EXPECT_TRUE(err.starts_with("<")) << err;
  EXPECT_NE(err.find("info    one\n>"), std::string::npos) << err;
  EXPECT_EQ(count_of(err, "<"), 1U) << err;
}

TEST(Log, AReceiverGetsEverythingInPlaceOfStderr) {
  std::string received;
  CaptureStderr();
  set_log_receiver([&](LogLevel level, std::string_view message, bool once) {
    received += std::to_string(static_cast<int>(level)) + std::string(message) + (once ? "!" : ".");
  });
  log_debug("a detail");
  log_warning_once("only once");
  log_warning_once("only once");
  set_log_receiver(nullptr);
  log_info("back again");
  const std::string err = GetCapturedStderr();
  EXPECT_EQ(received, "0a detail.2only once!");
  EXPECT_EQ(err.find("detail"), std::string::npos) << err;
  EXPECT_NE(err.find("back again"), std::string::npos) << err;
}

}  // namespace
}  // namespace nas
