#include "nas/space/space_schema.hpp"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <set>
#include <sstream>
#include <string>

#include "nas/space/space.hpp"
#include "support/error_of.hpp"

namespace nas::space {
namespace {

/// The keys that the reader says it knows where it meets an unknown one.
std::set<std::string> keys_known_to_reader(const Json& space, const std::string& where) {
  const std::string message = test::message_of(
      [&] { return Space::from_json(space, ModelSpec{}, JsonPositions("test"), "/space"); });
  const std::size_t line = message.find("space" + where + ".nothing");
  EXPECT_NE(line, std::string::npos) << message;
  const std::string mark = "(known: ";
  std::size_t at = message.find(mark, line);
  EXPECT_NE(at, std::string::npos) << message;
  at += mark.size();
  std::set<std::string> keys;
  std::istringstream list(message.substr(at, message.find(')', at) - at));
  for (std::string key; std::getline(list >> std::ws, key, ',');) keys.insert(key);
  return keys;
}

std::set<std::string> keys_of(const Json& schema) {
  std::set<std::string> keys;
  for (const auto& [key, value] : schema.at("properties").items()) keys.insert(key);
  return keys;
}

Json small_space() {
  return Json::parse(R"({"layers": 1, "model_dim": 8, "heads": 2, "inner_dim": 16})");
}

TEST(SpaceSchema, HasTheKeysThatTheReaderKnows) {
  Json blocks = small_space();
  blocks.update(Json::parse(R"({"mixer": "softmax_attention", "feed_forward": "relu",
                                "nothing": 1})"));
  Json whole = small_space();
  whole.update(Json::parse(R"({"layer": {"program": {}}, "nothing": 1})"));
  std::set<std::string> known = keys_known_to_reader(blocks, "");
  known.merge(keys_known_to_reader(whole, ""));
  EXPECT_EQ(keys_of(space_schema()), known);
}

TEST(SpaceSchema, HasTheKeysOfAnEvolvingProgram) {
  std::set<std::string> known;
  for (const char* language : {"program", "dna"}) {
    Json space = small_space();
    space["layer"]["program"] = {{"language", language}, {"nothing", 1}};
    known.merge(keys_known_to_reader(space, ".layer.program"));
  }
  const Json layer = space_schema().at("properties").at("layer");
  const Json evolving = layer.at("anyOf").at(0).at("anyOf").at(1).at("properties").at("program");
  EXPECT_EQ(keys_of(evolving), known);
}

}  // namespace
}  // namespace nas::space
