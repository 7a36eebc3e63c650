#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "nas/config/fields.hpp"
#include "support/error_of.hpp"

namespace nas::config {
namespace {

/// Fields that depend on others.
struct Alternatives {
  std::string kind = "circle";
  double radius = 1;
  std::int64_t sides = 4;
  bool has_label = false;
  std::string text = "none";
  std::optional<std::int64_t> size;
};

void describe(Fields& fields, Alternatives& value) {
  fields.choice("kind", value.kind, {"circle", "polygon"}, "of shape");
  fields.when(value.kind == "circle", "be left out of a " + value.kind,
              [&](Fields& own) { own.real("radius", value.radius, {0}, "of a circle"); });
  fields.when(value.kind == "polygon", "be left out of a " + value.kind,
              [&](Fields& own) { own.integer("sides", value.sides, {3}, "of a polygon"); });
  fields.optional_section("label", value.has_label, "shown", [&](Fields& inner) {
    inner.text("text", value.text, {}, "of the label");
    inner.optional_integer("size", value.size, {1, 99}, "of its letters");
  });
}

Json alternatives(const std::string& text, Alternatives& value) {
  JsonPositions positions("f.json");
  const Json json = parse_json(text, positions);
  return read_fields(json, positions, "", [&](Fields& fields) { describe(fields, value); });
}

std::string refused_alternatives(const std::string& text) {
  Alternatives value;
  return test::message_of([&] { return alternatives(text, value); });
}

TEST(ConditionalFields, AreWrittenOnlyWhereTheyMeanSomething) {
  Alternatives value;
  EXPECT_EQ(alternatives("{}", value).dump(), R"({"kind":"circle","radius":1.0})");
  EXPECT_EQ(alternatives(R"({"kind": "polygon", "sides": 5})", value).dump(),
            R"({"kind":"polygon","sides":5})");
  EXPECT_EQ(value.sides, 5);
}

TEST(ConditionalFields, AreRefusedElsewhere) {
  EXPECT_EQ(refused_alternatives(R"({"kind": "polygon", "radius": 2})"),
            "radius = 2 (f.json:1:21): must be left out of a polygon");
  EXPECT_EQ(refused_alternatives(R"({"sids": 2})"),
            "sids (f.json:1:2): unknown key (known here: kind, radius, label)");
}

TEST(ConditionalFields, ASectionMayBeLeftOut) {
  Alternatives value;
  EXPECT_EQ(alternatives(R"({"label": {}})", value).dump(),
            R"({"kind":"circle","radius":1.0,"label":{"text":"none"}})");
  EXPECT_TRUE(value.has_label);
  EXPECT_EQ(alternatives(R"({"label": {"size": 7}})", value)["label"].dump(),
            R"({"text":"none","size":7})");
  EXPECT_EQ(alternatives(R"({"label": {"size": null}})", value)["label"].dump(),
            R"({"text":"none"})");
  alternatives("{}", value);
  EXPECT_FALSE(value.has_label);
  EXPECT_EQ(refused_alternatives(R"({"label": {"size": 100}})"),
            "label.size = 100 (f.json:1:12): must be a whole number in [1, 99]");
  EXPECT_EQ(refused_alternatives(R"({"label": 1})"),
            "label = 1 (f.json:1:2): must be an object, not a whole number");
}

TEST(ConditionalFields, AreAllInSchemaAndHelp) {
  Alternatives value;
  const Description description = [&](Fields& fields) { describe(fields, value); };
  const Json properties = schema_of(description)["properties"];
  std::vector<std::string> keys;
  for (const HelpRow& row : help_of(description)) keys.push_back(row.key);
  EXPECT_EQ(keys, (std::vector<std::string>{"kind", "radius", "sides", "label", "label.text",
                                            "label.size"}));
  for (const char* key : {"kind", "radius", "sides", "label"}) {
    EXPECT_TRUE(properties.contains(key)) << key;
  }
  EXPECT_EQ(
      properties["label"]["properties"]["size"].dump(),
      R"({"type":["integer","null"],"description":"of its letters","minimum":1,"maximum":99})");
}

}  // namespace
}  // namespace nas::config
