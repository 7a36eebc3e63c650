#include "nas/config/fields.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "nas/core/error.hpp"
#include "support/error_of.hpp"

namespace nas::config {
namespace {

struct Item {
  std::string metric;
  std::int64_t weight = 1;
};

void describe(Fields& fields, Item& item) {
  fields.text("metric", item.metric, {"the name of a metric", "[a-z_]+", 20}, "what counts",
              Presence::kRequired);
  fields.integer("weight", item.weight, {1, 9}, "how much");
}

struct Example {
  std::int64_t count = 3;
  std::int64_t any = 0;
  std::uint64_t seed = 7;
  double rate = 0.5;
  std::optional<double> limit;
  bool on = true;
  std::string label = "x";
  std::string kind = "slow";
  std::vector<std::string> files{"a"};
  Json options;
  std::int64_t inner = 1;
  std::vector<Item> items{{"loss", 2}};
};

void describe(Fields& fields, Example& value) {
  fields.ignored("$schema", "for editors");
  fields.integer("count", value.count, {1, 10}, "how many");
  fields.integer("any", value.any, {}, "any number");
  fields.unsigned_integer("seed", value.seed, "of everything");
  fields.real("rate", value.rate, {0, 1, true}, "of change");
  fields.optional_real("limit", value.limit, {0}, "an upper bound");
  fields.boolean("on", value.on, "whether");
  fields.text("label", value.label, {"a short label", "[a-z]*", 5}, "shown");
  fields.choice("kind", value.kind, {"slow", "fast", "random"}, "how");
  fields.texts("files", value.files, {"a path", "", 10}, "read first");
  fields.raw("options", value.options, RawKind::kObject, "of something else");
  fields.section("part", "a part", [&](Fields& inner) {
    inner.integer("inner", value.inner, {0, 5}, "inside");
  });
  fields.list("items", value.items, "a list");
  fields.rule("part.inner", value.inner <= value.count, "be at most count");
  fields.rule("count", value.count != 4, "not be 4");
}

struct Outcome {
  Example value;
  Json resolved;
};

Outcome read(const std::string& text) {
  JsonPositions positions("f.json");
  const Json json = parse_json(text, positions);
  Outcome outcome;
  outcome.resolved =
      read_fields(json, positions, "", [&](Fields& fields) { describe(fields, outcome.value); });
  return outcome;
}

std::string refusal(const std::string& text) {
  const auto error = test::error_of([&] { return read(text); });
  if (!error) return "";
  EXPECT_EQ(error->kind(), ErrorKind::kConfig);
  return error->what();
}

TEST(ReadFields, KeepsDefaultsAndFillsThemIn) {
  const Outcome outcome = read("{}");
  EXPECT_EQ(
      outcome.resolved.dump(),
      R"({"count":3,"any":0,"seed":7,"rate":0.5,"on":true,"label":"x","kind":"slow",)"
      R"("files":["a"],"options":{},"part":{"inner":1},"items":[{"metric":"loss","weight":2}]})");
  EXPECT_FALSE(outcome.value.limit);
}

TEST(ReadFields, ReadsEveryKindOfField) {
  const Outcome outcome = read(R"({"$schema": "./x.json", "count": 5, "any": -9223372036854775808,
      "seed": 18446744073709551615, "rate": 1, "limit": 2.5, "on": false, "label": "", "kind": "fast",
      "files": [], "options": {"b": [1], "a": null}, "part": {"inner": 4},
      "items": [{"metric": "a"}, {"weight": 9, "metric": "b"}]})");
  const Example& value = outcome.value;
  EXPECT_EQ(value.count, 5);
  EXPECT_EQ(value.any, std::numeric_limits<std::int64_t>::min());
  EXPECT_EQ(value.seed, std::numeric_limits<std::uint64_t>::max());
  EXPECT_EQ(value.rate, 1.0);
  EXPECT_EQ(value.limit, 2.5);
  EXPECT_FALSE(value.on);
  EXPECT_EQ(value.label, "");
  EXPECT_EQ(value.kind, "fast");
  EXPECT_TRUE(value.files.empty());
  EXPECT_EQ(value.options.dump(), R"({"b":[1],"a":null})");
  EXPECT_EQ(value.inner, 4);
  ASSERT_EQ(value.items.size(), 2U);
  EXPECT_EQ(value.items[0].weight, 1);
  EXPECT_EQ(value.items[1].weight, 9);
  EXPECT_EQ(value.items[1].metric, "b");
}

TEST(ReadFields, TakesWholeNumbersWrittenAsReals) {
  EXPECT_EQ(read(R"({"count": 1e1})").value.count, 10);
  EXPECT_EQ(read(R"({"any": -2.0})").value.any, -2);
  EXPECT_EQ(read(R"({"seed": 1e6})").value.seed, 1000000U);
  EXPECT_EQ(refusal(R"({"any": 1e300})"), "any = 1e+300 (f.json:1:2): must be a whole number");
}

TEST(ReadFields, TakesNullForAnOptionalNumber) {
  EXPECT_FALSE(read(R"({"limit": null})").value.limit);
}

TEST(ReadFields, ResolvedFormReadsBackTheSame) {
  const Json once = read(R"({"limit": 0.1, "files": ["b", "c"], "part": {"inner": 2}})").resolved;
  EXPECT_EQ(read(once.dump()).resolved, once);
}

struct Refusal {
  std::string text;
  std::string message;
};

class ReadFieldsRefuses : public testing::TestWithParam<Refusal> {};

INSTANTIATE_TEST_SUITE_P(
    Values, ReadFieldsRefuses,
    testing::Values(
        Refusal{R"({"count": 0})", "count = 0 (f.json:1:2): must be a whole number in [1, 10]"},
        Refusal{R"({"count": 11})", "count = 11 (f.json:1:2): must be a whole number in [1, 10]"},
        Refusal{R"({"count": 1.5})", "count = 1.5 (f.json:1:2): must be a whole number in [1, 10]"},
        Refusal{R"({"count": 18446744073709551615})",
                "count = 18446744073709551615 (f.json:1:2): must be a whole number in [1, 10]"},
        Refusal{R"({"count": "5"})",
                "count = \"5\" (f.json:1:2): must be a whole number in [1, 10], not a text"},
        Refusal{R"({"count": null})",
                "count = null (f.json:1:2): must be a whole number in [1, 10], not null"},
        Refusal{R"({"any": []})", "any = [] (f.json:1:2): must be a whole number, not a list"},
        Refusal{R"({"seed": -1})",
                "seed = -1 (f.json:1:2): must be a whole number in [0, 18446744073709551615]"},
        Refusal{R"({"rate": 0})", "rate = 0 (f.json:1:2): must be a number in (0, 1]"},
        Refusal{R"({"rate": 1.01})", "rate = 1.01 (f.json:1:2): must be a number in (0, 1]"},
        Refusal{R"({"rate": true})",
                "rate = true (f.json:1:2): must be a number in (0, 1], not true or false"},
        Refusal{R"({"limit": -1})", "limit = -1 (f.json:1:2): must be a number of at least 0"},
        Refusal{R"({"on": 1})", "on = 1 (f.json:1:2): must be true or false, not a whole number"},
        Refusal{R"({"label": "toolong"})",
                "label = \"toolong\" (f.json:1:2): must be a short label"},
        Refusal{R"({"label": "a1"})", "label = \"a1\" (f.json:1:2): must be a short label"},
        Refusal{R"({"label": {}})",
                "label = {} (f.json:1:2): must be a short label, not an object"},
        Refusal{R"({"kind": "fats"})",
                "kind = \"fats\" (f.json:1:2): must be \"slow\", \"fast\" or \"random\"; did you "
                "mean \"fast\"?"},
        Refusal{R"({"kind": "other"})",
                "kind = \"other\" (f.json:1:2): must be \"slow\", \"fast\" or \"random\""},
        Refusal{R"({"kind": 2.5})",
                "kind = 2.5 (f.json:1:2): must be \"slow\", \"fast\" or \"random\", not a number"},
        Refusal{R"({"files": "a"})",
                "files = \"a\" (f.json:1:2): must be a list, each entry a path, not a text"},
        Refusal{R"({"files": ["a", 1]})",
                "files.1 = 1 (f.json:1:17): must be a path, not a whole number"},
        Refusal{R"({"files": ["a\u0000b"]})",
                "files.0 = \"a\\u0000b\" (f.json:1:12): must be a path"},
        Refusal{R"({"options": []})", "options = [] (f.json:1:2): must be an object, not a list"},
        Refusal{R"({"part": 5})", "part = 5 (f.json:1:2): must be an object, not a whole number"},
        Refusal{R"({"part": {"inner": 6}})",
                "part.inner = 6 (f.json:1:11): must be a whole number in [0, 5]"},
        Refusal{R"({"items": {}})",
                "items = {} (f.json:1:2): must be a list of objects, not an object"},
        Refusal{R"({"items": [3]})",
                "items.0 = 3 (f.json:1:12): must be an object, not a whole number"},
        Refusal{R"({"items": [{"metric": "a"}, {}]})",
                "items.1.metric (f.json:1:29): is missing: must be the name of a metric (what "
                "counts)"},
        Refusal{R"({"items": [{"metric": "a", "wieght": 1}]})",
                "items.0.wieght (f.json:1:28): unknown key; did you mean \"weight\"? (known here: "
                "metric, weight)"},
        Refusal{R"([1])", " = [1] (f.json:1:1): must be an object, not a list"}));

TEST_P(ReadFieldsRefuses, WithPlaceValueAndWhatIsAllowed) {
  std::string expected = GetParam().message;
  if (expected.starts_with(" = ")) expected = "(f.json:1:1): must be an object, not a list";
  EXPECT_EQ(refusal(GetParam().text), expected);
}

TEST(ReadFields, SuggestsKeysHereAndElsewhere) {
  const std::string known =
      " (known here: $schema, count, any, seed, rate, limit, on, label, kind, files, options, "
      "part, items)";
  EXPECT_EQ(refusal(R"({"cuont": 5})"),
            "cuont (f.json:1:2): unknown key; did you mean \"count\"?" + known);
  EXPECT_EQ(refusal(R"({"inner": 5})"),
            "inner (f.json:1:2): unknown key; did you mean \"part.inner\"?" + known);
  EXPECT_EQ(refusal(R"({"zzzzzz": 5})"), "zzzzzz (f.json:1:2): unknown key" + known);
  EXPECT_EQ(refusal(R"({"part": {"count": 1}})"),
            "part.count (f.json:1:11): unknown key; did you mean \"count\"? (known here: inner)");
}

TEST(ReadFields, ChecksRulesBetweenFields) {
  EXPECT_EQ(refusal(R"({"count": 2, "part": {"inner": 3}})"),
            "part.inner = 3 (f.json:1:23): must be at most count");
  EXPECT_EQ(refusal(R"({"count": 4})"), "count = 4 (f.json:1:2): must not be 4");
  // The default breaks the rule: there is no value in the file to show.
  Example value;
  value.inner = 5;
  EXPECT_EQ(test::message_of([&] {
              return read_fields(Json::object(), JsonPositions("f.json"), "",
                                 [&](Fields& fields) { describe(fields, value); });
            }),
            "part.inner (f.json): must be at most count");
}

TEST(ReadFields, IsSilentAboutRulesOfFieldsThatAreWrongAlready) {
  EXPECT_EQ(refusal(R"({"count": 1, "part": {"inner": 9}})"),
            "part.inner = 9 (f.json:1:23): must be a whole number in [0, 5]");
}

TEST(ReadFields, ReportsEveryMistakeOnALineOfItsOwn) {
  EXPECT_EQ(refusal("{\"count\": 0,\n \"part\": {\"iner\": 1},\n \"on\": \"yes\"}"),
            "count = 0 (f.json:1:2): must be a whole number in [1, 10]\n"
            "on = \"yes\" (f.json:3:2): must be true or false, not a text\n"
            "part.iner (f.json:2:11): unknown key; did you mean \"inner\"? (known here: inner)");
}

TEST(ReadFields, KnowsWhereASubDocumentStands) {
  JsonPositions positions("f.json");
  const Json json = parse_json(R"({"search": {"options": {"cuont": 1, "rate": 7}}})", positions);
  Example value;
  const std::string message = test::message_of([&] {
    return read_fields(json["search"]["options"], positions, "/search/options",
                       [&](Fields& fields) { describe(fields, value); });
  });
  EXPECT_TRUE(message.starts_with("search.options.rate = 7 (f.json:1:37): must be a number in"))
      << message;
  EXPECT_NE(
      message.find("\nsearch.options.cuont (f.json:1:25): unknown key; did you mean \"count\""),
      std::string::npos)
      << message;
}

TEST(ReadFields, SaysWhenNothingIsKnown) {
  JsonPositions positions("f.json");
  const Json json = parse_json(R"({"a": 1})", positions);
  EXPECT_EQ(test::message_of([&] { return read_fields(json, positions, "", [](Fields&) {}); }),
            "a (f.json:1:2): unknown key (no key is known here)");
}

TEST(ReadFields, ShortensLongValues) {
  EXPECT_EQ(
      refusal("{\"on\": \"" + std::string(200, 'x') + "\"}"),
      "on = \"" + std::string(76, 'x') + "... (f.json:1:2): must be true or false, not a text");
}

TEST(SchemaOf, DeclaresWhatReadingAccepts) {
  Example value;
  const Json schema = schema_of([&](Fields& fields) { describe(fields, value); });
  EXPECT_EQ(schema["$schema"], "https://json-schema.org/draft/2020-12/schema");
  EXPECT_EQ(schema["type"], "object");
  EXPECT_EQ(schema["additionalProperties"], false);
  EXPECT_FALSE(schema.contains("required"));
  const Json& fields = schema["properties"];
  EXPECT_EQ(fields["count"].dump(),
            R"({"type":"integer","description":"how many","minimum":1,"maximum":10,"default":3})");
  EXPECT_EQ(fields["any"].dump(), R"({"type":"integer","description":"any number","default":0})");
  EXPECT_EQ(fields["seed"]["maximum"], std::numeric_limits<std::uint64_t>::max());
  EXPECT_EQ(fields["rate"].dump(),
            R"({"type":"number","description":"of change","exclusiveMinimum":0.0,"maximum":1.0,)"
            R"("default":0.5})");
  EXPECT_EQ(fields["limit"]["type"], Json::parse(R"(["number", "null"])"));
  EXPECT_EQ(fields["on"]["type"], "boolean");
  EXPECT_EQ(fields["label"]["pattern"], "^(?:[a-z]*)$");
  EXPECT_EQ(fields["label"]["maxLength"], 5);
  EXPECT_EQ(fields["kind"]["enum"], Json::parse(R"(["slow", "fast", "random"])"));
  EXPECT_EQ(fields["files"]["items"]["type"], "string");
  EXPECT_EQ(fields["options"]["type"], "object");
  EXPECT_EQ(fields["part"]["properties"]["inner"]["maximum"], 5);
  EXPECT_EQ(fields["part"]["additionalProperties"], false);
  EXPECT_EQ(fields["items"]["items"]["required"], Json::parse(R"(["metric"])"));
  EXPECT_TRUE(fields.contains("$schema"));
}

TEST(HelpOf, HasARowForEachKey) {
  Example value;
  std::vector<std::string> lines;
  for (const HelpRow& row : help_of([&](Fields& fields) { describe(fields, value); }, "x.")) {
    lines.push_back(row.key + "|" + row.allowed + "|" + row.default_value + "|" + row.help);
  }
  EXPECT_EQ(lines,
            (std::vector<std::string>{
                "x.count|a whole number in [1, 10]|3|how many", "x.any|a whole number|0|any number",
                "x.seed|a whole number of at least 0|7|of everything",
                "x.rate|a number in (0, 1]|0.5|of change",
                "x.limit|a number of at least 0 or null|null|an upper bound",
                "x.on|true or false|true|whether", "x.label|a short label|\"x\"|shown",
                "x.kind|\"slow\", \"fast\" or \"random\"|\"slow\"|how",
                "x.files|a list, each entry a path|[\"a\"]|read first",
                "x.options|an object|{}|of something else", "x.part|an object||a part",
                "x.part.inner|a whole number in [0, 5]|1|inside",
                "x.items|a list of objects|[{\"metric\":\"loss\",\"weight\":2}]|a list",
                "x.items[].metric|the name of a metric||what counts",
                "x.items[].weight|a whole number in [1, 9]|1|how much"}));
}

}  // namespace
}  // namespace nas::config
