#include "export_facts.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "command.hpp"
#include "nas/core/error.hpp"
#include "nas/data/dataset.hpp"
#include "nas/run/version.hpp"

namespace nas::cli {
namespace {

/// Indentation, a character of several bytes, and what tokenizers like to lose or escape.
constexpr const char* kSample =
    "def f(x):\n    return x  # \xC3\xA9 \xE2\x96\x81 <unk>\t \xF0\x9D\x84\x9E\r\n\n  \n";

config::RunConfig config_of(const store::Study& study) {
  return config::config_from_json(study.header().config, JsonPositions(study.folder()));
}

}  // namespace

std::string study_tokenizer(const store::Study& study) {
  const config::RunConfig config = config_of(study);
  if (config.data.tokenizer.kind == "bytes") return data::make_byte_tokenizer()->serialised();
  const auto dataset =
      data::Dataset::load(config.data, config.training.seq_len, data::default_cache_folder());
  const std::string stored = study.header().environment->value("corpus_hash", "");
  const std::string found = dataset->hash().hex();
  if (found != stored) {
    throw Error(ErrorKind::kData, "data.corpus = \"" + config.data.corpus +
                                      "\" is not what the study was trained on "
                                      "(hash " +
                                      found + ", then " + stored +
                                      "), so its tokenizer cannot be made again");
  }
  return dataset->tokenizer().serialised();
}

exporting::ExportFacts export_facts(const store::Study& study, std::int64_t trial,
                                    const std::string& tokenizer) {
  const store::StudyHeader header = study.header();
  const std::vector<space::Trial> trials = study.trials();
  exporting::ExportFacts facts;
  facts.version = run::kVersion;
  facts.study = header.name;
  facts.trial = trial;
  facts.trials = std::count_if(trials.begin(), trials.end(), [](const space::Trial& one) {
    return is_finished(one.outcome.state);
  });
  facts.metric = header.metric;
  facts.value = trials.at(static_cast<std::size_t>(trial)).outcome.value;
  if (const auto verification = run::verification_of(study)) {
    facts.verification = verification_lines(*verification);
  }
  facts.config = header.config;
  const config::RunConfig config = config_of(study);
  facts.corpus = config.data.corpus + ": " + header.environment->value("corpus", "");
  facts.seq_len = config.training.seq_len;
  facts.tokenizer = tokenizer;
  if (!tokenizer.empty()) {
    facts.sample_text = kSample;
    facts.sample_ids = data::load_tokenizer(tokenizer)->encode(facts.sample_text);
  }
  return facts;
}

}  // namespace nas::cli
