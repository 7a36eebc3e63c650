#include "nas/config/run_config.hpp"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <set>
#include <string>
#include <vector>

#include "nas/core/error.hpp"
#include "support/error_of.hpp"

namespace nas::config {
namespace {

RunConfig parse(const std::string& text) {
  JsonPositions positions("c.json");
  const Json json = parse_json(text, positions);
  return config_from_json(json, positions);
}

/// The refusal of a configuration that is right but for this member.
std::string refusal(const std::string& member) {
  const auto error = test::error_of([&] { return parse("{\"space\": {}, " + member + "}"); });
  if (!error) return "";
  EXPECT_EQ(error->kind(), ErrorKind::kConfig);
  return error->what();
}

/// Every member at a value that is not its default.
constexpr const char* kEverything = R"({
  "$schema": "nas.schema.json",
  "name": "p-1.x", "seed": 18446744073709551615, "device": "cuda:3",
  "data": {"corpus": "/data/text", "extensions": [".py", ".tar.gz"],
           "tokenizer": {"kind": "sentencepiece", "vocab_size": 1000},
           "validation_share": 0.125, "max_bytes": 123456789, "document_mask": false,
           "document_separator": "<|endoftext|>"},
  "model": {"kind": "decoder_lm", "positions": "learned", "tied_head": false, "max_len": 512,
            "final_norm": "rms_norm"},
  "space": {"model_dim": 32, "layers": {"choice": [2, 3]}},
  "search": {"name": "random", "parallelism": 4, "redraws": 7, "enqueue": ["/a/b.json"],
             "options": {"population": 20}},
  "training": {"steps": 300, "batch_size": 16, "seq_len": 128, "eval_batches": 3, "eval_every": 50,
    "optimizer": {"name": "adamw", "learning_rate": 0.003, "beta1": 0.8, "beta2": 0.99,
                  "epsilon": 1e-6, "weight_decay": 0.01, "clip_norm": 0},
    "schedule": {"name": "constant", "warmup_steps": 20, "final_share": 0.5},
    "hurdles": {"count": 2, "minimum": 4},
    "checkpoint_every": 25, "timeout_seconds": 60.5, "threads": 2,
    "fuse": false, "capture": false, "deterministic": false, "check_causality": true, "precision": "fp32", "tensorboard": false},
  "repeat": {"seeds": 3},
  "evaluator": "synthetic", "synthetic": {"noise": 0.1},
  "objectives": [{"metric": "val_loss", "direction": "maximize", "weight": 0.5, "reference": 2.75},
                 {"metric": "latency_us", "direction": "minimize", "weight": 0.07,
                  "reference": 500}],
  "combine": "weighted_product",
  "constraints": [{"metric": "flops_per_token", "max": 150000},
                  {"metric": "latency_us", "min": 1.5, "max": 2.5}],
  "profile": {"latency": true, "batch": 2, "seq": 32, "repeats": 9, "warmup": 2},
  "budget": {"trials": 24, "seconds": 1.5, "max_failed_share": 0.25, "max_consecutive_failed": 3,
             "max_attempts": 4},
  "verify": {"top": 2, "repeats": 5, "random_search": true},
  "storage": ""
})";

TEST(RunConfig, AShortFileIsEnough) {
  const RunConfig config = parse(R"({"space": {"layers": 2}})");
  EXPECT_EQ(config.name, "study");
  EXPECT_EQ(config.data.corpus, "python");
  EXPECT_EQ(config.data.tokenizer.vocab_size, 256);
  EXPECT_EQ(config.search.name, "regularized_evolution");
  EXPECT_EQ(config.space->dump(), R"({"layers":2})");
  EXPECT_EQ(config.search.options->dump(), "{}");
  ASSERT_EQ(config.objectives.size(), 1U);
  EXPECT_EQ(config.objectives[0].metric, "val_bpb");
  EXPECT_EQ(config.objectives[0].direction, "minimize");
  EXPECT_TRUE(config.constraints.empty());
}

