#include "nas/config/sections.hpp"

#include <nlohmann/json.hpp>

namespace nas::config {
namespace {

constexpr std::int64_t kNoLimit = std::int64_t{1} << 62;

TextRule searcher_name() {
  return {"the name of a searcher (nas list searchers)", "[a-z][a-z0-9_]*", 64};
}

void describe_tokenizer(Fields& fields, TokenizerConfig& config) {
  fields.choice("kind", config.kind, {"bytes", "sentencepiece"},
                "bytes: one id for each byte; sentencepiece: BPE trained on the corpus, lossless");
  constexpr std::int64_t kBytes = 256;
  constexpr std::int64_t kLeastBpe = 512;
  const bool is_bytes = config.kind == "bytes";
  if (!is_bytes && config.vocab_size == kBytes) config.vocab_size = 8192;
  fields.integer("vocab_size", config.vocab_size, {kBytes, 1'000'000},
                 "ids: 256 for bytes; 8192 for sentencepiece unless given");
  fields.rule("vocab_size", !is_bytes || config.vocab_size == kBytes,
              "be 256 with the tokenizer \"bytes\"");
  fields.rule("vocab_size", is_bytes || config.vocab_size >= kLeastBpe,
              "be at least " + std::to_string(kLeastBpe) +
                  " with the tokenizer \"sentencepiece\", which keeps an id for each byte");
}

}  // namespace

void describe(Fields& fields, DataConfig& config) {
  fields.text("corpus", config.corpus, {"\"python\" or the path of a file or folder", "", 4096},
              "text to train on. python: the Python source of the installed PyTorch; else a text "
              "file or a folder of them, from the working folder or the configuration's own");
  fields.texts("extensions", config.extensions,
               {"a file name's ending such as \".py\"", "\\.[A-Za-z0-9_+.-]{1,31}", 32},
               "of the files read from a folder; none: all text files");
  fields.section("tokenizer", "text to ids",
                 [&](Fields& inner) { describe_tokenizer(inner, config.tokenizer); });
  fields.real("validation_share", config.validation_share, {0.01, 0.5},
              "share of the corpus held out for validation");
  fields.integer("max_bytes", config.max_bytes, {0, kNoLimit}, "of the corpus read; 0: all");
  fields.boolean("document_mask", config.document_mask,
                 "where a window holds the end of one document and the start of the next, no token "
                 "sees the other document");
  fields.text("document_separator", config.document_separator,
              {"a line of text", "[^\\r\\n]*", 200},
              "a line that stands between two documents of a file, such as <|endoftext|>; it is no "
              "text itself. Empty: a file is one document");
}

void describe(Fields& fields, ModelConfig& config) {
  fields.choice("kind", config.kind, {"decoder_lm"}, "decoder_lm: a causal language model");
  fields.choice("positions", config.positions, {"rope", "learned", "none", "t5"},
                "rope: rotary, inside attention (Su et al. 2021, arXiv:2104.09864); learned: a "
                "table added to the embedding; t5: a table of biases by distance and head, added "
                "to the scores of every layer (Raffel et al. 2020, arXiv:1910.10683)");
  fields.boolean("tied_head", config.tied_head, "logits use the embedding's weights");
  fields.integer("max_len", config.max_len, {1, 1'048'576},
                 "rows of the learned position table, in tokens");
  fields.choice("final_norm", config.final_norm, {"layer_norm", "rms_norm"}, "before the head");
}

void describe(Fields& fields, SearchConfig& config) {
  fields.text("name", config.name, searcher_name(), "what proposes candidates");
  fields.integer("parallelism", config.parallelism, {1, 256},
                 "W: trial n is proposed from the results of trials numbered up to n - W, so up "
                 "to W workers give the same study");
  fields.integer("redraws", config.redraws, {1, 1'000'000},
                 "attempts to propose a candidate that is new and satisfies the constraints");
  fields.raw(
      "enqueue", config.enqueue, RawKind::kList,
      "what to try first: paths of files, or in place, of an architecture or of a sample (nas best "
      "--format json, nas space --sample)");
  fields.raw("options", config.options, RawKind::kObject, "of the searcher (nas list searchers)");
}

void describe(Fields& fields, ProfileConfig& config) {
  fields.boolean("latency", config.latency, "measure each candidate's forward latency");
  fields.integer("batch", config.batch, {1, 65'536}, "sequences");
  fields.integer("seq", config.seq, {1, 65'536}, "tokens of each");
  fields.integer("repeats", config.repeats, {1, 100'000}, "timed runs; their median counts");
  fields.integer("warmup", config.warmup, {0, 100'000}, "runs before them");
}

void describe(Fields& fields, BudgetConfig& config) {
  fields.integer("trials", config.trials, {1, 10'000'000}, "of the study, duplicates included");
  fields.real("seconds", config.seconds, {0, 1e9},
              "of one run of the program, which then ends resumable (exit 4); 0: no limit");
  fields.real("max_failed_share", config.max_failed_share, {0, 1},
              "the search ends (exit 5) when more of its trials are FAIL");
  fields.integer("max_consecutive_failed", config.max_consecutive_failed, {1, 1'000'000},
                 "the search ends (exit 5) after as many FAIL in a row");
  fields.integer("max_attempts", config.max_attempts, {1, 1'000'000},
                 "a trial whose process dies as often in a row without passing its last "
                 "checkpoint is FAIL `killed`");
}

}  // namespace nas::config
