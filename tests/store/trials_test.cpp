#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>

#include "nas/store/study.hpp"
#include "store/example_study.hpp"
#include "store/transaction.hpp"
#include "support/error_of.hpp"
#include "support/temporary_folder.hpp"

namespace nas::store {
namespace {

using space::Outcome;
using space::Trial;
using space::TrialState;
using test::error_of;
using test::TemporaryFolder;
using testing::describe;
using testing::example_candidate;
using testing::example_header;
using testing::example_space;
using testing::make_outcome;

constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

class StoredTrials : public ::testing::Test {
 protected:
  void begin(std::int64_t number) {
    study_.begin_trial(number, example_candidate(number), example_space(), Json::object());
  }
  /// The trial as another process reads it.
  [[nodiscard]] Trial read_back(std::int64_t number) const {
    return Study::open(folder_.path(), Study::Access::kRead)
        .trials()
        .at(static_cast<std::size_t>(number));
  }
  /// Begins and ends the next trial; what was read back, as text, and what should have been.
  void expect_same(const Outcome& outcome) {
    const std::int64_t number = next_++;
    begin(number);
    study_.finish_trial(number, outcome, {}, {});
    const Trial given{number, example_candidate(number), outcome};
    EXPECT_EQ(describe(read_back(number)), describe(given));
  }