TEST(RunConfig, ReadsEveryMember) {
  const RunConfig config = parse(kEverything);
  EXPECT_EQ(config.seed, 18446744073709551615U);
  EXPECT_EQ(config.device, "cuda:3");
  EXPECT_EQ(config.data.extensions, (std::vector<std::string>{".py", ".tar.gz"}));
  EXPECT_EQ(config.data.validation_share, 0.125);
  EXPECT_FALSE(config.model.tied_head);
  EXPECT_EQ(config.model.final_norm, "rms_norm");
  EXPECT_EQ(config.search.parallelism, 4);
  EXPECT_EQ(*config.search.enqueue, Json::array({"/a/b.json"}));
  EXPECT_EQ(config.training.optimizer.epsilon, 1e-6);
  EXPECT_EQ(config.training.schedule.warmup_steps, 20);
  EXPECT_EQ(config.training.hurdles.minimum, 4);
  EXPECT_EQ(config.training.timeout_seconds, 60.5);
  EXPECT_EQ(config.repeat.seeds, 3);
  ASSERT_EQ(config.objectives.size(), 2U);
  EXPECT_EQ(config.objectives[0].reference, 2.75);
  EXPECT_EQ(config.objectives[1].weight, 0.07);
  EXPECT_TRUE(config.verify.random_search);
  ASSERT_EQ(config.constraints.size(), 2U);
  EXPECT_FALSE(config.constraints[0].min);
  EXPECT_EQ(config.constraints[0].max, 150000.0);
  EXPECT_EQ(config.constraints[1].min, 1.5);
  EXPECT_EQ(config.profile.repeats, 9);
  EXPECT_EQ(config.budget.max_attempts, 4);
  EXPECT_EQ(config.verify.repeats, 5);
}

TEST(RunConfig, NamesSeveralDevices) {
  using Names = std::vector<std::string>;
  for (const char* device : {"cpu,cpu", "cuda,cuda:1", "cuda:0,cuda:1,cuda:0"}) {
    Json json = Json::parse(R"({"space": {}})");
    json["device"] = device;
    EXPECT_EQ(parse(json.dump()).device, device);
  }
  EXPECT_EQ(device_names("auto"), Names{"auto"});
  EXPECT_EQ(device_names("cuda:0,cuda:1,cuda:0"), (Names{"cuda:0", "cuda:1", "cuda:0"}));
}

TEST(RunConfig, RoundTripIsExact) {
  for (const std::string& text : {std::string(kEverything), std::string(R"({"space": {}})")}) {
    const Json once = to_json(parse(text));
    const Json twice = to_json(parse(once.dump()));
    EXPECT_EQ(once.dump(), twice.dump());
  }
  // Every key of the whole file is in the resolved one, with its value.
  const Json given = Json::parse(kEverything);
  const Json resolved = to_json(parse(kEverything));
  for (const auto& [key, value] : given.items()) {
    if (key == "$schema") continue;
    EXPECT_EQ(resolved[key], value) << key;
  }
}

TEST(RunConfig, EveryMemberOfTheWholeFileDiffersFromItsDefault) {
  // Keeps kEverything honest: a member that is left out here is not tested by the round trip.
  const Json defaults = to_json(parse(R"({"space": {}})")).flatten();
  const Json all = to_json(parse(kEverything)).flatten();
  const std::set<std::string> single{"/model/kind", "/training/optimizer/name", "/storage"};
  for (const auto& [pointer, value] : defaults.items()) {
    if (single.contains(pointer) || !all.contains(pointer)) continue;
    EXPECT_NE(all[pointer], value) << pointer;
  }
}

TEST(RunConfig, AdafactorHasKeysOfItsOwn) {
  const std::string text = R"({"space": {}, "training": {"optimizer": {"name": "adafactor",
    "learning_rate": 0.01, "decay_rate": 0.7, "epsilon1": 1e-20, "epsilon2": 0.01,
    "clip_threshold": 2.5, "momentum": 0.5, "multiply_by_parameter_scale": false,
    "min_dim_size_to_factor": 32}}})";
  const RunConfig config = parse(text);
  EXPECT_EQ(config.training.optimizer.decay_rate, 0.7);
  EXPECT_EQ(config.training.optimizer.min_dim_size_to_factor, 32);
  EXPECT_EQ(to_json(config)["training"]["optimizer"], Json::parse(text)["training"]["optimizer"]);
  const Json adamw = to_json(parse(R"({"space": {}})"));
  EXPECT_FALSE(adamw["training"]["optimizer"].contains("decay_rate"));
}

