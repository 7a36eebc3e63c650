#include "nas/config/objectives.hpp"

namespace nas::config {
namespace {

TextRule metric_name() { return {"the name of a metric", "[A-Za-z][ -~]*", 200}; }

}  // namespace

void describe(Fields& fields, ObjectiveConfig& config) {
  fields.text("metric", config.metric, metric_name(),
              "val_bpb (bits per byte of validation text, whatever the tokenizer), val_loss_nats, "
              "train_loss_nats; latency_us (with profile.latency); or what is counted: params, "
              "decoder_params, embedding_params, flops_per_token, activation_bytes, peak_bytes");
  fields.choice("direction", config.direction, {"minimize", "maximize"}, "which values are better");
  fields.real("weight", config.weight, {0, 100, true},
              "exponent of the metric in a weighted product");
  fields.optional_real("reference", config.reference, {.min = 0, .min_open = true},
                       "what the metric is divided by in a weighted product: a value where you "
                       "would be content");
}

void describe(Fields& fields, RepeatConfig& config) {
  fields.integer("seeds", config.seeds, {1, 1000},
                 "trainings of each candidate in the search, each from its own seed; its value is "
                 "their mean, and hurdles compare the mean so far");
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

void describe(Fields& fields, VerifyConfig& config) {
  fields.integer("top", config.top, {0, 1000},
                 "best candidates trained again beside the initial program; 0: none");
  fields.integer("repeats", config.repeats, {1, 1000}, "trainings of each, with fresh seeds");
  fields.boolean("random_search", config.random_search,
                 "also run a random search of as many trials, in the study's folder random/, and "
                 "train its winner again beside the others");
}

}  // namespace nas::config
