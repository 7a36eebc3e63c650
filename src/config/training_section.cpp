#include <algorithm>
#include <nlohmann/json.hpp>

#include "nas/config/sections.hpp"

namespace nas::config {
namespace {

constexpr std::int64_t kMany = 1'000'000'000;

void describe_adamw(Fields& fields, OptimizerConfig& config) {
  fields.real("beta1", config.beta1, {0, 1, false, true}, "adamw: decay of the gradient's mean");
  fields.real("beta2", config.beta2, {0, 1, false, true},
              "adamw: decay of the squared gradient's mean");
  fields.real("epsilon", config.epsilon, {0, 1, true},
              "adamw: added to the root of the second moment");
  fields.real("weight_decay", config.weight_decay, {0, 100},
              "adamw: share of a weight taken away a step, times the learning rate");
  fields.real("clip_norm", config.clip_norm, {0, 1e6},
              "adamw: largest norm of the whole gradient; 0: no clipping");
}

void describe_adafactor(Fields& fields, OptimizerConfig& config) {
  fields.real("decay_rate", config.decay_rate, {0, 1, true, false},
              "adafactor: the second moment decays by 1 - t^-decay_rate at step t");
  fields.real("epsilon1", config.epsilon1, {0, 1, true}, "adafactor: added to squared gradients");
  fields.real("epsilon2", config.epsilon2, {0, 1, true},
              "adafactor: least root mean square of a parameter that scales its step");
  fields.real("clip_threshold", config.clip_threshold, {0, 1e6, true},
              "adafactor: largest root mean square of a parameter's update [d]");
  fields.real("momentum", config.momentum, {0, 1, false, true},
              "adafactor: decay of the updates' mean [beta1]; 0: none, and no memory for it");
  fields.boolean("multiply_by_parameter_scale", config.multiply_by_parameter_scale,
                 "adafactor: steps relative to each parameter's root mean square");
  fields.integer("min_dim_size_to_factor", config.min_dim_size_to_factor, {1, 1'000'000},
                 "adafactor: the second moment of a parameter whose two largest axes have this "
                 "size is kept factored");
}

void describe_optimizer(Fields& fields, OptimizerConfig& config) {
  fields.choice("name", config.name, {"adamw", "adafactor"},
                "adamw: Loshchilov and Hutter 2019 (arXiv:1711.05101), Adam with decoupled weight "
                "decay; adafactor: Shazeer and Stern 2018 (arXiv:1804.04235), as T5 uses it");
  fields.real("learning_rate", config.learning_rate, {0, 100, true}, "peak of the schedule");
  const std::string absent = "be left out with the optimizer \"" + config.name + "\"";
  fields.when(config.name == "adamw", absent, [&](Fields& own) { describe_adamw(own, config); });
  fields.when(config.name == "adafactor", absent,
              [&](Fields& own) { describe_adafactor(own, config); });
}

/// "training.steps" or where else the number of steps comes from, for messages.
std::string source_of_steps(const TrainingConfig& config) {
  return config.budget.is_given ? "the number of steps by training.budget" : "training.steps";
}

void describe_schedule(Fields& fields, TrainingConfig& training) {
  ScheduleConfig& config = training.schedule;
  fields.choice("name", config.name, {"cosine", "linear", "rsqrt", "constant"},
                "of the learning rate after the warm-up; rsqrt: falls with the root of the step");
  fields.integer("warmup_steps", config.warmup_steps, {0, kMany},
                 "steps over which the learning rate rises linearly to its peak");
  const std::optional<std::int64_t> steps = fixed_steps(training);
  fields.rule("warmup_steps", !steps || config.warmup_steps <= *steps,
              "be at most " + source_of_steps(training) + ", which is " +
                  std::to_string(steps.value_or(0)));
  fields.real("final_share", config.final_share, {0, 1},
              "learning rate of the last step over the peak (cosine, linear)");
}

void describe_hurdles(Fields& fields, TrainingConfig& training) {
  HurdlesConfig& config = training.hurdles;
  constexpr std::int64_t kMostHurdles = 8;
  fields.integer("count", config.count, {0, kMostHurdles},
                 "halving hurdles inside a training (So et al. 2021): a trial worse than the "
                 "median at one is PRUNED; 0: none");
  // The first hurdle stands at steps / (2^(count+1) - 1) and each band doubles.
  const std::int64_t least = (std::int64_t{2} << std::min(config.count, kMostHurdles)) - 1;
  const std::optional<std::int64_t> steps = fixed_steps(training);
  fields.rule("count", config.count == 0 || !steps || *steps >= least,
              "leave a step before the first hurdle: " + source_of_steps(training) + " is " +
                  std::to_string(steps.value_or(0)) + ", at least " + std::to_string(least) +
                  " are needed");
  fields.integer("minimum", config.minimum, {1, 1'000'000},
                 "trials that must have reached a hurdle before anyone can miss it");
}

void describe_budget(Fields& fields, TrainingBudgetConfig& config) {
  constexpr std::int64_t kMostTokens = std::int64_t{1} << 62;
  fields.optional_integer("steps", config.steps, {1, kMany}, "the same as training.steps");
  fields.optional_integer("tokens", config.tokens, {1, kMostTokens},
                          "of training text: steps are tokens / (batch_size * seq_len), rounded "
                          "down");
  fields.optional_real("flops", config.flops, {0, 1e30, true},
                       "of training, 3 times those of the forward passes by the cost model: each "
                       "candidate gets its own number of steps, rounded down, at least 1");
  fields.optional_real("seconds", config.seconds, {0, 1e9, true},
                       "wall clock with evaluations; the results depend on the machine's speed");
}

void describe_length(Fields& fields, TrainingConfig& config) {
  TrainingBudgetConfig& budget = config.budget;
  fields.optional_section("budget", budget.is_given,
                          "what a training may spend, in place of steps: one of "
                          "its keys",
                          [&](Fields& inner) { describe_budget(inner, budget); });
  const int given = int{budget.steps.has_value()} + int{budget.tokens.has_value()} +
                    int{budget.flops.has_value()} + int{budget.seconds.has_value()};
  fields.rule("budget", !budget.is_given || given == 1,
              "hold exactly one of steps, tokens, flops and seconds");
  fields.when(!budget.is_given, "be left out with training.budget, which gives the steps",
              [&](Fields& own) {
                own.integer("steps", config.steps, {1, kMany}, "of a short training");
              });
}

}  // namespace

std::optional<std::int64_t> fixed_steps(const TrainingConfig& training) {
  if (!training.budget.is_given) return training.steps;
  if (training.budget.steps) return training.budget.steps;
  if (training.budget.tokens) {
    return *training.budget.tokens / (training.batch_size * training.seq_len);
  }
  return std::nullopt;
}

void describe(Fields& fields, TrainingConfig& config) {
  describe_length(fields, config);
  fields.integer("batch_size", config.batch_size, {1, 65'536}, "windows a step");
  fields.integer("seq_len", config.seq_len, {1, 65'536}, "tokens of a window");
  const std::optional<std::int64_t> steps = fixed_steps(config);
  fields.rule("budget.tokens", !steps || (*steps >= 1 && *steps <= kMany),
              "be enough for a step of batch_size * seq_len = " +
                  std::to_string(config.batch_size * config.seq_len) + " tokens and for at most " +
                  std::to_string(kMany) + " steps");
  fields.integer("eval_batches", config.eval_batches, {1, 1'000'000},
                 "validation batches, spread evenly over the validation text");
  fields.integer("eval_every", config.eval_every, {0, kMany}, "steps; 0: only at the end");
  fields.section("optimizer", "of the weights",
                 [&](Fields& inner) { describe_optimizer(inner, config.optimizer); });
  fields.section("schedule", "of the learning rate",
                 [&](Fields& inner) { describe_schedule(inner, config); });
  fields.section("hurdles", "intermediate bars that end weak trials early",
                 [&](Fields& inner) { describe_hurdles(inner, config); });
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
  fields.boolean("capture", config.capture,
                 "record a GPU's training step once and launch it as one CUDA graph; off launches "
                 "kernel by kernel, with the same bits; may change on resume");
  fields.boolean("deterministic", config.deterministic,
                 "a GPU repeats a training's bits; off allows it faster kernels that do not; the "
                 "CPU always does");
  fields.boolean("check_causality", config.check_causality,
                 "before its first step, check each candidate numerically for leaks of the future");
  fields.choice("precision", config.precision, {"auto", "fp32", "bf16"},
                "of activations; weights are fp32. auto: bf16 on CUDA, fp32 on the CPU");
  fields.boolean("tensorboard", config.tensorboard,
                 "write TensorBoard event files as trainings run; may change on resume");
}

}  // namespace nas::config