TEST(RunConfig, ABudgetStandsInPlaceOfSteps) {
  const auto training_of = [](const std::string& text) {
    return parse(R"({"space": {}, "training": {"batch_size": 4, "seq_len": 16, )" + text + "}}")
        .training;
  };
  EXPECT_EQ(fixed_steps(training_of(R"("steps": 7)")), 7);
  EXPECT_EQ(fixed_steps(training_of(R"("budget": {"steps": 7})")), 7);
  EXPECT_EQ(fixed_steps(training_of(R"("budget": {"tokens": 511})")), 7);
  EXPECT_EQ(fixed_steps(training_of(R"("budget": {"tokens": 512})")), 8);
  EXPECT_FALSE(fixed_steps(training_of(R"("budget": {"flops": 1e9})")));
  const config::TrainingConfig by_the_clock = training_of(R"("budget": {"seconds": 2.5})");
  EXPECT_FALSE(fixed_steps(by_the_clock));
  EXPECT_EQ(by_the_clock.budget.seconds, 2.5);
  const Json resolved =
      to_json(parse(R"({"space": {}, "training": {"budget": {"flops": 1e9, "steps": null}}})"));
  EXPECT_EQ(resolved["training"]["budget"].dump(), R"({"flops":1000000000.0})");
  EXPECT_FALSE(resolved["training"].contains("steps"));
  EXPECT_FALSE(to_json(parse(R"({"space": {}})"))["training"].contains("budget"));
}

TEST(RunConfig, SentencePieceHasADefaultOfItsOwn) {
  const RunConfig config =
      parse(R"({"space": {}, "data": {"tokenizer": {"kind": "sentencepiece"}}})");
  EXPECT_EQ(config.data.tokenizer.vocab_size, 8192);
}

struct Refusal {
  std::string member;
  std::string message;
};

class RunConfigRefuses : public testing::TestWithParam<Refusal> {};

