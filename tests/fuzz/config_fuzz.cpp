#include <cstddef>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "nas/config/run_config.hpp"
#include "nas/core/error.hpp"
#include "nas/space/space.hpp"

namespace {

using nas::Json;

/// A configuration, then overrides, with a NUL before each.
std::vector<std::string> split(std::string_view input) {
  std::vector<std::string> parts(1);
  for (const char c : input) {
    if (c == '\0') {
      parts.emplace_back();
    } else {
      parts.back() += c;
    }
  }
  return parts;
}

/// What the parser accepts, nlohmann's own accepts with the same value, and every value has a
/// place in the file.
void check_parsing(const std::string& text, const Json& json, const nas::JsonPositions& positions) {
  constexpr bool kThrow = true;
  constexpr bool kComments = true;
  NAS_ASSERT(Json::parse(text, nullptr, kThrow, kComments) == json);
  if (!json.is_structured()) return;
  const Json flat = json.flatten();
  for (const auto& [pointer, value] : flat.items()) {
    NAS_ASSERT(positions.describe(pointer).starts_with("fuzz.json:"));
  }
}

/// A space that reads has samples that survive being stored.
void check_space(const nas::config::RunConfig& config, const nas::JsonPositions& positions) {
  const nas::space::ModelSpec model;
  const auto space = nas::space::Space::from_json(config.space, model, positions, "/space");
  constexpr std::uint64_t kSeed = 1;
  for (std::uint64_t i = 0; i < 2; ++i) {
    const nas::space::Sample sample =
        i == 0 ? space.initial() : space.sample({kSeed, nas::Purpose::kSampling, i, 0});
    NAS_ASSERT(space.broken_rule(sample).empty());
    NAS_ASSERT(space.sample_from_json(space.to_json(sample)) == sample);
  }
}

void check_config(const Json& json, const nas::JsonPositions& positions) {
  const nas::config::RunConfig config = nas::config::config_from_json(json, positions);
  const Json resolved = nas::config::to_json(config);
  const std::string text = resolved.dump();
  const Json stored = nas::parse_stored_json(text, "resolved configuration");
  const nas::config::RunConfig again =
      nas::config::config_from_json(stored, nas::JsonPositions("resolved"));
  NAS_ASSERT(nas::config::to_json(again).dump() == text);
  NAS_ASSERT(nas::config::config_hash(again) == nas::config::config_hash(config));
  NAS_ASSERT(nas::config::config_difference(resolved, stored).empty());
  check_space(config, positions);
}

}  // namespace

/// Any bytes end in a configuration that survives being stored, or in an Error with a message.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::vector<std::string> parts =
      split(std::string_view(reinterpret_cast<const char*>(data), size));
  try {
    nas::JsonPositions positions("fuzz.json");
    Json json = nas::parse_json(parts[0], positions);
    check_parsing(parts[0], json, positions);
    for (std::size_t i = 1; i < parts.size(); ++i) {
      nas::config::apply_override(json, positions, parts[i]);
    }
    check_config(json, positions);
  } catch (const nas::Error& error) {
    const bool is_users_fault = error.kind() == nas::ErrorKind::kConfig ||
                                error.kind() == nas::ErrorKind::kUsage ||
                                error.kind() == nas::ErrorKind::kInfeasible;
    if (!is_users_fault || std::string_view(error.what()).empty()) throw;
  }
  return 0;
}
