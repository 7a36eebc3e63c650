#include <algorithm>
#include <charconv>
#include <nlohmann/json.hpp>
#include <optional>

#include "config/allowed.hpp"
#include "nas/config/run_config.hpp"
#include "nas/core/error.hpp"

namespace nas::config {
namespace {

enum class Mode { kSet, kAdd, kDelete };

struct Override {
  std::string text;  ///< as given
  Mode mode = Mode::kSet;
  std::vector<std::string> key;
  Json value;

  [[noreturn]] void fail(const std::string& message) const {
    throw Error(ErrorKind::kUsage, "--set " + text + ": " + message);
  }
};

bool is_utf8(const std::string& text) {
  try {
    static_cast<void>(Json(text).dump());
    return true;
  } catch (const Json::type_error&) {
    return false;
  }
}

/// JSON where the text is JSON; else the text itself, so that nobody has to quote quotes.
Json value_of(const Override& given, const std::string& text) {
  try {
    JsonPositions unused("value");
    return parse_json(text, unused);
  } catch (const Error& error) {
    const std::size_t first = text.find_first_not_of(" \t");
    const bool meant_as_json =
        first != std::string::npos && std::string("[{\"").find(text[first]) != std::string::npos;
    if (meant_as_json) given.fail(std::string("not valid JSON: ") + error.what());
  }
  return Json(text);
}

Override parse_override(const std::string& text) {
  Override result{text, Mode::kSet, {}, nullptr};
  if (!is_utf8(text)) {
    throw Error(ErrorKind::kUsage, "--set: the text is not valid UTF-8");
  }
  std::size_t start = 0;
  if (text.starts_with("~")) {
    result.mode = Mode::kDelete;
    start = 1;
  } else if (text.starts_with("++")) {
    start = 2;  // Hydra's "add or override", which a plain KEY=VALUE does here
  } else if (text.starts_with("+")) {
    result.mode = Mode::kAdd;
    start = 1;
  }
  const std::size_t equals = text.find('=');
  const bool has_value = equals != std::string::npos;
  if (has_value == (result.mode == Mode::kDelete)) {
    result.fail("must be KEY=VALUE, +KEY=VALUE (a new key) or ~KEY (delete)");
  }
  const std::string key = text.substr(start, has_value ? equals - start : std::string::npos);
  for (std::size_t from = 0; from <= key.size();) {
    const std::size_t dot = std::min(key.find('.', from), key.size());
    if (dot == from) result.fail("a part of the key is empty");
    result.key.push_back(key.substr(from, dot - from));
    from = dot + 1;
  }
  if (has_value) result.value = value_of(result, text.substr(equals + 1));
  return result;
}

std::optional<std::size_t> index_of(const std::string& text) {
  std::size_t index = 0;
  const char* end = text.data() + text.size();
  const auto [rest, error] = std::from_chars(text.data(), end, index);
  if (error != std::errc() || rest != end) return std::nullopt;
  return index;
}

std::string key_up_to(const Override& given, std::size_t parts) {
  std::string key;
  for (std::size_t i = 0; i < parts; ++i) key += (i > 0 ? "." : "") + given.key[i];
  return key;
}

/// An entry of a list that is there.
std::size_t entry_of(const Override& given, const Json& list, std::size_t part) {
  const std::optional<std::size_t> index = index_of(given.key[part]);
  if (!index || *index >= list.size()) {
    given.fail(key_up_to(given, part) + " is a list of " + std::to_string(list.size()) + ": \"" +
               given.key[part] + "\" is none of its entries, which count from 0");
  }
  return *index;
}

[[noreturn]] void fail_not_there(const Override& given, const Json& object, std::size_t part) {
  std::vector<std::string> known;
  for (const auto& [key, value] : object.items()) known.push_back(key);
  const std::string near = nearest_name(given.key[part], known.data(), known.size());
  given.fail(key_up_to(given, part + 1) + " is not in the file, nothing to delete" +
             (near.empty() ? "" : "; did you mean \"" + near + "\"?"));
}

/// The object or list that holds the last part of the key; objects on the way are made.
Json& holder_of(const Override& given, Json& json, std::string& pointer) {
  Json* at = &json;
  for (std::size_t part = 0; part + 1 < given.key.size(); ++part) {
    const std::string& name = given.key[part];
    if (at->is_array()) {
      at = &(*at)[entry_of(given, *at, part)];
    } else {
      if (given.mode == Mode::kDelete && !at->contains(name)) fail_not_there(given, *at, part);
      if (!at->contains(name)) (*at)[name] = Json::object();
      at = &(*at)[name];
    }
    if (!at->is_structured()) {
      given.fail(key_up_to(given, part + 1) + " is " + kind_of(*at) + " and has no keys");
    }
    pointer = child_pointer(pointer, name);
  }
  return *at;
}

void change_list(const Override& given, Json& list) {
  const std::size_t last = given.key.size() - 1;
  const std::optional<std::size_t> index = index_of(given.key[last]);
  if (given.mode == Mode::kAdd) {
    if (index != list.size()) {
      given.fail("the next entry of " + key_up_to(given, last) + " is number " +
                 std::to_string(list.size()));
    }
    list.push_back(given.value);
  } else if (given.mode == Mode::kDelete) {
    list.erase(entry_of(given, list, last));
  } else {
    list[entry_of(given, list, last)] = given.value;
  }
}

void change_object(const Override& given, Json& object) {
  const std::string& name = given.key.back();
  const bool there = object.contains(name);
  if (given.mode == Mode::kAdd && there) {
    given.fail("the key is there already, as " + shown(object[name]) +
               "; leave out the + to change it");
  }
  if (given.mode == Mode::kDelete) {
    if (!there) fail_not_there(given, object, given.key.size() - 1);
    object.erase(name);
  } else {
    object[name] = given.value;
  }
}

}  // namespace

void apply_override(Json& json, JsonPositions& positions, const std::string& override_text) {
  const Override given = parse_override(override_text);
  if (!json.is_object()) given.fail("the configuration is no object");
  std::string pointer;
  Json& holder = holder_of(given, json, pointer);
  const std::string origin = "--set " + override_text;
  if (holder.is_array()) {
    change_list(given, holder);
    // Deleting moves the entries behind: their places in the file are no longer known by index.
    const bool moves = given.mode == Mode::kDelete;
    positions.override_with(moves ? pointer : child_pointer(pointer, given.key.back()), origin);
  } else {
    change_object(given, holder);
    positions.override_with(child_pointer(pointer, given.key.back()), origin);
  }
}

}  // namespace nas::config
