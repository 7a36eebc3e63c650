#include <gtest/gtest.h>

#include "fixtures.hpp"
#include "nas/core/error.hpp"
#include "support/required.hpp"

namespace nas::search {
namespace {

using space::Trial;
using space::TrialState;

const Feasible kAll = [](const space::Architecture&) { return std::string(); };

std::vector<Trial> enumerated(const space::Space& space, std::size_t count) {
  std::vector<Trial> trials;
  space.enumerate([&](const space::Sample& sample) {
    Trial trial;
    trial.number = static_cast<std::int64_t>(trials.size());
    trial.candidate.sample = sample;
    trial.candidate.architecture = space.architecture(sample);
    trial.candidate.hash = hash_of(trial.candidate.architecture);
    trial.outcome.state = TrialState::kComplete;
    trial.outcome.value = static_cast<double>(trials.size());
    trials.push_back(trial);
    return trials.size() < count;
  });
  return trials;
}

TEST(Propose, RedrawsUntilTheCandidateIsNew) {
  const auto space = testing::finite_space();
  const auto searcher = testing::make_searcher("random", space, 1, Json::object());
  const std::vector<Trial> trials = enumerated(*space, 3);  // of 4
  const Proposal proposal = propose(*searcher, *space, {trials, 3}, 3, {}, kAll);
  EXPECT_FALSE(proposal.candidate.duplicate_of);
  for (const Trial& trial : trials) EXPECT_NE(trial.candidate.hash, proposal.candidate.hash);
}

TEST(Propose, NamesTheOriginalWhenOnlyDuplicatesAreLeft) {
  const auto space = testing::finite_space();
  const auto searcher = testing::make_searcher("random", space, 1, Json::object());
  std::vector<Trial> trials = enumerated(*space, 4);
  // A duplicate among the trials is never the original.
  Trial copy = trials[0];
  copy.candidate.duplicate_of = 0;
  copy.number = 4;
  trials.push_back(copy);
  ProposalOptions options;
  options.redraws = 7;
  const Proposal proposal = propose(*searcher, *space, {trials, 0}, 5, options, kAll);
  const std::int64_t original = test::required(proposal.candidate.duplicate_of, "original");
  EXPECT_LT(original, 4);
  EXPECT_EQ(trials[static_cast<std::size_t>(original)].candidate.hash, proposal.candidate.hash);
  EXPECT_EQ(proposal.redrawn.at("duplicate"), 8);
}

TEST(Propose, CountsInfeasibleDrawsByMetricAndKeepsAFeasibleOne) {
  const auto space = testing::finite_space();
  const auto searcher = testing::make_searcher("random", space, 1, Json::object());
  const Feasible narrow = [](const space::Architecture& architecture) {
    return architecture.layers[0].inner_dim > 32 ? std::string("flops_per_token 2 > 1")
                                                 : std::string();
  };
  std::int64_t refused = 0;
  for (std::int64_t number = 0; number < 20; ++number) {
    const Proposal proposal = propose(*searcher, *space, {{}, 0}, number, {}, narrow);
    EXPECT_EQ(proposal.candidate.architecture.layers[0].inner_dim, 32);
    if (proposal.redrawn.contains("flops_per_token")) {
      refused += proposal.redrawn.at("flops_per_token");
    }
  }
  EXPECT_GT(refused, 5);
}

TEST(Propose, ThrowsInfeasibleNamingTheReason) {
  const auto space = testing::finite_space();
  const auto searcher = testing::make_searcher("random", space, 1, Json::object());
  ProposalOptions options;
  options.redraws = 9;
  try {
    static_cast<void>(propose(*searcher, *space, {{}, 0}, 0, options,
                              [](const space::Architecture&) { return "params 9 > 1"; }));
    FAIL() << "nothing was feasible";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kInfeasible);
    EXPECT_NE(std::string(error.what()).find("10 draws refused by params"), std::string::npos)
        << error.what();
    EXPECT_NE(std::string(error.what()).find("params 9 > 1"), std::string::npos) << error.what();
  }
}

TEST(Propose, EnqueuedCandidatesComeFirstEvenWhenTheyRepeat) {
  const auto space = testing::finite_space();
  const auto searcher = testing::make_searcher("random", space, 1, Json::object());
  ProposalOptions options;
  options.enqueued = {space->initial(), space->initial()};
  const Proposal first = propose(*searcher, *space, {{}, 0}, 0, options, kAll);
  EXPECT_EQ(first.candidate.origin, "enqueued");
  EXPECT_EQ(first.candidate.sample, space->initial());
  Trial trial;
  trial.candidate = first.candidate;
  trial.outcome.state = TrialState::kComplete;
  const std::vector<Trial> trials = {trial};
  const Proposal second = propose(*searcher, *space, {trials, 1}, 1, options, kAll);
  EXPECT_EQ(second.candidate.duplicate_of, 0);
}

TEST(Propose, IsAPureFunctionOfItsArguments) {
  const auto space = testing::evolving_space();
  const Json options = {{"population", 10}, {"tournament", 3}};
  const auto searcher = testing::make_searcher("regularized_evolution", space, 5, options);
  const std::vector<Trial> trials = testing::run_synthetic(*searcher, *space, 5, 30);
  const auto again = testing::make_searcher("regularized_evolution", space, 5, options);
  for (std::size_t n = 0; n < trials.size(); ++n) {
    const Proposal proposal = propose(*again, *space, {std::span(trials).first(n), n},
                                      static_cast<std::int64_t>(n), {}, kAll);
    EXPECT_EQ(proposal.candidate.sample, trials[n].candidate.sample) << "trial " << n;
  }
}

TEST(Propose, EverySearcherBeginsWithWhatWasEnqueued) {
  const auto space = testing::deeper_space();
  const std::vector<space::Sample> all = testing::all_samples(*space);
  const Registry<SearcherFactory>& searchers = builtin_searchers();
  for (const std::string& name : searchers.names()) {
    SCOPED_TRACE(name);
    const auto searcher = testing::make_searcher(name, space, 6, Json::object(), 2);
    ProposalOptions options;
    options.enqueued = {all[50], all[7], all[50]};
    const auto values = [](const space::Architecture& architecture) {
      return std::vector<double>{static_cast<double>(architecture.layers[0].inner_dim)};
    };
    const std::vector<Trial> trials =
        testing::run_trials(*searcher, *space, values, 30, 2, options);
    ASSERT_EQ(trials.size(), 30U);
    for (std::size_t i = 0; i < 3; ++i) {
      EXPECT_EQ(trials[i].candidate.origin, "enqueued");
      EXPECT_EQ(trials[i].candidate.sample, options.enqueued[i]);
    }
    EXPECT_EQ(trials[2].candidate.duplicate_of, 0);
    for (std::size_t i = 3; i < trials.size(); ++i) {
      EXPECT_NE(trials[i].candidate.origin, "enqueued");
      EXPECT_FALSE(trials[i].candidate.duplicate_of) << "trial " << i;
    }
  }
}

}  // namespace
}  // namespace nas::search
