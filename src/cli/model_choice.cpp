#include "model_choice.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "nas/core/error.hpp"
#include "nas/core/units.hpp"
#include "nas/run/long_training.hpp"
#include "nas/run/statistics.hpp"
#include "nas/run/trained_seed.hpp"
#include "nas/run/trained_trial.hpp"
#include "nas/run/version.hpp"

namespace nas::cli {
namespace {

exporting::ExportFacts common_facts(const config::RunConfig& config, const std::string& corpus) {
  exporting::ExportFacts facts;
  facts.version = run::kVersion;
  facts.corpus = config.data.corpus + ": " + corpus;
  facts.seq_len = config.training.seq_len;
  return facts;
}

run::TrainedWeights of_study(const ModelChoice& choice) {
  const store::Study study = store::Study::open(choice.folder, store::Study::Access::kRead);
  const store::StudyHeader header = study.header();
  const std::vector<space::Trial> trials = study.trials();
  const std::int64_t trial = choice.trial >= 0 ? choice.trial : require_best(study).number;
  const run::TrainedTrial trained = run::trained_trial(study, trial);
  run::TrainedWeights source{trained.architecture,
                             trained.weights_path,
                             trained.weights_hash,
                             stored_config(study),
                             header.environment->value("corpus_hash", ""),
                             "trial " + std::to_string(trial),
                             {}};
  exporting::ExportFacts& facts = source.facts;
  facts = common_facts(source.config, header.environment->value("corpus", ""));
  facts.study = header.name;
  facts.trial = trial;
  facts.trials = std::count_if(trials.begin(), trials.end(), [](const space::Trial& one) {
    return is_finished(one.outcome.state);
  });
  facts.metric = header.metric;
  facts.value = trained.value;
  if (const auto verification = run::verification_of(study)) {
    facts.verification = verification_lines(*verification);
  }
  facts.config = header.config;
  return source;
}

run::TrainedWeights of_training(const ModelChoice& choice) {
  const run::TrainedSeed seed = run::trained_seed(choice.folder, choice.seed);
  run::TrainedWeights source{seed.architecture,
                             seed.weights_path,
                             seed.weights_hash,
                             seed.config,
                             seed.corpus_hash,
                             "seed " + std::to_string(seed.repeat),
                             {}};
  exporting::ExportFacts& facts = source.facts;
  facts = common_facts(source.config, seed.corpus);
  facts.study = choice.folder;
  facts.seed = seed.repeat;
  facts.metric = run::LongTraining::kMetric;
  facts.value = seed.value;
  const run::SampleSummary summary = run::summarise(seed.values);
  if (summary.count > 1) {
    facts.verification.push_back(
        facts.metric + " " + format_significant(summary.mean, 6) + " +- " +
        format_significant(summary.deviation, 2) + " over " + std::to_string(summary.count) +
        " seeds, 95 % interval of the mean [" + format_significant(summary.low, 6) + ", " +
        format_significant(summary.high, 6) + "]");
  }
  facts.config = to_json(source.config);
  return source;
}

}  // namespace

void add_model_choice(Verb& verb, ModelChoice& choice) {
  verb.option("--trial", choice.trial, "number of a COMPLETE trial of a study [the best]")
      .range(0, kAnyNumber);
  verb.option("--train-seed", choice.seed, "number of a seed of `nas train` [the best]")
      .range(1, kAnyNumber);
}

bool has_models(const std::string& folder) {
  return store::Study::exists(folder) || run::is_long_training(folder);
}

run::TrainedWeights choose_model(const ModelChoice& choice) {
  const bool is_training = run::is_long_training(choice.folder);
  if (is_training && choice.trial >= 0) {
    throw Error(ErrorKind::kUsage, "--trial chooses a trial of a study; " + choice.folder +
                                       " is a training of `nas train`: --train-seed");
  }
  if (!is_training && choice.seed > 0) {
    throw Error(ErrorKind::kUsage, "--train-seed chooses a seed of `nas train`; " + choice.folder +
                                       " is none: --trial");
  }
  return is_training ? of_training(choice) : of_study(choice);
}

}  // namespace nas::cli
