#include "engine/admission.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <optional>
#include <thread>
#include <vector>

namespace nas::engine {
namespace {

using Ticket = std::unique_ptr<Admission::Ticket>;

/// Asks in a thread of its own; got() says whether it is in.
class Asking {
 public:
  Asking(Admission& admission, double bytes)
      : thread_([this, &admission, bytes] {
          ticket_ = admission.admit(bytes, [this] { return stops_.load(); });
          is_answered_ = true;
        }) {}
  void stop() { stops_ = true; }
  [[nodiscard]] bool is_answered() const { return is_answered_; }
  /// Its ticket, once it has an answer.
  Ticket take() {
    thread_.join();
    return std::move(ticket_);
  }

 private:
  std::atomic<bool> stops_{false};
  std::atomic<bool> is_answered_{false};
  Ticket ticket_;
  std::jthread thread_;
};

void wait_a_little() { std::this_thread::sleep_for(std::chrono::milliseconds(30)); }

TEST(Admission, LetsInWhatFitsTogether) {
  Admission admission(10);
  const Ticket four = admission.admit(4, {});
  EXPECT_FALSE(four->was_accompanied());
  Ticket six = admission.admit(6, {});
  EXPECT_TRUE(four->was_accompanied());
  EXPECT_TRUE(six->was_accompanied());
  Asking one(admission, 1);
  wait_a_little();
  EXPECT_FALSE(one.is_answered());
  six.reset();
  EXPECT_NE(one.take(), nullptr);
}

TEST(Admission, SaysWhenItIsEmpty) {
  int times = 0;
  Admission admission(10, [&] { ++times; });
  {
    const Ticket four = admission.admit(4, {});
    admission.admit(6, {}).reset();
    EXPECT_EQ(times, 0);
  }
  EXPECT_EQ(times, 1);
  admission.admit(1, {}).reset();
  EXPECT_EQ(times, 2);
}

TEST(Admission, KeepsTheOrderOfAsking) {
  Admission admission(10);
  Ticket eight = admission.admit(8, {});
  Asking nine(admission, 9);
  wait_a_little();
  Asking one(admission, 1);  // would fit now, and would let the large one starve
  wait_a_little();
  EXPECT_FALSE(one.is_answered());
  eight.reset();
  const Ticket large = nine.take();
  EXPECT_NE(large, nullptr);
  EXPECT_NE(one.take(), nullptr);
}

TEST(Admission, WhatFitsNowhereGoesInAlone) {
  Admission admission(10);
  Ticket huge = admission.admit(1000, {});
  EXPECT_FALSE(huge->was_accompanied());
  Asking one(admission, 1);
  wait_a_little();
  EXPECT_FALSE(one.is_answered());
  EXPECT_FALSE(huge->was_accompanied());
  huge.reset();
  EXPECT_NE(one.take(), nullptr);
}

TEST(Admission, OneAskedForAloneStaysAlone) {
  Admission admission(10);
  Ticket alone = admission.admit_alone({});
  Asking other(admission, 1);
  wait_a_little();
  EXPECT_FALSE(other.is_answered());
  EXPECT_FALSE(alone->was_accompanied());
  alone.reset();
  Ticket one = other.take();
  std::atomic<bool> stops{false};
  const Ticket nobody = admission.admit(1, [&] { return stops.exchange(true); });
  EXPECT_NE(nobody, nullptr) << "what fits is not asked to stop";
}

TEST(Admission, GivesUpWhenToldSoAndLetsTheNextOnePass) {
  Admission admission(10);
  const Ticket nine = admission.admit(9, {});
  Asking two(admission, 2);
  wait_a_little();
  Asking one(admission, 1);
  two.stop();
  EXPECT_EQ(two.take(), nullptr);
  EXPECT_NE(one.take(), nullptr);
}

TEST(Admission, ManyThreadsNeverExceedTheCapacity) {
  Admission admission(10);
  std::atomic<int> used{0};
  std::atomic<int> largest{0};
  {
    std::vector<std::jthread> threads;
    threads.reserve(8);
    for (int i = 0; i < 8; ++i) {
      threads.emplace_back([&, i] {
        for (int round = 0; round < 50; ++round) {
          const int bytes = 1 + (i + round) % 7;
          const Ticket ticket = admission.admit(bytes, {});
          const int now = used += bytes;
          int seen = largest;
          while (now > seen && !largest.compare_exchange_weak(seen, now)) {
          }
          std::this_thread::sleep_for(std::chrono::microseconds(200));
          used -= bytes;
        }
      });
    }
  }
  EXPECT_LE(largest, 10);
  EXPECT_GT(largest, 7) << "several were in at a time";
}

}  // namespace
}  // namespace nas::engine
