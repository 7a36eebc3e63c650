#include "space/json_reader.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>

#include "nas/core/error.hpp"
#include "space/lexer.hpp"

namespace nas::space {

std::string pointer_step(const std::string& pointer, const std::string& key) {
  std::string out = pointer + "/";
  for (const char c : key) {
    if (c == '~') {
      out += "~0";
    } else if (c == '/') {
      out += "~1";
    } else {
      out += c;
    }
  }
  return out;
}

std::string dotted(const std::string& pointer) {
  std::string out;
  std::size_t at = 0;
  while (at < pointer.size()) {
    const std::size_t end = std::min(pointer.find('/', at + 1), pointer.size());
    std::string step = pointer.substr(at + 1, end - at - 1);
    at = end;
    const bool is_index =
        !step.empty() && step.find_first_not_of("0123456789") == std::string::npos;
    if (is_index) {
      out += "[" + step + "]";
      continue;
    }
    for (std::size_t i = step.find('~'); i != std::string::npos; i = step.find('~', i + 1)) {
      step.replace(i, 2, step.compare(i, 2, "~1") == 0 ? "/" : "~");
    }
    out += (out.empty() ? "" : ".") + step;
  }
  return out;
}

std::string shown(const Json& value) {
  constexpr std::size_t kLongest = 60;
  std::string text = value.dump(-1, ' ', false, Json::error_handler_t::replace);
  if (text.size() > kLongest) {
    // A cut inside a character would not be UTF-8.
    std::size_t end = kLongest;
    while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0U) == 0x80U) --end;
    text = text.substr(0, end) + "...";
  }
  return text;
}

std::string integer_fault(const Json& value, std::int64_t min, std::int64_t max) {
  const std::string range = "[" + std::to_string(min) + ", " + std::to_string(max) + "]";
  if (!value.is_number_integer()) return "must be an integer in " + range;
  const bool fits =
      value.is_number_unsigned() ? std::in_range<std::int64_t>(value.get<std::uint64_t>()) : true;
  const bool is_inside =
      fits && value.get<std::int64_t>() >= min && value.get<std::int64_t>() <= max;
  return is_inside ? "" : "must be in " + range;
}

void Mistakes::add(const std::string& pointer, const Json& value, const std::string& message) {
  const std::string name = dotted(pointer);
  const std::string place = positions_.describe(pointer);
  messages_.push_back((name.empty() ? "the document" : name) + " = " + shown(value) +
                      (place.empty() ? "" : " (" + place + ")") + ": " + message);
}

void Mistakes::add(const std::string& pointer, const std::string& message) {
  const std::string name = dotted(pointer);
  const std::string place = positions_.describe(pointer);
  messages_.push_back((name.empty() ? "the document" : name) +
                      (place.empty() ? "" : " (" + place + ")") + ": " + message);
}

void Mistakes::throw_if_any() const {
  if (messages_.empty()) return;
  std::string all;
  for (const std::string& message : messages_) all += (all.empty() ? "" : "\n") + message;
  throw Error(ErrorKind::kConfig, all);
}

ObjectReader::ObjectReader(const Json& json, std::string pointer, Mistakes& mistakes)
    : json_(json), pointer_(std::move(pointer)), mistakes_(mistakes) {
  if (!json_.is_object()) mistakes_.add(pointer_, json_, "must be an object {...}");
}

std::string ObjectReader::pointer_to(const std::string& key) const {
  return pointer_step(pointer_, key);
}

bool ObjectReader::has(const std::string& key) const {
  return json_.is_object() && json_.contains(key);
}

const Json* ObjectReader::find(const std::string& key) {
  if (std::find(known_.begin(), known_.end(), key) == known_.end()) known_.push_back(key);
  return has(key) ? &json_.at(key) : nullptr;
}

const Json* ObjectReader::require(const std::string& key) {
  const Json* found = find(key);
  if (found == nullptr && json_.is_object()) {
    mistakes_.add(pointer_, "the key \"" + key + "\" is missing");
  }
  return found;
}

void ObjectReader::read_integer(const std::string& key, std::int64_t min, std::int64_t max,
                                std::int64_t& target) {
  const Json* value = find(key);
  if (value == nullptr) return;
  const std::string fault = integer_fault(*value, min, max);
  if (fault.empty()) {
    target = value->get<std::int64_t>();
  } else {
    mistakes_.add(pointer_to(key), *value, fault);
  }
}

void ObjectReader::read_boolean(const std::string& key, bool& target) {
  const Json* value = find(key);
  if (value == nullptr) return;
  if (value->is_boolean()) {
    target = value->get<bool>();
  } else {
    mistakes_.add(pointer_to(key), *value, "must be true or false");
  }
}

std::optional<std::size_t> ObjectReader::name_place(const std::string& key,
                                                    std::span<const char* const> names) {
  const Json* value = find(key);
  if (value == nullptr) return std::nullopt;
  const std::vector<std::string> known(names.begin(), names.end());
  const std::string given = value->is_string() ? value->get<std::string>() : "";
  const auto found = std::find(known.begin(), known.end(), given);
  if (found != known.end()) return static_cast<std::size_t>(found - known.begin());
  mistakes_.add(pointer_to(key), *value,
                "must be one of " + listed(known) + did_you_mean(given, known));
  return std::nullopt;
}

void ObjectReader::finish() const {
  if (!json_.is_object()) return;
  for (const auto& [key, value] : json_.items()) {
    if (std::find(known_.begin(), known_.end(), key) != known_.end()) continue;
    mistakes_.add(pointer_to(key),
                  "unknown key" + did_you_mean(key, known_) + " (known: " + listed(known_) + ")");
  }
}

}  // namespace nas::space