INSTANTIATE_TEST_SUITE_P(
    Members, RunConfigRefuses,
    testing::Values(
        Refusal{R"("name": "../up")",
                "name = \"../up\" (c.json:1:15): must be a name of up to 100 letters, digits, '_', "
                "'-' and '.' that begins with a letter, digit or '_'"},
        Refusal{R"("name": "..")",
                "name = \"..\" (c.json:1:15): must be a name of up to 100 letters, digits, '_', "
                "'-' and '.' that begins with a letter, digit or '_'"},
        Refusal{
            R"("device": "gpu")",
            "device = \"gpu\" (c.json:1:15): must be \"auto\", \"cpu\", \"cuda\", \"cuda:N\", or "
            "several of one kind: \"cuda:0,cuda:1\""},
        Refusal{
            R"("device": "cuda:")",
            "device = \"cuda:\" (c.json:1:15): must be \"auto\", \"cpu\", \"cuda\", \"cuda:N\", "
            "or several of one kind: \"cuda:0,cuda:1\""},
        Refusal{R"("device": "cuda:0,cpu")",
                "device = \"cuda:0,cpu\" (c.json:1:15): must be \"auto\", \"cpu\", \"cuda\", "
                "\"cuda:N\", or several of one kind: \"cuda:0,cuda:1\""},
        Refusal{R"("device": "auto,cuda:1")",
                "device = \"auto,cuda:1\" (c.json:1:15): must be \"auto\", \"cpu\", \"cuda\", "
                "\"cuda:N\", or several of one kind: \"cuda:0,cuda:1\""},
        Refusal{
            R"("device": "cuda:0,")",
            "device = \"cuda:0,\" (c.json:1:15): must be \"auto\", \"cpu\", \"cuda\", \"cuda:N\", "
            "or several of one kind: \"cuda:0,cuda:1\""},
        Refusal{R"("search": {"parallelism": 257})",
                "search.parallelism = 257 (c.json:1:26): must be a whole number in [1, 256]"},
        Refusal{R"("search": {"paralelism": 2})",
                "search.paralelism (c.json:1:26): unknown key; did you mean \"parallelism\"? "
                "(known here: name, parallelism, redraws, enqueue, options)"},
        Refusal{R"("data": {"extensions": ["py"]})",
                "data.extensions.0 = \"py\" (c.json:1:39): must be a file name's ending such as "
                "\".py\""},
        Refusal{R"("data": {"tokenizer": {"vocab_size": 300}})",
                "data.tokenizer.vocab_size = 300 (c.json:1:38): must be 256 with the tokenizer "
                "\"bytes\""},
        Refusal{R"("data": {"tokenizer": {"kind": "sentencepiece", "vocab_size": 300}})",
                "data.tokenizer.vocab_size = 300 (c.json:1:63): must be at least 512 with the "
                "tokenizer \"sentencepiece\", which keeps an id for each byte"},
        Refusal{R"("data": {"validation_share": 0.6})",
                "data.validation_share = 0.6 (c.json:1:24): must be a number in [0.01, 0.5]"},
        Refusal{R"("training": {"optimizer": {"learning_rate": 0}})",
                "training.optimizer.learning_rate = 0 (c.json:1:42): must be a number in (0, 100]"},
        Refusal{R"("training": {"optimizer": {"beta2": 1}})",
                "training.optimizer.beta2 = 1 (c.json:1:42): must be a number in [0, 1)"},
        Refusal{R"("training": {"steps": 10, "schedule": {"warmup_steps": 11}})",
                "training.schedule.warmup_steps = 11 (c.json:1:54): must be at most "
                "training.steps, which is 10"},
        Refusal{R"("training": {"steps": 14, "hurdles": {"count": 3}})",
                "training.hurdles.count = 3 (c.json:1:53): must leave a step before the first "
                "hurdle: training.steps is 14, at least 15 are needed"},
        Refusal{R"("training": {"budget": {"tokens": 6400}, "schedule": {"warmup_steps": 13}})",
                "training.schedule.warmup_steps = 13 (c.json:1:69): must be at most the number of "
                "steps by training.budget, which is 12"},
        Refusal{R"("training": {"budget": {"tokens": 511}})",
                "training.budget.tokens = 511 (c.json:1:39): must be enough for a step of "
                "batch_size * seq_len = 512 tokens and for at most 1000000000 steps"},
        Refusal{R"("training": {"steps": 10, "budget": {"steps": 10}})",
                "training.steps = 10 (c.json:1:28): must be left out with training.budget, which "
                "gives the steps"},
        Refusal{R"("training": {"budget": {}})",
                "training.budget = {} (c.json:1:28): must hold exactly one of steps, tokens, flops "
                "and seconds"},
        Refusal{R"("training": {"budget": {"steps": 10, "flops": 1e9}})",
                "training.budget = {\"steps\":10,\"flops\":1000000000.0} (c.json:1:28): must hold "
                "exactly one of steps, tokens, flops and seconds"},
        Refusal{R"("training": {"budget": {"flops": 0}})",
                "training.budget.flops = 0 (c.json:1:39): must be a number in (0, 1e+30]"},
        Refusal{R"("training": {"budget": {"hours": 2}})",
                "training.budget.hours (c.json:1:39): unknown key (known here: steps, tokens, "
                "flops, seconds)"},
        Refusal{R"("evaluator": "synthetic", "training": {"budget": {"seconds": 2}})",
                "training.budget.seconds = 2 (c.json:1:65): must be left out with the evaluator "
                "\"synthetic\", which has no clock"},
        Refusal{R"("training": {"optimizer": {"name": "adafactor", "beta2": 0.9}})",
                "training.optimizer.beta2 = 0.9 (c.json:1:63): must be left out with the optimizer "
                "\"adafactor\""},
        Refusal{R"("training": {"optimizer": {"clip_threshold": 1}})",
                "training.optimizer.clip_threshold = 1 (c.json:1:42): must be left out with the "
                "optimizer \"adamw\""},
        Refusal{R"("training": {"hurdles": {"count": 9}})",
                "training.hurdles.count = 9 (c.json:1:40): must be a whole number in [0, 8]"},
        Refusal{
            R"("steps": 5)",
            "steps (c.json:1:15): unknown key; did you mean \"training.steps\"? (known here: "
            "$schema, name, seed, device, data, model, space, search, training, repeat, evaluator, "
            "synthetic, objectives, combine, constraints, profile, budget, verify, storage)"},
        Refusal{R"("objectives": [])",
                "objectives = [] (c.json:1:15): must hold between one objective and 8"},
        Refusal{
            R"("objectives": [{"metric": "params"}, {"metric": "params"}])",
            "objectives = [{\"metric\":\"params\"},{\"metric\":\"params\"}] (c.json:1:15): must "
            "name each metric once; \"params\" stands there twice"},
        Refusal{R"("objectives": [{"metric": "params"}], "combine": "weighted_product")",
                "objectives = [{\"metric\":\"params\"}] (c.json:1:15): must give \"params\" a "
                "reference, by which a weighted product divides it"},
        Refusal{R"("objectives": [{"metric": "params", "reference": 0}])",
                "objectives.0.reference = 0 (c.json:1:51): must be a number above 0"},
        Refusal{R"("repeat": {"seeds": 0})",
                "repeat.seeds = 0 (c.json:1:26): must be a whole number in [1, 1000]"},
        Refusal{R"("objectives": [{"direction": "min"}])",
                "objectives.0.direction = \"min\" (c.json:1:31): must be \"minimize\" or "
                "\"maximize\""},
        Refusal{R"("constraints": [{"max": 1}])",
                "constraints.0.metric (c.json:1:31): is missing: must be the name of a metric "
                "(params, decoder_params, embedding_params, flops_per_token, activation_bytes, "
                "peak_bytes (a candidate that breaks one is drawn again) or latency_us (PRUNED))"},
        Refusal{R"("constraints": [{"metric": "params"}])",
                "constraints.0.metric = \"params\" (c.json:1:32): must come with a min, a max or "
                "both"},
        Refusal{R"("constraints": [{"metric": "params", "min": 2, "max": 1}])",
                "constraints.0.max = 1 (c.json:1:62): must be at least min"},
        Refusal{R"("model": {"positions": "learned", "max_len": 32})",
                "model.max_len = 32 (c.json:1:49): must be at least training.seq_len, which is 64, "
                "with learned positions"},
        Refusal{R"("budget": {"trials": 0})",
                "budget.trials = 0 (c.json:1:26): must be a whole number in [1, 10000000]"},
        Refusal{R"("storage": "postgresql://x")",
                "storage = \"postgresql://x\" (c.json:1:15): must be empty (SQLite in the study's "
                "folder, the only storage of this version)"},
        Refusal{R"("evaluator": "trian")",
                "evaluator = \"trian\" (c.json:1:15): must be \"train\", \"synthetic\" or "
                "\"analytic\"; did you mean \"train\"?"}));

