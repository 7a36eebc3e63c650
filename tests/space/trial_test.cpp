#include "nas/space/trial.hpp"

#include <gtest/gtest.h>

#include "support/error_of.hpp"

namespace nas::space {
namespace {

// The names of Optuna's TrialState.
TEST(TrialState, IsSpelledAsInOptuna) {
  EXPECT_STREQ(to_text(TrialState::kRunning), "RUNNING");
  EXPECT_STREQ(to_text(TrialState::kWaiting), "WAITING");
  EXPECT_STREQ(to_text(TrialState::kComplete), "COMPLETE");
  EXPECT_STREQ(to_text(TrialState::kPruned), "PRUNED");
  EXPECT_STREQ(to_text(TrialState::kFail), "FAIL");
}

TEST(TrialState, ReadsWhatItWrites) {
  for (const TrialState state : {TrialState::kRunning, TrialState::kWaiting, TrialState::kComplete,
                                 TrialState::kPruned, TrialState::kFail}) {
    EXPECT_EQ(trial_state_from_text(to_text(state)), state);
  }
  EXPECT_EQ(test::message_of([] { return trial_state_from_text("complete"); }),
            "trial state \"complete\": must be one of RUNNING, WAITING, COMPLETE, PRUNED, FAIL");
}

}  // namespace
}  // namespace nas::space