  TemporaryFolder folder_;
  Study study_ = Study::create(folder_.path(), example_header());
  std::int64_t next_ = 0;
};

TEST_F(StoredTrials, CandidateIsReadBackWhole) {
  space::Candidate candidate = example_candidate(0);
  candidate.parents = {5, 7};
  candidate.duplicate_of = 3;
  candidate.origin = "cross\"over é";
  study_.begin_trial(0, candidate, example_space(), {{"duplicate", 4}});
  const Trial trial = read_back(0);
  EXPECT_EQ(trial.outcome.state, TrialState::kRunning);
  EXPECT_TRUE(trial.candidate.sample == candidate.sample);
  EXPECT_TRUE(trial.candidate.architecture == candidate.architecture);
  EXPECT_EQ(describe(trial), describe(Trial{0, candidate, make_outcome(TrialState::kRunning)}));
  EXPECT_EQ(study_.trial_attribute(0, "redrawn").dump(), R"({"duplicate":4})");
  EXPECT_EQ(study_.trial_attribute(0, "hash"), candidate.hash.hex());
  EXPECT_TRUE(study_.trial_attribute(0, "weights_hash").is_null());
}

TEST_F(StoredTrials, ManyRandomCandidates) {
  for (std::int64_t number = 0; number < 40; ++number) begin(number);
  const std::vector<Trial> trials = study_.trials();
  ASSERT_EQ(trials.size(), 40U);
  for (const Trial& trial : trials) {
    const space::Candidate expected = example_candidate(trial.number);
    EXPECT_TRUE(trial.candidate.sample == expected.sample) << trial.number;
    EXPECT_TRUE(trial.candidate.architecture == expected.architecture) << trial.number;
    EXPECT_EQ(hash_of(trial.candidate.architecture), expected.hash) << trial.number;
  }
}

TEST_F(StoredTrials, EveryStateAndReason) {
  expect_same(testing::example_outcome(0));
  Outcome pruned = make_outcome(TrialState::kPruned, "hurdle", kNan, {{10, 3.9}, {20, 3.5}});
  pruned.detail = "3.5 above the bar 3.1 at step 20";
  expect_same(pruned);
  expect_same(make_outcome(TrialState::kPruned, "constraint"));
  expect_same(make_outcome(TrialState::kFail, "nan", kNan, {{10, kNan}}));
  Outcome failed = make_outcome(TrialState::kFail, "oom");
  failed.seconds = 1e-9;
  expect_same(failed);
}

TEST_F(StoredTrials, NumbersKeepTheirBits) {
  for (const double value : {kInfinity, -kInfinity, 0.0, 0.1, 1.0 / 3, 5e-324,
                             std::numeric_limits<double>::max(), 123456789012345680.0, -2.5, 3.0}) {
    Outcome outcome = make_outcome(TrialState::kComplete, "", value,
                                   {{1, value}, {2, kNan}, {3, value == 0 ? 0 : -value}});
    outcome.scores = {{"a", value, "u", kNan, ""}, {"b", kNan, "", -value, "p"}};
    outcome.seconds = value;
    expect_same(outcome);
  }
  // A value that is not the objective's is kept too.
  expect_same(make_outcome(TrialState::kPruned, "hurdle", 0.25, {{1, kInfinity}}));
  expect_same(make_outcome(TrialState::kFail, "nan", -kInfinity));
}

TEST(StoredTrialsOfSeveralObjectives, KeepEveryValueAndRefuseTooFew) {
  const TemporaryFolder folder;
  StudyHeader header = example_header();
  header.further_objectives = {{"params", true}, {"latency_us", false}};
  Study study = Study::create(folder.path(), header);
  for (std::int64_t number = 0; number < 2; ++number) {
    study.begin_trial(number, example_candidate(number), example_space(), Json::object());
  }
  Outcome outcome = make_outcome(TrialState::kComplete, "", 0.1, {{4, 0.3}});
  outcome.further_values = {1.0 / 3, -kInfinity};
  study.finish_trial(0, outcome, {}, {});
  EXPECT_EQ(study.trials()[0].outcome.further_values, outcome.further_values);
  EXPECT_EQ(study.trials()[0].outcome.value, 0.1);

  outcome.further_values.pop_back();
  EXPECT_EQ(error_of([&] { study.finish_trial(1, outcome, {}, {}); })->kind(),
            ErrorKind::kInternal);
  outcome.further_values = {1, kNan};
  EXPECT_EQ(error_of([&] { study.finish_trial(1, outcome, {}, {}); })->kind(),
            ErrorKind::kInternal);
  outcome = make_outcome(TrialState::kPruned, "hurdle", kNan, {{4, 0.5}});
  study.finish_trial(1, outcome, {}, {});
  EXPECT_EQ(describe(study.trials()[1]), describe(Trial{1, example_candidate(1), outcome}));
}

TEST_F(StoredTrials, ZeroLosesItsSign) {
  begin(0);
  study_.finish_trial(0, make_outcome(TrialState::kComplete, "", -0.0, {{1, -0.0}}), {}, {});
  const Outcome outcome = read_back(0).outcome;
  EXPECT_EQ(outcome.value, 0.0);
  EXPECT_FALSE(std::signbit(outcome.value));
  EXPECT_FALSE(std::signbit(outcome.intermediate[0].second));
}

TEST_F(StoredTrials, RandomNumbersKeepTheirBits) {
  constexpr std::uint64_t kSeed = 7;
  SCOPED_TRACE("seed " + std::to_string(kSeed));
  DrawCursor cursor({kSeed, Purpose::kTest, 0, 0});
  begin(0);
  std::vector<std::pair<std::int64_t, double>> given;
  while (given.size() < 300) {
    const std::uint64_t bits = (std::uint64_t{cursor.bits()} << 32U) | cursor.bits();
    const auto value = std::bit_cast<double>(bits);
    if (std::isnan(value)) continue;
    given.emplace_back(static_cast<std::int64_t>(given.size()), value);
  }
  study_.finish_trial(0, make_outcome(TrialState::kComplete, "", 1, given), {}, {});
  const Outcome outcome = read_back(0).outcome;
  ASSERT_EQ(outcome.intermediate.size(), given.size());
  for (std::size_t i = 0; i < given.size(); ++i) {
    EXPECT_EQ(std::bit_cast<std::uint64_t>(outcome.intermediate[i].second),
              std::bit_cast<std::uint64_t>(given[i].second));
  }
}

TEST_F(StoredTrials, TextOfAnyKind) {
  Outcome outcome = make_outcome(TrialState::kFail, "nan");
  outcome.detail = "a\nb\t\"c\" 'd' \\ é \x7f";
  expect_same(outcome);
  begin(next_);
  outcome.detail = "not UTF-8: \xff!";
  study_.finish_trial(next_, outcome, {}, {});
  EXPECT_EQ(read_back(next_).outcome.detail, "not UTF-8: \xEF\xBF\xBD!");
}

TEST_F(StoredTrials, ReportedValuesAreRepeatedAndMerged) {
  begin(0);
  study_.report(0, 20, 2.0);
  study_.report(0, 10, 1.0);
  study_.report(0, 20, 2.0);
  study_.report(0, 30, kNan);
  const auto reported = read_back(0).outcome.intermediate;
  ASSERT_EQ(reported.size(), 3U);
  EXPECT_EQ(reported[0], (std::pair<std::int64_t, double>{10, 1.0}));
  EXPECT_EQ(reported[1], (std::pair<std::int64_t, double>{20, 2.0}));
  EXPECT_TRUE(std::isnan(reported[2].second));
  study_.finish_trial(0, make_outcome(TrialState::kComplete, "", 4, {{30, 3.0}}), {}, {});
  EXPECT_EQ(read_back(0).outcome.intermediate.size(), 3U);
  EXPECT_EQ(read_back(0).outcome.intermediate[2].second, 3.0);
}

TEST_F(StoredTrials, AttributesOfATrial) {
  begin(0);
  study_.set_trial_attribute(0, "measured", {{"us", 1.5}});
  study_.set_trial_attribute(0, "measured", {{"us", 2.5}});
  study_.finish_trial(0, testing::example_outcome(0), {}, {{"weights_hash", "ff"}, {"n", nullptr}});
  EXPECT_EQ(study_.trial_attribute(0, "measured").dump(), R"({"us":2.5})");
  EXPECT_EQ(study_.trial_attribute(0, "weights_hash"), "ff");
  EXPECT_TRUE(study_.trial_attribute(0, "n").is_null());
  EXPECT_THROW(study_.set_trial_attribute(0, "arch", 1), Error);
  EXPECT_THROW(static_cast<void>(study_.trial_attribute(1, "measured")), Error);
}

TEST_F(StoredTrials, AttemptsCountDeathsWithoutProgress) {
  const auto expect = [&](std::int64_t count, std::int64_t without, std::int64_t step) {
    const Attempt attempt = study_.attempt(0);
    EXPECT_EQ(attempt.count, count);
    EXPECT_EQ(attempt.without_progress, without);
    EXPECT_EQ(attempt.checkpoint_step, step);
  };
  const auto die_and_resume = [&](std::int64_t step) {
    // The next process that opens for writing requeues; here its doing is written by hand.
    Connection connection(folder_ / "study.db", Connection::Mode::kReadWrite);
    connection.session() << "UPDATE trials SET state = 'WAITING'";
    study_.resume_trial(0, step);
  };
  begin(0);
  expect(1, 0, 0);
  die_and_resume(0);
  expect(2, 1, 0);
  die_and_resume(0);
  expect(3, 2, 0);
  die_and_resume(50);
  expect(4, 0, 50);
  die_and_resume(50);
  expect(5, 1, 50);
  study_.requeue_trial(0);  // A clean stop is no death.
  study_.resume_trial(0, 50);
  expect(6, 1, 50);
  study_.requeue_trial(0);
  study_.resume_trial(0, 60);
  expect(7, 0, 60);
  die_and_resume(60);
  expect(8, 1, 60);
}

TEST_F(StoredTrials, RunningTrialsWaitAfterTheProcess) {
  for (std::int64_t number = 0; number < 3; ++number) begin(number);
  study_.finish_trial(1, testing::example_outcome(1), {}, {});
  study_.report(2, 10, 0.5);
  { const Study moved = std::move(study_); }
  EXPECT_EQ(read_back(0).outcome.state, TrialState::kRunning);
  Study again = Study::open(folder_.path(), Study::Access::kWrite);
  const std::vector<Trial> trials = again.trials();
  EXPECT_EQ(trials[0].outcome.state, TrialState::kWaiting);
  EXPECT_EQ(trials[1].outcome.state, TrialState::kComplete);
  EXPECT_EQ(trials[2].outcome.state, TrialState::kWaiting);
  EXPECT_EQ(trials[2].outcome.intermediate.size(), 1U);
  again.resume_trial(2, 10);
  EXPECT_EQ(again.trials()[2].outcome.state, TrialState::kRunning);
}

TEST_F(StoredTrials, StatesThatDoNotFollowAreRefused) {
  const auto kind_of = [](const std::function<void()>& call) {
    return error_of([&] {
             call();
             return 0;
           })
        ->kind();
  };
  begin(0);
  const Outcome outcome = testing::example_outcome(0);
  const std::string before = describe(study_);
  EXPECT_EQ(kind_of([&] { begin(0); }), ErrorKind::kInternal);
  EXPECT_EQ(kind_of([&] { begin(2); }), ErrorKind::kInternal);
  EXPECT_EQ(kind_of([&] { study_.resume_trial(0, 0); }), ErrorKind::kInternal);
  EXPECT_EQ(kind_of([&] { study_.resume_trial(5, 0); }), ErrorKind::kInternal);
  EXPECT_EQ(kind_of([&] { study_.report(5, 1, 1.0); }), ErrorKind::kInternal);
  EXPECT_EQ(kind_of([&] { study_.finish_trial(0, make_outcome(TrialState::kRunning), {}, {}); }),
            ErrorKind::kInternal);
  EXPECT_EQ(kind_of([&] { study_.finish_trial(0, make_outcome(TrialState::kComplete), {}, {}); }),
            ErrorKind::kInternal);
  EXPECT_EQ(kind_of([&] {
              study_.finish_trial(0, outcome, {}, {{"arch", 1}});
            }),
            ErrorKind::kInternal);
  EXPECT_EQ(describe(study_), before);
  study_.finish_trial(0, outcome, {}, {});
  EXPECT_EQ(kind_of([&] { study_.finish_trial(0, outcome, {}, {}); }), ErrorKind::kInternal);
  EXPECT_EQ(kind_of([&] { study_.report(0, 1, 1.0); }), ErrorKind::kInternal);
  EXPECT_EQ(kind_of([&] { study_.requeue_trial(0); }), ErrorKind::kInternal);
}

/// Multiplies the rows of the study's trials until there are `count`.
void multiply_trials(Connection& connection, int count) {
  Transaction transaction(connection, Transaction::Kind::kWrite);
  soci::session& session = connection.session();
  int have = 0;
  session << "SELECT count(*) FROM trials", soci::into(have);
  for (; have < count; have *= 2) {
    session << "INSERT INTO trials (trial_id, number, study_id, state, datetime_start)"
               " SELECT trial_id + :by, number + :by, study_id, state, datetime_start FROM trials",
        soci::use(have, "by");
    session << "INSERT INTO trial_user_attributes (trial_id, \"key\", value_json)"
               " SELECT trial_id + :by, \"key\", value_json FROM trial_user_attributes",
        soci::use(have, "by");
    session << "INSERT INTO trial_values (trial_id, objective, value, value_type)"
               " SELECT trial_id + :by, objective, value, value_type FROM trial_values",
        soci::use(have, "by");
    session << "INSERT INTO trial_intermediate_values"
               " (trial_id, step, intermediate_value, intermediate_value_type)"
               " SELECT trial_id + :by, step, intermediate_value, intermediate_value_type"
               " FROM trial_intermediate_values",
        soci::use(have, "by");
  }
  session << "DELETE FROM trials WHERE number >= :count", soci::use(count, "count");
  transaction.commit();
}

TEST_F(StoredTrials, ThousandsAreRead) {
  constexpr int kCount = 5000;
  for (std::int64_t number = 0; number < 20; ++number) {
    begin(number);
    study_.finish_trial(number, testing::example_outcome(number), {}, {});
  }
  {
    Connection connection(folder_ / "study.db", Connection::Mode::kReadWrite);
    multiply_trials(connection, kCount);
  }
  const std::vector<Trial> trials = study_.trials();
  ASSERT_EQ(trials.size(), static_cast<std::size_t>(kCount));
  EXPECT_EQ(trials[4999].outcome.scores.size(), 2U);
}

}  // namespace
}  // namespace nas::store