TEST_P(RunConfigRefuses, WithPlaceValueAndWhatIsAllowed) {
  EXPECT_EQ(refusal(GetParam().member), GetParam().message);
}

TEST(RunConfig, SpaceMustBeThere) {
  EXPECT_EQ(test::message_of([] { return parse("{\"seed\": 1}"); }),
            "space (c.json:1:1): is missing: must be an object (the template of architectures with "
            "its choices)");
}

TEST(RunConfig, ReportsEveryMistakeAtOnce) {
  EXPECT_EQ(
      test::message_of([] { return parse("{\n \"sed\": 1,\n \"budget\": {\"trials\": -1}\n}"); }),
      "space (c.json:1:1): is missing: must be an object (the template of architectures with "
      "its choices)\n"
      "budget.trials = -1 (c.json:3:13): must be a whole number in [1, 10000000]\n"
      "sed (c.json:2:2): unknown key; did you mean \"seed\"? (known here: $schema, name, "
      "seed, device, data, model, space, search, training, repeat, evaluator, synthetic, "
      "objectives, combine, constraints, profile, budget, verify, storage)");
}

TEST(ConfigHash, DependsOnWhatDecidesResults) {
  RunConfig config = parse(kEverything);
  const Hash128 hash = config_hash(config);
  EXPECT_EQ(config_hash(parse(to_json(config).dump())), hash);
  RunConfig other = config;
  other.name = "renamed";
  other.device = "cuda:1,cuda:2";
  other.budget.trials = 1000;
  other.verify.top = 0;
  other.training.tensorboard = !other.training.tensorboard;
  EXPECT_EQ(config_hash(other), hash);
  other = config;
  other.seed = 1;
  EXPECT_NE(config_hash(other), hash);
  other = config;
  (*other.space)["model_dim"] = 64;
  EXPECT_NE(config_hash(other), hash);
  other = config;
  other.training.optimizer.epsilon *= 1 + 1e-15;
  EXPECT_NE(config_hash(other), hash);
}

