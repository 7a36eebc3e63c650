#include "run/seeds.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>

namespace nas::run {
namespace {

using space::TrialState;

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

/// What a training of one repeat says at steps 1, 2 and, at its end, 3.
struct Script {
  std::vector<double> values;  ///< NaN fails the training there
};

/// Plays scripts, with hurdles at any of the steps.
class ScriptedEvaluator final : public Evaluator {
 public:
  explicit ScriptedEvaluator(std::vector<Script> scripts, std::vector<std::int64_t> hurdles = {})
      : scripts_(std::move(scripts)), hurdles_(std::move(hurdles)) {}

  std::optional<EvaluationResult> evaluate(const EvaluationRequest& request) const override {
    asked.push_back(request.repeat);
    EvaluationResult result;
    space::Outcome& outcome = result.outcome;
    const std::vector<double>& values = scripts_.at(request.repeat).values;
    for (std::size_t i = 0; i < values.size(); ++i) {
      const auto step = static_cast<std::int64_t>(i) + 1;
      if (request.should_stop()) return std::nullopt;
      request.on_step(step);
      if (std::isnan(values[i])) {
        outcome.state = TrialState::kFail;
        outcome.reason = "nan";
        return result;
      }
      if (i + 1 == values.size()) break;
      outcome.intermediate.emplace_back(step, values[i]);
      request.on_value(step, values[i]);
      for (std::size_t h = 0; h < hurdles_.size(); ++h) {
        if (hurdles_[h] != step) continue;
        outcome.hurdles.push_back(step);
        if (!(values[i] > request.hurdle_bars[h])) continue;
        outcome.state = TrialState::kPruned;
        outcome.reason = "hurdle";
        return result;
      }
    }
    outcome.state = TrialState::kComplete;
    outcome.value = values.back();
    space::Score score;
    score.name = "val_bpb";
    score.value = values.back();
    score.protocol = "scripted";
    outcome.scores = {score};
    (*result.extra)["weights_hash"] = "w" + std::to_string(request.repeat);
    return result;
  }
  std::optional<space::Score> measure_latency(const space::Architecture&) const override {
    return std::nullopt;
  }
  std::int64_t checkpoint_step(const std::string&) const override { return 0; }
  Json environment() const override { return Json::object(); }
  std::int64_t total_steps(const space::Architecture&) const override { return 3; }

  mutable std::vector<std::uint32_t> asked;

 private:
  std::vector<Script> scripts_;
  std::vector<std::int64_t> hurdles_;  ///< steps
};

class Seeds : public ::testing::Test {
 protected:
  Seeds() {
    request_.steps = 3;
    request_.evaluation.on_value = [this](std::int64_t step, double value) {
      reported_.emplace_back(step, value);
    };
    request_.evaluation.on_step = [this](std::int64_t step) { last_step_ = step; };
    request_.evaluation.should_stop = [] { return false; };
    request_.on_trained = [this](std::uint32_t, const EvaluationResult& result) {
      trained_.push_back(result);
    };
  }

