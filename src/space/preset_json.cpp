#include "space/preset_json.hpp"

#include <nlohmann/json.hpp>

#include "nas/space/presets.hpp"
#include "space/lexer.hpp"

namespace nas::space {
namespace {

constexpr std::int64_t kMaxSize = std::int64_t{1} << 24;
constexpr std::int64_t kMaxLayers = 4096;

/// The entry that a member names, or null with a mistake.
template <class T>
const T* read_entry(ObjectReader& reader, const std::string& key, const Registry<T>& table) {
  const Json* value = reader.require(key);
  if (value == nullptr) return nullptr;
  const std::string given = value->is_string() ? value->get<std::string>() : "";
  const T* entry = table.find(given);
  if (entry == nullptr) {
    reader.mistakes().add(
        reader.pointer_to(key), *value,
        "must be one of " + listed(table.names()) + did_you_mean(given, table.names()));
  }
  return entry;
}

}  // namespace

std::optional<Architecture> read_preset(const Json& json, Mistakes& mistakes) {
  const std::size_t before = mistakes.count();
  ObjectReader reader(json, "", mistakes);
  const PresetSpec* preset = read_entry(reader, "preset", presets());
  const PresetSize* published = read_entry(reader, "size", preset_sizes());
  PresetSize size = published != nullptr ? *published : PresetSize{};
  reader.read_integer("layers", 1, kMaxLayers, size.layers);
  reader.read_integer("model_dim", 1, kMaxSize, size.model_dim);
  reader.read_integer("inner_dim", 1, kMaxSize, size.inner_dim);
  reader.read_integer("heads", 1, kMaxSize, size.heads);
  reader.read_integer("vocab_size", 1, kMaxSize, size.vocab_size);
  reader.read_name("positions", kPositionsNames, size.positions);
  reader.finish();
  if (mistakes.count() != before) return std::nullopt;
  return preset->make(size);
}

}  // namespace nas::space
