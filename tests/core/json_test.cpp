#include "nas/core/json.hpp"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <vector>

#include "nas/core/error.hpp"
#include "nas/core/files.hpp"
#include "nas/core/philox.hpp"
#include "support/error_of.hpp"
#include "support/temporary_folder.hpp"

namespace nas {
namespace {

Json parse(const std::string& text) {
  JsonPositions positions("p.json");
  return parse_json(text, positions);
}

std::string refusal(const std::string& text) {
  const auto error = test::error_of([&] { return parse(text); });
  if (!error) return "";
  EXPECT_EQ(error->kind(), ErrorKind::kConfig);
  return error->what();
}

TEST(ParseJson, ReadsEveryKindOfValueInOrder) {
  const Json json = parse(R"({"z": [1, -2, 2.5, 18446744073709551615], "a": {"t": true, "f": false,
                              "n": null}, "text": "a\"\u00e4\\", "empty": [{}, [], ""]})");
  EXPECT_EQ(json.dump(),
            R"({"z":[1,-2,2.5,18446744073709551615],"a":{"t":true,"f":false,"n":null},)"
            R"("text":"a\"ä\\","empty":[{},[],""]})");
  EXPECT_TRUE(json["z"][0].is_number_integer());
  EXPECT_TRUE(json["z"][2].is_number_float());
}

TEST(ParseJson, AgreesWithNlohmannOnRandomDocuments) {
  // Documents of random shape; the seed is 5.
  for (std::uint64_t subject = 0; subject < 300; ++subject) {
    DrawCursor cursor({5, Purpose::kTest, subject, 0});
    Json document = Json::array();
    std::vector<Json::json_pointer> containers{Json::json_pointer("")};
    for (int i = 0; i < 40; ++i) {
      const auto at = containers[cursor.below(static_cast<std::uint32_t>(containers.size()))];
      Json& parent = document[at];
      const Json choices[] = {Json::object(), Json::array(), 17,   -3.25e-9, "te\"xt, } // no",
                              "\\",           nullptr,       true, false,    "\xC3\xA4\n"};
      const Json& child = choices[cursor.below(10)];
      const std::string key =
          parent.is_object() ? "k~/\"" + std::to_string(i) : std::to_string(parent.size());
      if (parent.is_object()) {
        parent[key] = child;
      } else {
        parent.push_back(child);
      }
      if (child.is_structured()) containers.push_back(at / key);
    }
    const std::string text = document.dump(subject % 2 == 0 ? -1 : 2);
    EXPECT_EQ(parse(text), document) << "seed 5, subject " << subject;
    EXPECT_EQ(parse_stored_json(text, "x"), document) << "seed 5, subject " << subject;
  }
}

TEST(ParseJson, AllowsCommentsAndAByteOrderMark) {
  const Json json = parse(
      "\xEF\xBB\xBF// top\n{ /* a, \"b\": */ \"a\" /**/ : // one\n 1/* tight */, \"b\": [2 /*]*/ ]}"
      "// end");
  EXPECT_EQ(json.dump(), R"({"a":1,"b":[2]})");
}

TEST(ParseJson, NotesWhereThingsStand) {
  JsonPositions positions("p.json");
  const Json json = parse_json(R"(// comment
{
  "name": "x",
  "list": [10, {"a": 1},
           "t"], "müll/~": {"ä": 2, "ü": [[]]},
  "esc\"aped\\": -1e5 , "last":true
})",
                               positions);
  EXPECT_EQ(positions.describe(""), "p.json:2:1");
  EXPECT_EQ(positions.describe("/name"), "p.json:3:3");
  EXPECT_EQ(positions.describe("/list"), "p.json:4:3");
  EXPECT_EQ(positions.describe("/list/0"), "p.json:4:12");
  EXPECT_EQ(positions.describe("/list/1"), "p.json:4:16");
  EXPECT_EQ(positions.describe("/list/1/a"), "p.json:4:17");
  EXPECT_EQ(positions.describe("/list/2"), "p.json:5:12");
  EXPECT_EQ(positions.describe("/müll~1~0"), "p.json:5:18");
  EXPECT_EQ(positions.describe("/müll~1~0/ä"), "p.json:5:29");
  EXPECT_EQ(positions.describe("/müll~1~0/ü"), "p.json:5:37");
  EXPECT_EQ(positions.describe("/müll~1~0/ü/0"), "p.json:5:43");
  EXPECT_EQ(positions.describe("/esc\"aped\\"), "p.json:6:3");
  EXPECT_EQ(positions.describe("/last"), "p.json:6:25");
}