  SeedsRequest request_;
  std::vector<std::pair<std::int64_t, double>> reported_;
  std::int64_t last_step_ = 0;
  std::vector<EvaluationResult> trained_;
};

TEST_F(Seeds, GiveMeansAndSpreads) {
  const ScriptedEvaluator evaluator({{{4, 2, 1}}, {{6, 4, 3}}, {{8, 3, 2}}});
  request_.seeds = 3;
  const auto result = evaluate_seeds(evaluator, request_);
  ASSERT_TRUE(result);
  EXPECT_EQ(evaluator.asked, (std::vector<std::uint32_t>{0, 1, 2}));
  EXPECT_EQ(result->outcome.state, TrialState::kComplete);
  EXPECT_DOUBLE_EQ(result->outcome.value, 2);
  EXPECT_EQ(result->outcome.intermediate,
            (std::vector<std::pair<std::int64_t, double>>{{1, 6}, {2, 3}}));
  ASSERT_EQ(result->outcome.scores.size(), 1U);
  EXPECT_DOUBLE_EQ(result->outcome.scores[0].value, 2);
  EXPECT_DOUBLE_EQ(result->outcome.scores[0].spread, 1);
  EXPECT_NE(result->outcome.scores[0].protocol.find("mean of 3 seeds"), std::string::npos);
  EXPECT_EQ(result->extra->at("weights_hash"), "w0");
  EXPECT_EQ(reported_, (std::vector<std::pair<std::int64_t, double>>{
                           {1, 4}, {2, 2}, {1, 5}, {2, 3}, {1, 6}, {2, 3}}))
      << "each report is the mean so far";
  EXPECT_EQ(last_step_, 9);
  EXPECT_EQ(trained_.size(), 3U);
}

TEST_F(Seeds, AHurdleIsForTheMeanSoFar) {
  // Alone the second training would miss the bar of 5, the mean of both does not; with the third
  // the mean is 16 / 3.
  const ScriptedEvaluator evaluator({{{4, 2, 1}}, {{6, 2, 1}}, {{6, 2, 1}}}, {1});
  request_.seeds = 3;
  request_.evaluation.hurdle_bars = {5};
  const auto result = evaluate_seeds(evaluator, request_);
  ASSERT_TRUE(result);
  EXPECT_EQ(evaluator.asked.size(), 3U);
  EXPECT_EQ(result->outcome.state, TrialState::kPruned);
  EXPECT_EQ(result->outcome.reason, "hurdle");
  EXPECT_NE(result->outcome.detail.find("training 3 of 3"), std::string::npos);
  EXPECT_NE(result->outcome.detail.find("the mean is 5.3333"), std::string::npos)
      << result->outcome.detail;
  EXPECT_EQ(result->outcome.hurdles, std::vector<std::int64_t>{1});
  EXPECT_DOUBLE_EQ(result->outcome.intermediate[0].second, 16.0 / 3);
  EXPECT_DOUBLE_EQ(result->outcome.intermediate[1].second, 2);
  EXPECT_TRUE(std::isnan(result->outcome.value));
}

TEST_F(Seeds, ABarOfNobodyStaysOne) {
  const ScriptedEvaluator evaluator({{{9, 9, 9}}, {{9, 9, 9}}}, {1});
  request_.seeds = 2;
  request_.evaluation.hurdle_bars = {kNan};
  EXPECT_EQ(evaluate_seeds(evaluator, request_)->outcome.state, TrialState::kComplete);
}

TEST_F(Seeds, AFailureOfOneIsTheCandidates) {
  const ScriptedEvaluator evaluator({{{4, 2, 1}}, {{4, kNan, 1}}, {{4, 2, 1}}});
  request_.seeds = 3;
  const auto result = evaluate_seeds(evaluator, request_);
  EXPECT_EQ(evaluator.asked.size(), 2U);
  EXPECT_EQ(result->outcome.state, TrialState::kFail);
  EXPECT_EQ(result->outcome.reason, "nan");
  EXPECT_NE(result->outcome.detail.find("training 2 of 3"), std::string::npos);
}

TEST_F(Seeds, GoOnFromTrainingsThatAreDone) {
  const std::vector<Script> scripts{{{4, 2.1, 1.3}}, {{6, 4.7, 3.1}}, {{8, 3, 2}}};
  request_.seeds = 3;
  const auto whole = evaluate_seeds(ScriptedEvaluator(scripts), request_);
  const std::vector<EvaluationResult> all = trained_;
  for (std::size_t done = 1; done <= 3; ++done) {
    const ScriptedEvaluator evaluator(scripts);
    request_.done.assign(all.begin(), all.begin() + static_cast<std::ptrdiff_t>(done));
    const auto result = evaluate_seeds(evaluator, request_);
    EXPECT_EQ(evaluator.asked.size(), 3 - done);
    EXPECT_EQ(result->outcome.value, whole->outcome.value);
    EXPECT_EQ(result->outcome.intermediate, whole->outcome.intermediate);
    EXPECT_EQ(*result->extra, *whole->extra);
  }
}

TEST_F(Seeds, AreStoppedBetweenSteps) {
  const ScriptedEvaluator evaluator({{{4, 2, 1}}, {{6, 4, 3}}});
  request_.seeds = 2;
  request_.evaluation.should_stop = [this] { return last_step_ >= 4; };
  EXPECT_FALSE(evaluate_seeds(evaluator, request_));
  EXPECT_EQ(trained_.size(), 1U);
}

TEST_F(Seeds, OneIsTheEvaluatorsOwnResult) {
  const std::vector<Script> scripts{Script{{4, 2, 1}}};
  const auto result = evaluate_seeds(ScriptedEvaluator(scripts), request_);
  EXPECT_EQ(result->outcome.scores[0].protocol, "scripted");
  EXPECT_TRUE(std::isnan(result->outcome.scores[0].spread));
}

}  // namespace
}  // namespace nas::run
