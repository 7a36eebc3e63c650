#include "store/example_study.hpp"

#include <bit>
#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>

#include "nas/space/text.hpp"

namespace nas::store::testing {
namespace {

constexpr std::uint64_t kSeed = 20261122;
constexpr std::int64_t kTrials = 3;

std::string bits_of(double value) {
  // One NaN is as good as another.
  if (std::isnan(value)) return "nan";
  return std::to_string(std::bit_cast<std::uint64_t>(value));
}

Json describe_outcome(const space::Outcome& outcome) {
  Json json = Json::object();
  json["state"] = to_text(outcome.state);
  json["reason"] = outcome.reason;
  json["detail"] = outcome.detail;
  json["value"] = bits_of(outcome.value);
  for (const double value : outcome.further_values) {
    json["further_values"].push_back(bits_of(value));
  }
  json["seconds"] = bits_of(outcome.seconds);
  for (const auto& [step, value] : outcome.intermediate) {
    json["intermediate"].push_back({step, bits_of(value)});
  }
  for (const space::Score& score : outcome.scores) {
    json["scores"].push_back(
        {score.name, bits_of(score.value), score.unit, bits_of(score.spread), score.protocol});
  }
  return json;
}

Json describe_candidate(const space::Candidate& candidate) {
  Json json = Json::object();
  json["choices"] = candidate.sample.choices;
  for (const space::Program& program : candidate.sample.programs) {
    json["programs"].push_back(to_text(program));
  }
  json["architecture"] = to_json(candidate.architecture);
  json["hash"] = candidate.hash.hex();
  json["parents"] = candidate.parents;
  for (const space::Change& change : candidate.changes) {
    json["changes"].push_back({to_text(change.kind), change.where});
  }
  json["origin"] = candidate.origin;
  if (candidate.duplicate_of) json["duplicate_of"] = *candidate.duplicate_of;
  return json;
}

Json describe_trial(const space::Trial& trial) {
  Json json = Json::object();
  json["number"] = trial.number;
  json["candidate"] = describe_candidate(trial.candidate);
  json["outcome"] = describe_outcome(trial.outcome);
  return json;
}

/// What is left to do of trial `number`.
void run_trial(Study& study, std::int64_t number, const Perform& perform) {
  const std::vector<space::Trial> trials = study.trials();
  const auto index = static_cast<std::size_t>(number);
  if (index >= trials.size()) {
    perform([&] {
      study.begin_trial(number, example_candidate(number), example_space(),
                        {{"duplicate", number}});
    });
  } else if (is_finished(trials[index].outcome.state)) {
    return;
  } else {
    perform([&] { study.resume_trial(number, 0); });
  }
  if (number == 1) {
    perform([&] { study.requeue_trial(number); });
    perform([&] { study.resume_trial(number, 5); });
  }
  const space::Outcome outcome = example_outcome(number);
  for (const auto& [step, value] : outcome.intermediate) {
    perform([&] { study.report(number, step, value); });
  }
  perform([&] {
    study.set_trial_attribute(number, "measured", {{"us", 12.5 * static_cast<double>(number)}});
  });
  perform([&] { study.finish_trial(number, outcome, {-1.0}, {{"weights_hash", "abc"}}); });
}

}  // namespace

const space::Space& example_space() {
  static const space::Space space = [] {
    const Json json = Json::parse(R"({
      "layers": 2, "model_dim": 32,
      "heads": {"choice": [2, 4]},
      "inner_dim": {"int": {"min": 32, "max": 128, "step": 32}},
      "norm": {"per_layer": {"choice": ["layer_norm", "rms_norm"]}},
      "norm_place": "pre", "feed_forward": "relu",
      "mixer": {"program": {"vocabulary": "causal", "max_nodes": 40, "sample_mutations": 6,
                            "initial": "softmax_attention"}}})");
    return space::Space::from_json(json, space::ModelSpec{}, JsonPositions("example"), "/space");
  }();
  return space;
}

StudyHeader example_header() {
  StudyHeader header;
  header.name = "example study \"é\"";
  header.metric = "val_bpb";
  header.config = Json{{"seed", 1}, {"name", "example"}, {"rate", 0.1}};
  header.environment = Json{{"threads", 2}, {"isa", "avx2"}};
  return header;
}

space::Candidate example_candidate(std::int64_t number) {
  const space::Space& space = example_space();
  space::Candidate candidate;
  candidate.sample = space.sample({kSeed, Purpose::kTest, static_cast<std::uint64_t>(number), 0});
  candidate.architecture = space.architecture(candidate.sample);
  candidate.hash = hash_of(candidate.architecture);
  candidate.origin = number == 0 ? "initial" : "mutation";
  if (number > 0) {
    candidate.parents = {number - 1};
    candidate.changes = {{space::MutationKind::kInsert, "mixer"},
                         {space::MutationKind::kChoice, "heads"}};
  }
  return candidate;
}

space::Outcome example_outcome(std::int64_t number) {
  DrawCursor cursor({kSeed, Purpose::kTest, static_cast<std::uint64_t>(number), 1});
  space::Outcome outcome;
  outcome.state = space::TrialState::kComplete;
  outcome.value = cursor.normal() / 3;
  outcome.intermediate = {{10, cursor.normal()}, {20, cursor.normal() * 1e-300}};
  outcome.scores = {{"val_bpb", outcome.value, "bits/byte",
                     std::numeric_limits<double>::quiet_NaN(), "mean over windows"},
                    {"latency_us[b1,s64]", cursor.uniform(), "us", cursor.normal(), "median"}};
  outcome.seconds = cursor.uniform();
  return outcome;
}

space::Outcome make_outcome(space::TrialState state, const std::string& reason, double value,
                            const Intermediate& intermediate) {
  space::Outcome outcome;
  outcome.state = state;
  outcome.reason = reason;
  outcome.value = value;
  outcome.intermediate = intermediate;
  return outcome;
}

std::string describe(const space::Trial& trial) { return describe_trial(trial).dump(1); }

std::string describe(const Study& study, bool with_attempts) {
  Json json = Json::object();
  const StudyHeader header = study.header();
  json["header"] = {header.name, header.maximize, header.metric, *header.config,
                    *header.environment};
  for (const space::Trial& trial : study.trials()) {
    Json entry = describe_trial(trial);
    for (const char* key : {"redrawn", "measured", "weights_hash"}) {
      entry[key] = study.trial_attribute(trial.number, key);
    }
    if (with_attempts) {
      const Attempt attempt = study.attempt(trial.number);
      entry["attempt"] = {attempt.count, attempt.without_progress, attempt.checkpoint_step};
    }
    json["trials"].push_back(std::move(entry));
  }
  json["breaks"] = study.breaks();
  for (const RepeatRun& run : study.repeats()) {
    json["repeats"].push_back({run.role, run.hash, run.repeat, describe_outcome(run.outcome)});
  }
  json["finished"] = study.attribute("finished");
  return json.dump(1);
}

void run_example(Study& study, const Perform& perform) {
  for (std::int64_t number = 0; number < kTrials; ++number) run_trial(study, number, perform);
  if (study.breaks().empty()) {
    perform([&] { study.record_break("another machine"); });
  }
  if (study.repeats().empty()) {
    perform([&] { study.record_repeat({"winner", "0123", 1, example_outcome(100)}); });
  }
  if (study.header().config->contains("rate")) {
    perform([&] { study.replace_config({{"seed", 2}}); });
  }
  if (study.attribute("finished").is_null()) {
    perform([&] { study.set_attribute("finished", {{"trials", kTrials}}); });
  }
}

}  // namespace nas::store::testing