TEST(JsonPositions, FallBackOnTheNearestParent) {
  JsonPositions positions("p.json");
  const Json json = parse_json("{\n \"a\": {\"b\": 1}}", positions);
  EXPECT_EQ(positions.describe("/a/missing/deeper"), "p.json:2:2");
  EXPECT_EQ(positions.describe("/missing"), "p.json:1:1");
  EXPECT_EQ(JsonPositions("q.json").describe("/a"), "q.json");
}

TEST(JsonPositions, KnowOverrides) {
  JsonPositions positions("p.json");
  const Json json = parse_json(R"({"a": {"b": 1}, "ab": 2, "c": 3})", positions);
  positions.override_with("/a", "--set a={}");
  EXPECT_EQ(positions.describe("/a"), "--set a={}");
  EXPECT_EQ(positions.describe("/a/b"), "--set a={}");
  EXPECT_EQ(positions.describe("/ab"), "p.json:1:17");
  positions.override_with("/a/b", "--set a.b=5");
  EXPECT_EQ(positions.describe("/a/b"), "--set a.b=5");
  EXPECT_EQ(positions.describe("/a/c"), "--set a={}");
  positions.override_with("/a", "--set a=1");
  EXPECT_EQ(positions.describe("/a/b"), "--set a=1");
}

struct Refusal {
  std::string text;
  std::string message;
};

class ParseJsonRefuses : public testing::TestWithParam<Refusal> {};

INSTANTIATE_TEST_SUITE_P(
    Texts, ParseJsonRefuses,
    testing::Values(
        Refusal{"", "p.json:1:1: expected a value but found the end of the file"},
        Refusal{"  // only a comment",
                "p.json:1:20: expected a value but found the end of the file"},
        Refusal{"{\n  \"name\": \"x\"\n  \"seed\": 1\n}",
                "p.json:3:3: expected ',' or '}' but found \"seed\""},
        Refusal{"{\"a\": 1,}",
                "p.json:1:9: expected a key in double quotes but found '}' (no comma "
                "after the last entry)"},
        Refusal{"[1, 2,\n]",
                "p.json:2:1: expected a value but found ']' (no comma after the last "
                "entry)"},
        Refusal{"[1 2]", "p.json:1:4: expected ',' or ']' but found '2'"},
        Refusal{"[1:2]", "p.json:1:3: expected ',' or ']' but found ':'"},
        Refusal{"[,1]", "p.json:1:2: expected a value but found ','"},
        Refusal{"{\"a\", 1}", "p.json:1:5: expected ':' after the key but found ','"},
        Refusal{"{\"a\" 1}", "p.json:1:6: expected ':' after the key but found '1'"},
        Refusal{"{\"a\": }", "p.json:1:7: expected a value but found '}'"},
        Refusal{"{a: 1}", "p.json:1:2: expected a key in double quotes but found 'a'"},
        Refusal{"{1: 1}", "p.json:1:2: expected a key in double quotes but found '1'"},
        Refusal{"{\"a\": 'x y'}",
                "p.json:1:7: expected a value but found ''x' (texts stand in double quotes)"},
        Refusal{"{\"a\": NaN}",
                "p.json:1:7: expected a value but found 'NaN' (JSON has no such number)"},
        Refusal{"[-Infinity]", "p.json:1:3: invalid number; expected digit after '-'"},
        Refusal{"[Infinity]",
                "p.json:1:2: expected a value but found 'Infinity' (JSON has no such number)"},
        Refusal{"[True]", "p.json:1:2: expected a value but found 'True' (did you mean true?)"},
        Refusal{"[None]", "p.json:1:2: expected a value but found 'None' (did you mean null?)"},
        Refusal{"[1, 1e999]", "p.json:1:5: the number '1e999' is too large for a double"},
        Refusal{"{\"a\": [1, {\"b\": 2}",
                "p.json:1:19: expected ',' or ']' but found the end of the "
                "file"},
        Refusal{"{} {}", "p.json:1:4: expected the end of the file but found '{'"},
        Refusal{"1 \"two\"", "p.json:1:3: expected the end of the file but found \"two\""},
        Refusal{"[\"ab\ncd\"]",
                "p.json:1:5: invalid string: control character U+000A (LF) must be escaped to "
                "\\u000A or \\n"},
        Refusal{"[\"\\q\"]", "p.json:1:4: invalid string: forbidden character after backslash"},
        Refusal{"[\"open", "p.json:1:7: invalid string: missing closing quote"},
        Refusal{"[\n \"\xff\"]", "p.json:2:3: invalid string: ill-formed UTF-8 byte"},
        Refusal{"[/* open", "p.json:1:9: invalid comment; missing closing '*/'"},
        Refusal{"[01]", "p.json:1:3: expected ',' or ']' but found '1'"},
        Refusal{"{\"a\": 1,\n\"b\": 2, \"a\": 3}", "p.json:2:9: the key \"a\" stands here twice"},
        Refusal{"{\"a\": {\"x\": 1, \"x\": 2}}", "p.json:1:16: the key \"x\" stands here twice"}));

