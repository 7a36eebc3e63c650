#include "nas/core/interrupt.hpp"

#include <gtest/gtest.h>

#include <csignal>

namespace nas {
namespace {

class Interrupt : public testing::TestWithParam<std::pair<int, int>> {
 protected:
  void SetUp() override { clear_interrupt(); }
  void TearDown() override {
    clear_interrupt();
    for (const int number : {SIGINT, SIGTERM, SIGUSR1}) std::signal(number, SIG_DFL);
  }
};

INSTANTIATE_TEST_SUITE_P(Signals, Interrupt,
                         testing::Values(std::pair{SIGINT, 130}, std::pair{SIGTERM, 143},
                                         std::pair{SIGUSR1, 143}));

TEST_P(Interrupt, TheFirstSignalAsksForACleanStop) {
  install_interrupt_handlers();
  EXPECT_FALSE(interrupted());
  EXPECT_EQ(interrupt_exit_code(), 0);
  ASSERT_EQ(std::raise(GetParam().first), 0);
  EXPECT_TRUE(interrupted());
  EXPECT_EQ(interrupt_exit_code(), GetParam().second);
}

TEST_P(Interrupt, TheSecondSignalEndsTheProcess) {
  install_interrupt_handlers();
  const int number = GetParam().first;
  EXPECT_EXIT(
      {
        static_cast<void>(std::raise(SIGINT));
        static_cast<void>(std::raise(number));
      },
      testing::ExitedWithCode(128 + number), "");
}

TEST_P(Interrupt, CanBeRequestedFromInside) {
  request_interrupt(GetParam().first);
  EXPECT_TRUE(interrupted());
  EXPECT_EQ(interrupt_exit_code(), GetParam().second);
  clear_interrupt();
  EXPECT_FALSE(interrupted());
}

}  // namespace
}  // namespace nas