TEST(FormerMeaning, AStudyWithoutTheDocumentMaskWentWithoutIt) {
  Json stored = to_json(parse(kEverything));
  stored["data"]["document_mask"] = true;
  EXPECT_EQ(with_former_meaning(stored), stored);
  Json former = stored;
  former["data"].erase("document_mask");
  EXPECT_TRUE(config_from_json(former, JsonPositions("study")).data.document_mask);
  const Json read = with_former_meaning(former);
  EXPECT_FALSE(config_from_json(read, JsonPositions("study")).data.document_mask);
  stored["data"]["document_mask"] = false;
  EXPECT_EQ(to_json(config_from_json(read, JsonPositions("study"))), stored);
}

TEST(FormerMeaning, OtherJsonStaysAsItIs) {
  for (const char* text : {"null", "3", "[]", "{}", R"({"data": 1})", R"({"seed": 2})"}) {
    EXPECT_EQ(with_former_meaning(Json::parse(text)), Json::parse(text));
  }
}

TEST(ConfigSchema, HasEveryKeyOfTheResolvedFile) {
  const Json schema = config_schema();
  EXPECT_EQ(schema["required"], Json::parse(R"(["space"])"));
  EXPECT_TRUE(schema["properties"].contains("$schema"));
  const Json resolved = to_json(parse(kEverything));
  for (const auto& [key, value] : resolved.items()) {
    ASSERT_TRUE(schema["properties"].contains(key)) << key;
    const Json& field = schema["properties"][key];
    if (!value.is_object() || !field.contains("properties")) continue;
    for (const auto& [inner, inner_value] : value.items()) {
      EXPECT_TRUE(field["properties"].contains(inner)) << key << "." << inner;
    }
    // A budget stands in place of steps.
    const std::size_t alternatives = key == "training" ? 1 : 0;
    EXPECT_EQ(field["properties"].size(), value.size() + alternatives) << key;
  }
  const Json& optimizer = schema["properties"]["training"]["properties"]["optimizer"]["properties"];
  EXPECT_TRUE(optimizer.contains("beta1"));
  EXPECT_TRUE(optimizer.contains("decay_rate"));
  EXPECT_EQ(schema["properties"]["search"]["properties"]["parallelism"].dump(),
            R"({"type":"integer","description":"W: trial n is proposed from the results of trials )"
            R"(numbered up to n - W, so up to W workers give the same study","minimum":1,)"
            R"("maximum":256,"default":1})");
}

TEST(ConfigHelp, HasARowForEveryKeyAndNoneTwice) {
  std::set<std::string> keys;
  for (const HelpRow& row : config_help()) {
    EXPECT_TRUE(keys.insert(row.key).second) << row.key;
    EXPECT_FALSE(row.help.empty()) << row.key;
    EXPECT_FALSE(row.allowed.empty()) << row.key;
  }
  for (const char* key : {"name", "space", "training.optimizer.beta2", "objectives[].metric",
                          "constraints[].max", "budget.seconds"}) {
    EXPECT_TRUE(keys.contains(key)) << key;
  }
}

}  // namespace
}  // namespace nas::config