TEST_P(ParseJsonRefuses, WithPlaceAndReason) {
  EXPECT_EQ(refusal(GetParam().text), GetParam().message);
}

TEST(ParseJson, ShortensWhatItFound) {
  EXPECT_EQ(refusal("[1 \"" + std::string(100, 'x') + "\"]"),
            "p.json:1:4: expected ',' or ']' but found \"" + std::string(39, 'x') + "...");
  EXPECT_EQ(refusal("[1 \xC3\xA4\x01]"), "p.json:1:4: expected ',' or ']' but found '\?\?\?'");
}

TEST(ParseJson, RefusesDeepNestingWithoutRunningOutOfStack) {
  EXPECT_NO_THROW(parse(std::string(200, '[') + std::string(200, ']')));
  EXPECT_EQ(refusal(std::string(201, '[') + std::string(201, ']')),
            "p.json:1:201: nested deeper than 200 levels");
  EXPECT_EQ(refusal(std::string(1000000, '[')), "p.json:1:201: nested deeper than 200 levels");
}

TEST(ParseJson, ReadsALargeObjectInLinearTime) {
  std::string text = "{";
  constexpr int kKeys = 50000;
  for (int i = 0; i < kKeys; ++i) text += (i > 0 ? ",\"k" : "\"k") + std::to_string(i) + "\":1";
  EXPECT_EQ(parse(text + "}").size(), std::size_t{kKeys});
}

TEST(ReadJson, NamesTheFile) {
  const test::TemporaryFolder folder;
  const std::string path = folder.write("c.json", "{\"a\": 1");
  JsonPositions positions;
  EXPECT_EQ(test::message_of([&] { return read_json(path, positions); }),
            path + ":1:8: expected ',' or '}' but found the end of the file");
  write_file_atomically(path, "{\"a\": 1}");
  EXPECT_EQ(read_json(path, positions)["a"], 1);
  EXPECT_EQ(positions.describe("/a"), path + ":1:2");
  const auto error = test::error_of([&] { return read_json(folder / "none", positions); });
  ASSERT_TRUE(error);
  EXPECT_EQ(error->kind(), ErrorKind::kIo);
}

TEST(ParseStoredJson, BlamesTheStudy) {
  EXPECT_EQ(parse_stored_json("{\"a\":[1,2]}", "nas:arch of trial 3").dump(), "{\"a\":[1,2]}");
  const auto error =
      test::error_of([] { return parse_stored_json("{\"a\":[1,", "nas:arch of trial 3"); });
  ASSERT_TRUE(error);
  EXPECT_EQ(error->kind(), ErrorKind::kStudy);
  EXPECT_STREQ(error->what(),
               "nas:arch of trial 3:1:9: expected a value but found the end of the file");
  EXPECT_THROW(static_cast<void>(parse_stored_json("// a comment\n{}", "x")), Error);
}

}  // namespace
}  // namespace nas
