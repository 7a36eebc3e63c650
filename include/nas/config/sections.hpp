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
  std::int64_t max_bytes = 0;  ///< 0: all
};

struct ModelConfig {
  std::string kind = "decoder_lm";
  std::string positions = "rope";  ///< "rope", "learned", "none"
  bool tied_head = true;
  std::int64_t max_len = 2048;
  std::string final_norm = "layer_norm";  ///< "layer_norm", "rms_norm"
};

struct SearchConfig {
  std::string name = "regularized_evolution";
  std::int64_t parallelism = 1;  ///< W of determinism.md
  std::int64_t redraws = 100;
  std::vector<std::string> enqueue;         ///< absolute paths of architecture files
  JsonValue options = JsonValue::object();  ///< the searcher's own
};

struct OptimizerConfig {
  std::string name = "adamw";
  double learning_rate = 1e-3;
  double beta1 = 0.9;
  double beta2 = 0.95;
  double epsilon = 1e-8;
  double weight_decay = 0.1;
  double clip_norm = 1.0;  ///< of the whole gradient; 0: off
};

struct ScheduleConfig {
  std::string name = "cosine";  ///< "cosine", "constant"
  std::int64_t warmup_steps = 0;
  double final_share = 0.1;  ///< last learning rate / peak
};

struct HurdlesConfig {
  std::int64_t count = 0;
  std::int64_t minimum = 5;  ///< trials seen at a hurdle before a bar is set
};

struct TrainingConfig {
  std::int64_t steps = 200;
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
  bool check_causality = false;       ///< numeric check of each candidate before its first step
  std::string precision = "auto";     ///< "auto", "fp32", "bf16"
};

struct ObjectiveConfig {
  std::string metric = "val_bpb";
  std::string direction = "minimize";  ///< "minimize", "maximize"
};

struct ConstraintConfig {
  std::string metric;
  std::optional<double> min;
  std::optional<double> max;
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

struct VerifyConfig {
  std::int64_t top = 1;  ///< 0: off
  std::int64_t repeats = 3;
};

void describe(Fields& fields, DataConfig& config);
void describe(Fields& fields, ModelConfig& config);
void describe(Fields& fields, SearchConfig& config);
void describe(Fields& fields, TrainingConfig& config);
void describe(Fields& fields, ObjectiveConfig& config);
void describe(Fields& fields, ConstraintConfig& config);
void describe(Fields& fields, ProfileConfig& config);
void describe(Fields& fields, BudgetConfig& config);
void describe(Fields& fields, VerifyConfig& config);

}  // namespace nas::config
