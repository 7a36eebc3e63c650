#include "nas/config/sections.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>

namespace nas::config {
namespace {

constexpr std::int64_t kMany = 1'000'000'000;
constexpr std::int64_t kNoLimit = std::int64_t{1} << 62;

TextRule metric_name() { return {"the name of a metric", "[A-Za-z][ -~]*", 200}; }

TextRule searcher_name() {
  return {"the name of a searcher (nas list searchers)", "[a-z][a-z0-9_]*", 64};
}

TextRule path() { return {"a path", "", 4096}; }

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

void describe_optimizer(Fields& fields, OptimizerConfig& config) {
  fields.choice("name", config.name, {"adamw"},
                "Loshchilov and Hutter 2019 (arXiv:1711.05101): Adam with decoupled weight decay");
  fields.real("learning_rate", config.learning_rate, {0, 100, true}, "peak of the schedule");
  fields.real("beta1", config.beta1, {0, 1, false, true}, "decay of the gradient's mean");
  fields.real("beta2", config.beta2, {0, 1, false, true}, "decay of the squared gradient's mean");
  fields.real("epsilon", config.epsilon, {0, 1, true}, "added to the root of the second moment");
  fields.real("weight_decay", config.weight_decay, {0, 100},
              "share of a weight taken away a step, times the learning rate");
  fields.real("clip_norm", config.clip_norm, {0, 1e6},
              "largest norm of the whole gradient; 0: no clipping");
}

void describe_schedule(Fields& fields, ScheduleConfig& config, std::int64_t steps) {
  fields.choice("name", config.name, {"cosine", "constant"},
                "of the learning rate after the warm-up");
  fields.integer("warmup_steps", config.warmup_steps, {0, kMany},
                 "steps over which the learning rate rises linearly to its peak");
  fields.rule("warmup_steps", config.warmup_steps <= steps,
              "be at most training.steps, which is " + std::to_string(steps));
  fields.real("final_share", config.final_share, {0, 1},
              "learning rate of the last step over the peak (cosine)");
}

void describe_hurdles(Fields& fields, HurdlesConfig& config, std::int64_t steps) {
  constexpr std::int64_t kMostHurdles = 8;
  fields.integer("count", config.count, {0, kMostHurdles},
                 "halving hurdles inside a training (So et al. 2021): a trial worse than the "
                 "median at one is PRUNED; 0: none");
  // The first hurdle stands at steps / (2^(count+1) - 1) and each band doubles.
  const std::int64_t least = (std::int64_t{2} << std::min(config.count, kMostHurdles)) - 1;
  fields.rule("count", config.count == 0 || steps >= least,
              "leave a step before the first hurdle: training.steps is " + std::to_string(steps) +
                  ", at least " + std::to_string(least) + " are needed");
  fields.integer("minimum", config.minimum, {1, 1'000'000},
                 "trials that must have reached a hurdle before anyone can miss it");
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
}

void describe(Fields& fields, ModelConfig& config) {
  fields.choice("kind", config.kind, {"decoder_lm"}, "decoder_lm: a causal language model");
  fields.choice("positions", config.positions, {"rope", "learned", "none"},
                "rope: rotary, inside attention (Su et al. 2021, arXiv:2104.09864); learned: a "
                "table added to the embedding");
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
  fields.texts("enqueue", config.enqueue, path(), "architecture files to try first");
  fields.raw("options", config.options, RawKind::kObject, "of the searcher (nas list searchers)");
}

void describe(Fields& fields, TrainingConfig& config) {
  fields.integer("steps", config.steps, {1, kMany}, "of a short training");
  fields.integer("batch_size", config.batch_size, {1, 65'536}, "windows a step");
  fields.integer("seq_len", config.seq_len, {1, 65'536}, "tokens of a window");
  fields.integer("eval_batches", config.eval_batches, {1, 1'000'000},
                 "validation batches, spread evenly over the validation text");
  fields.integer("eval_every", config.eval_every, {0, kMany}, "steps; 0: only at the end");
  fields.section("optimizer", "of the weights",
                 [&](Fields& inner) { describe_optimizer(inner, config.optimizer); });
  fields.section("schedule", "of the learning rate",
                 [&](Fields& inner) { describe_schedule(inner, config.schedule, config.steps); });
  fields.section("hurdles", "intermediate bars that end weak trials early",
                 [&](Fields& inner) { describe_hurdles(inner, config.hurdles, config.steps); });
  fields.integer("checkpoint_every", config.checkpoint_every, {0, kMany},
                 "steps between checkpoints inside a trial; 0: none");
  fields.real("timeout_seconds", config.timeout_seconds, {0, 1e9},
              "a trial that trains longer is FAIL `timeout`, which makes the study depend on the "
              "machine's speed; 0: none");
  fields.integer("threads", config.threads, {1, 256},
                 "compute threads of one trial on the CPU; part of the result's bits");
  fields.boolean("fuse", config.fuse,
                 "map patterns of a program to fused operations; off runs every node by its plain "
                 "form, with other roundings");
  fields.boolean("check_causality", config.check_causality,
                 "before its first step, check each candidate numerically for leaks of the future");
  fields.choice("precision", config.precision, {"auto", "fp32", "bf16"},
                "of activations; weights are fp32. auto: bf16 on CUDA, fp32 on the CPU");
}

void describe(Fields& fields, ObjectiveConfig& config) {
  fields.text("metric", config.metric, metric_name(),
              "val_bpb: bits per byte of validation text, whatever the tokenizer");
  fields.choice("direction", config.direction, {"minimize", "maximize"}, "which values are better");
}

void describe(Fields& fields, ConstraintConfig& config) {
  fields.text("metric", config.metric, metric_name(),
              "params, decoder_params, embedding_params, flops_per_token, activation_bytes, "
              "peak_bytes (a candidate that breaks one is drawn again) or latency_us (PRUNED)",
              Presence::kRequired);
  fields.optional_real("min", config.min, {}, "smallest value allowed");
  fields.optional_real("max", config.max, {}, "largest value allowed");
  fields.rule("metric", config.min || config.max, "come with a min, a max or both");
  fields.rule("max", !config.min || !config.max || *config.min <= *config.max, "be at least min");
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

void describe(Fields& fields, VerifyConfig& config) {
  fields.integer("top", config.top, {0, 1000},
                 "best candidates trained again beside the initial program; 0: none");
  fields.integer("repeats", config.repeats, {1, 1000}, "trainings of each, with fresh seeds");
}

}  // namespace nas::config
