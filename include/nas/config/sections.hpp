#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "nas/config/fields.hpp"
#include "nas/core/json.hpp"

namespace nas::config {

// The help and range of each member are in its declaration, src/config/sections.cpp;
// `nas validate --schema` and docs print them.

struct TokenizerConfig {
  std::string kind = "bytes";     ///< "bytes", "sentencepiece"
  std::int64_t vocab_size = 256;  ///< 256 for bytes; 8192 unless given for sentencepiece
};

struct DataConfig {
  std::string corpus = "python";        ///< "python", or the absolute path of a file or folder
  std::vector<std::string> extensions;  ///< of a folder's files, ".py"; empty: all text files
  TokenizerConfig tokenizer;
  double validation_share = 0.05;
  std::int64_t max_bytes = 0;      ///< 0: all
  bool document_mask = true;       ///< no token sees another document
  std::string document_separator;  ///< a line between two documents of a file; empty: none
};

struct ModelConfig {
  std::string kind = "decoder_lm";
  std::string positions = "rope";  ///< "rope", "learned", "none", "t5"
  bool tied_head = true;
  std::int64_t max_len = 2048;
  std::string final_norm = "layer_norm";  ///< "layer_norm", "rms_norm"
};

struct SearchConfig {
  std::string name = "regularized_evolution";
  std::int64_t parallelism = 1;  ///< W of determinism.md
  std::int64_t redraws = 100;
  JsonValue enqueue;  ///< list of absolute paths, architectures and samples; null: none
  JsonValue options = JsonValue::object();  ///< the searcher's own
};

struct OptimizerConfig {
  std::string name = "adamw";  ///< "adamw", "adafactor"
  double learning_rate = 1e-3;
  // adamw
  double beta1 = 0.9;
  double beta2 = 0.95;
  double epsilon = 1e-8;
  double weight_decay = 0.1;
  double clip_norm = 1.0;  ///< of the whole gradient; 0: off
  // adafactor
  double decay_rate = 0.8;
  double epsilon1 = 1e-30;
  double epsilon2 = 1e-3;
  double clip_threshold = 1.0;
  double momentum = 0;  ///< 0: none
  bool multiply_by_parameter_scale = true;
  std::int64_t min_dim_size_to_factor = 128;
};

struct ScheduleConfig {
  std::string name = "cosine";  ///< "cosine", "linear", "rsqrt", "constant"
  std::int64_t warmup_steps = 0;
  double final_share = 0.1;  ///< last learning rate / peak
};

struct HurdlesConfig {
  std::int64_t count = 0;
  std::int64_t minimum = 5;  ///< trials seen at a hurdle before a bar is set
};

/// What a training may spend: one of its members.
struct TrainingBudgetConfig {
  bool is_given = false;  ///< else TrainingConfig::steps counts
  std::optional<std::int64_t> steps;
  std::optional<std::int64_t> tokens;
  std::optional<double> flops;    ///< of training: three times the forward's
  std::optional<double> seconds;  ///< wall clock, which does not repeat
};

struct TrainingConfig {
  std::int64_t steps = 200;
  TrainingBudgetConfig budget;
  std::int64_t batch_size = 8;
  std::int64_t seq_len = 64;
  std::int64_t eval_batches = 8;
  std::int64_t eval_every = 0;  ///< steps; 0: only at the end
  OptimizerConfig optimizer;
  ScheduleConfig schedule;
  HurdlesConfig hurdles;
  std::int64_t checkpoint_every = 0;  ///< steps; 0: none
  double timeout_seconds = 0;         ///< 0: none
  std::int64_t threads = 1;           ///< compute threads of one trial
  bool fuse = true;                   ///< off: every node by its plain form (another rounding)
  bool capture = true;                ///< a GPU's training step is a CUDA graph
  bool deterministic = true;          ///< off: a GPU's faster kernels, whose bits vary
  bool check_causality = false;       ///< numeric check of each candidate before its first step
  std::string precision = "auto";     ///< "auto", "fp32", "bf16"
  bool tensorboard = true;            ///< write event files as trainings run
};

struct ProfileConfig {
  bool latency = false;
  std::int64_t batch = 1;
  std::int64_t seq = 64;
  std::int64_t repeats = 20;
  std::int64_t warmup = 5;
};

struct BudgetConfig {
  std::int64_t trials = 100;
  double seconds = 0;  ///< 0: none
  double max_failed_share = 0.5;
  std::int64_t max_consecutive_failed = 10;
  std::int64_t max_attempts = 10;  ///< deaths in a row without progress before FAIL "killed"
};

/// Steps of every candidate's training, by training.steps or a budget in steps or tokens; nothing
/// when they depend on the candidate (flops) or on the machine (seconds).
[[nodiscard]] std::optional<std::int64_t> fixed_steps(const TrainingConfig& training);

void describe(Fields& fields, DataConfig& config);
void describe(Fields& fields, ModelConfig& config);
void describe(Fields& fields, SearchConfig& config);
void describe(Fields& fields, TrainingConfig& config);
void describe(Fields& fields, ProfileConfig& config);
void describe(Fields& fields, BudgetConfig& config);

}  // namespace nas::config
