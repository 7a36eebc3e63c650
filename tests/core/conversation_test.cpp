#include "nas/core/conversation.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <csignal>
#include <thread>

#include "nas/core/error.hpp"
#include "nas/core/files.hpp"
#include "support/error_of.hpp"
#include "support/temporary_folder.hpp"

namespace nas {
namespace {

using Lines = std::vector<std::string>;

Conversation::Program shell(const std::string& script) { return {"/bin/sh", {"sh", "-c", script}}; }

Lines all_lines(Conversation& conversation) {
  Lines lines;
  while (true) {
    const std::optional<std::string> line = conversation.channel().read();
    if (!line) return lines;
    lines.push_back(*line);
  }
}

TEST(Conversation, CarriesLinesBothWays) {
  Conversation conversation({"/bin/cat", {"cat"}});
  EXPECT_TRUE(conversation.channel().write("first"));
  EXPECT_EQ(conversation.channel().read(), "first");
  EXPECT_TRUE(conversation.channel().write(""));
  EXPECT_EQ(conversation.channel().read(), "");
  conversation.channel().finish();
  EXPECT_EQ(conversation.channel().read(), std::nullopt);
  EXPECT_EQ(conversation.wait(), "ended with exit code 0");
  EXPECT_EQ(conversation.wait(), "ended with exit code 0");
}

TEST(Conversation, CarriesLinesLongerThanABufferFromSeveralThreads) {
  Conversation conversation({"/bin/cat", {"cat"}});
  constexpr std::size_t kLength = 300'000;
  std::vector<std::thread> writers;
  for (const char letter : {'a', 'b', 'c'}) {
    writers.emplace_back([&conversation, letter] {
      for (int i = 0; i < 5; ++i) {
        EXPECT_TRUE(conversation.channel().write(std::string(kLength, letter)));
      }
    });
  }
  for (int i = 0; i < 15; ++i) {
    const std::optional<std::string> line = conversation.channel().read();
    ASSERT_TRUE(line);
    EXPECT_EQ(*line, std::string(kLength, line->front()));
  }
  for (std::thread& writer : writers) writer.join();
}

TEST(Conversation, ALineThatWasNotEndedIsLost) {
  Conversation conversation(shell("printf 'whole\\nhalf'"));
  EXPECT_EQ(all_lines(conversation), Lines{"whole"});
}

TEST(Conversation, SaysHowTheProgramEnded) {
  EXPECT_EQ(Conversation(shell("exit 7")).wait(), "ended with exit code 7");
  EXPECT_EQ(Conversation(shell("kill -9 $$")).wait(), "was ended by signal 9 (Killed)");
}

TEST(Conversation, WritingToAProgramThatIsGoneIsNoSignal) {
  Conversation conversation(shell("exit 0"));
  conversation.wait();
  EXPECT_FALSE(conversation.channel().write("hello"));
}

TEST(Conversation, TheProgramIsSparedTheSignalsOfATerminal) {
  Conversation conversation(shell("echo ready; read line; echo still here"));
  EXPECT_EQ(conversation.channel().read(), "ready");
  for (const int signal_number : {SIGINT, SIGTERM, SIGUSR1}) {
    EXPECT_EQ(::kill(conversation.pid(), signal_number), 0);
  }
  EXPECT_TRUE(conversation.channel().write("go on"));
  EXPECT_EQ(conversation.channel().read(), "still here");
}

TEST(Conversation, TheProgramGetsNoOtherOpenFile) {
  const test::TemporaryFolder folder;
  const FileLock lock(folder / "lock", "busy");
  Conversation first({"/bin/cat", {"cat"}});
  Conversation second(shell("readlink /proc/$$/fd/0 /proc/$$/fd/2 /proc/$$/fd/*"));
  const Lines files = all_lines(second);
  ASSERT_GE(files.size(), 5U);
  for (const std::string& file : files) {
    EXPECT_EQ(file.find("lock"), std::string::npos);
    const bool is_shared = file == files[0] || file == files[1];
    EXPECT_TRUE(!file.starts_with("socket:") || is_shared) << file;
  }
}

TEST(Conversation, EndsWithItsObject) {
  pid_t pid = 0;
  {
    Conversation conversation({"/bin/cat", {"cat"}});
    pid = conversation.pid();
    EXPECT_EQ(::kill(pid, 0), 0);
  }
  EXPECT_NE(::kill(pid, 0), 0);
}

TEST(Conversation, AMissingProgramIsAnError) {
  EXPECT_EQ(test::message_of([] {
              Conversation({"/no/such/program", {"program"}});
              return 0;
            }),
            "cannot start /no/such/program: No such file or directory");
}

}  // namespace
}  // namespace nas
