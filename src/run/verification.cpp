#include "nas/run/verification.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "metrics.hpp"
#include "nas/run/statistics.hpp"
#include "random_search.hpp"
#include "verified_roles.hpp"

namespace nas::run {
namespace {

using space::Trial;

/// What is judged of every repeat, from the study's own header.
struct Judged {
  std::size_t value = 0;  ///< number of the study's value
  space::Objective objective;
  std::uint64_t seed = 0;
};

Judged judged_of(const store::StudyHeader& header) {
  const config::RunConfig config =
      config::config_from_json(header.config, JsonPositions("study.db"));
  const std::vector<space::Objective> objectives = header.objectives();
  const std::size_t value = trained_value(config).value_or(0);
  return {value, objectives.at(value), config.seed};
}

VerifiedRole verified_role(const std::string& role, const std::vector<store::RepeatRun>& runs,
                           const std::string& hash, std::size_t value) {
  VerifiedRole summary;
  summary.role = role;
  summary.hash = hash;
  for (const store::RepeatRun& run : runs) {
    if (run.role != role || run.hash != hash) continue;
    if (run.outcome.state == space::TrialState::kComplete) {
      summary.values.push_back(value == 0 ? run.outcome.value
                                          : run.outcome.further_values.at(value - 1));
    } else {
      ++summary.failed;
    }
  }
  const SampleSummary found = summarise(summary.values);
  summary.mean = found.mean;
  summary.deviation = found.deviation;
  summary.low = found.low;
  summary.high = found.high;
  return summary;
}

bool has_runs(const VerifiedRole& role) { return !role.values.empty() || role.failed > 0; }

/// Best trials first as far as they were trained again, then the baselines.
std::vector<VerifiedRole> roles_of(const store::Study& study, const Judged& judged) {
  const std::vector<store::RepeatRun> runs = study.repeats();
  const std::vector<Trial> trials = study.trials();
  const std::vector<const Trial*> ranked = ranked_trials(trials, study.header().objectives());
  std::vector<VerifiedRole> roles;
  for (std::size_t rank = 0; rank < ranked.size(); ++rank) {
    VerifiedRole role =
        verified_role(role_of(rank), runs, ranked[rank]->candidate.hash.hex(), judged.value);
    if (!has_runs(role)) break;
    role.trial = ranked[rank]->number;
    roles.push_back(std::move(role));
  }
  for (const store::RepeatRun& run : runs) {
    if (run.role != kInitialRole) continue;
    roles.push_back(verified_role(kInitialRole, runs, run.hash, judged.value));
    break;
  }
  const Json random = study.attribute(kRandomSearch);
  if (random.is_object() && !random.at("winner").is_null()) {
    VerifiedRole role = verified_role(
        kRandomRole, runs, random.at("winner").at("hash").get<std::string>(), judged.value);
    role.trial = random.at("winner").at("trial").get<std::int64_t>();
    if (has_runs(role)) roles.push_back(std::move(role));
  }
  return roles;
}

/// Sets how many trainings were asked for and how many of them are missing.
void count_trainings(const store::Study& study, Verification& verification) {
  const Json plan = study.attribute(kVerificationPlan);
  if (!plan.is_object()) return;
  const auto first = plan.at("repeats").at("first").get<std::int64_t>();
  const auto count = plan.at("repeats").at("count").get<std::int64_t>();
  const std::vector<store::RepeatRun> runs = study.repeats();
  for (const Json& contender : plan.at("contenders")) {
    const auto role = contender.at("role").get<std::string>();
    const auto hash = contender.at("hash").get<std::string>();
    verification.planned += count;
    verification.missing +=
        count - std::count_if(runs.begin(), runs.end(), [&](const store::RepeatRun& run) {
          return run.role == role && run.hash == hash && run.repeat >= first &&
                 run.repeat < first + count;
        });
  }
}

/// Whether the last verification asked for this architecture; one without a record asked for all.
bool was_asked_for(const Json& plan, const VerifiedRole& role) {
  if (!plan.is_object()) return true;
  const Json& contenders = plan.at("contenders");
  return std::any_of(contenders.begin(), contenders.end(), [&](const Json& contender) {
    return contender.at("role") == role.role && contender.at("hash") == role.hash;
  });
}

/// Of the best trials the one with the best mean; the first with several objectives. One of which a
/// training failed, or that only an earlier verification trained, cannot overtake the leader.
const VerifiedRole* winning_role(const std::vector<VerifiedRole>& roles, const store::Study& study,
                                 const Judged& judged) {
  const store::StudyHeader header = study.header();
  const Json plan = study.attribute(kVerificationPlan);
  const VerifiedRole* winner = nullptr;
  for (const VerifiedRole& role : roles) {
    if (role.role == kInitialRole || role.role == kRandomRole || role.values.empty()) continue;
    if (winner != nullptr && (role.failed > 0 || !was_asked_for(plan, role))) continue;
    const bool is_better =
        winner != nullptr &&
        (judged.objective.maximize ? role.mean > winner->mean : role.mean < winner->mean);
    if (winner == nullptr || (is_better && header.further_objectives.empty())) winner = &role;
  }
  return winner;
}

std::optional<Comparison> compare(const VerifiedRole* winner,
                                  const std::vector<VerifiedRole>& roles, const char* other_role,
                                  const std::string& against, bool maximize) {
  const auto other = std::find_if(roles.begin(), roles.end(), [&](const VerifiedRole& role) {
    return role.role == other_role;
  });
  if (winner == nullptr || other == roles.end()) return std::nullopt;
  if (other->values.empty()) {
    Comparison none;
    none.against = against;
    none.difference = none.low = none.high = std::numeric_limits<double>::quiet_NaN();
    none.verdict = "not compared with " + against + ", whose trainings all failed";
    return none;
  }
  const SampleSummary of_winner = summarise(winner->values);
  const SampleSummary of_other = summarise(other->values);
  Comparison comparison;
  comparison.against = against;
  comparison.choices = std::count_if(roles.begin(), roles.end(), [](const VerifiedRole& role) {
    return role.role != kInitialRole && role.role != kRandomRole && !role.values.empty();
  });
  const Interval interval = maximize ? welch_interval(of_other, of_winner, comparison.choices)
                                     : welch_interval(of_winner, of_other, comparison.choices);
  comparison.difference =
      maximize ? of_winner.mean - of_other.mean : of_other.mean - of_winner.mean;
  comparison.low = interval.low;
  comparison.high = interval.high;
  const bool fails_more = winner->failed > other->failed;
  comparison.verdict =
      (interval.low > 0 && !fails_more ? "better than " : "no better than ") + against;
  if (fails_more) {
    const auto all = winner->failed + static_cast<std::int64_t>(winner->values.size());
    comparison.verdict += ": " + std::to_string(winner->failed) + " of its " + std::to_string(all) +
                          " trainings failed";
  }
  return comparison;
}

}  // namespace

std::optional<Verification> verification_of(const store::Study& study) {
  const Judged judged = judged_of(study.header());
  Verification verification;
  verification.metric = judged.objective.metric;
  verification.roles = roles_of(study, judged);
  if (verification.roles.empty()) return std::nullopt;
  count_trainings(study, verification);
  if (verification.missing > 0) return verification;
  std::vector<SampleSummary> samples;
  samples.reserve(verification.roles.size());
  for (const VerifiedRole& role : verification.roles) samples.push_back(summarise(role.values));
  const std::vector<double> probabilities =
      best_probabilities(samples, judged.objective.maximize, judged.seed);
  for (std::size_t i = 0; i < probabilities.size(); ++i) {
    verification.roles[i].best_probability = probabilities[i];
  }
  const VerifiedRole* winner = winning_role(verification.roles, study, judged);
  if (winner != nullptr) verification.winner = winner->trial;
  verification.initial = compare(winner, verification.roles, kInitialRole, "the initial program",
                                 judged.objective.maximize);
  verification.random = compare(winner, verification.roles, kRandomRole,
                                "random search of equal budget", judged.objective.maximize);
  return verification;
}

std::optional<std::int64_t> winner_of(const store::Study& study) {
  const auto verification = verification_of(study);
  if (verification && verification->winner) return verification->winner;
  const std::vector<Trial> trials = study.trials();
  const Trial* leader = best_trial(trials, study.header().objectives());
  return leader == nullptr ? std::nullopt : std::optional(leader->number);
}

}  // namespace nas::run
