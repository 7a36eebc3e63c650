#include "nas/run/pareto_front.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "nas/core/error.hpp"
#include "small_study.hpp"

namespace nas::run {
namespace {

using testing::small_config;
using testing::TemporaryFolder;

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

/// A study of val_bpb with trials of given scores.
class RecordedStudy : public ::testing::Test {
 protected:
  void add(double value, double spread, double params, std::optional<std::int64_t> copy_of = {}) {
    space::Candidate candidate;
    candidate.sample =
        plan_.space->sample({1, Purpose::kTest, static_cast<std::uint64_t>(next_), 0});
    candidate.architecture = plan_.space->architecture(candidate.sample);
    candidate.hash = hash_of(candidate.architecture);
    candidate.duplicate_of = copy_of;
    space::Outcome outcome;
    outcome.state = space::TrialState::kComplete;
    outcome.value = value;
    outcome.scores = {{"params", params, "", kNan, "analytic"},
                      {"val_bpb", value, "bits/byte", spread, ""}};
    if (next_ == 1) outcome.scores.push_back({"latency_us[b1,s64]", 5, "us", 1, ""});
    study_.begin_trial(next_, candidate, *plan_.space, Json::object());
    study_.finish_trial(next_++, outcome, {}, Json::object());
  }
  [[nodiscard]] std::vector<std::int64_t> front(const std::string& objectives, bool ties) const {
    std::vector<std::int64_t> numbers;
    const auto found = pareto_front_of(study_, {objectives_from_text(objectives), ties});
    for (const ParetoPoint& point : found.points) numbers.push_back(point.trial);
    return numbers;
  }

  TemporaryFolder folder_;
  config::RunConfig config_ = small_config(1, 9);
  Plan plan_ = make_plan(config_, JsonPositions("small"));
  std::shared_ptr<const Evaluator> evaluator_ = builtin_evaluators().at("synthetic").make(config_);
  store::Study study_ =
      store::Study::create(folder_.path() + "/study", study_header(plan_, *evaluator_));
  std::int64_t next_ = 0;
};

TEST_F(RecordedStudy, FrontOverAnyMetricsInOrderOfTheFirst) {
  add(2.0, kNan, 100);
  add(1.5, kNan, 200);
  add(1.6, kNan, 300);
  EXPECT_EQ(front("val_bpb,params", false), (std::vector<std::int64_t>{1, 0}));
  EXPECT_EQ(front("params:maximize,val_bpb", false), (std::vector<std::int64_t>{2, 1}));
  const ParetoFront own = pareto_front_of(study_, {});
  ASSERT_EQ(own.points.size(), 1U);
  EXPECT_EQ(own.points[0].trial, 1);
  EXPECT_EQ(own.compared, 3);
}

TEST_F(RecordedStudy, OverlappingSpreadsAreTies) {
  add(1.0, 0.1, 100);
  add(1.15, 0.1, 100);   // beaten by trial 0, within the spreads
  add(1.25, 0.1, 100);   // beaten by trial 0 by more than both spreads
  add(1.15, 0.1, 101);   // params have no spread, so a difference there counts
  add(1.05, kNan, 100);  // its own spread is not known: trial 0's alone reaches it
  EXPECT_EQ(front("val_bpb,params", false), std::vector<std::int64_t>{0});
  EXPECT_EQ(front("val_bpb,params", true), (std::vector<std::int64_t>{0, 4, 1}));
  const auto found = pareto_front_of(study_, {objectives_from_text("val_bpb,params"), true});
  EXPECT_FALSE(found.points[0].is_tie);
  EXPECT_TRUE(found.points[1].is_tie);
  EXPECT_TRUE(found.points[2].is_tie);
}

TEST_F(RecordedStudy, DuplicatesStandBesideTheirOriginal) {
  add(1.0, kNan, 100);
  add(2.0, kNan, 100);
  add(1.0, kNan, 100, 0);
  const ParetoFront found = pareto_front_of(study_, {objectives_from_text("val_bpb,params"), true});
  ASSERT_EQ(found.points.size(), 1U);
  EXPECT_EQ(found.points[0].duplicates, std::vector<std::int64_t>{2});
  EXPECT_EQ(found.compared, 2);
}

TEST_F(RecordedStudy, SaysWhatIsRecordedAndWhatIsMissing) {
  add(1.0, kNan, 100);
  add(2.0, kNan, 50);
  const auto found = pareto_front_of(study_, {objectives_from_text("val_bpb,latency_us"), true});
  ASSERT_EQ(found.points.size(), 1U) << "only trial 1 has a latency";
  EXPECT_EQ(found.without, 1);
  EXPECT_EQ(found.points[0].spreads[1], 1);
  try {
    static_cast<void>(pareto_front_of(study_, {objectives_from_text("macs"), false}));
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kUsage);
    EXPECT_STREQ(error.what(),
                 "no COMPLETE trial has the metric \"macs\"; recorded are: latency_us[b1,s64], "
                 "params, val_bpb");
  }
}

TEST(ObjectivesFromText, SplitsOutsideBrackets) {
  EXPECT_EQ(
      objectives_from_text("a,latency_us[b1,s64]:maximize,c:minimize"),
      (std::vector<space::Objective>{{"a", false}, {"latency_us[b1,s64]", true}, {"c", false}}));
  EXPECT_THROW(static_cast<void>(objectives_from_text("a:least")), Error);
  EXPECT_THROW(static_cast<void>(objectives_from_text("a,,b")), Error);
}

}  // namespace
}  // namespace nas::run
