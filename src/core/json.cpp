#include "nas/core/json.hpp"

#include <nlohmann/json.hpp>
#include <string>
#include <unordered_set>
#include <utility>
#include <vector>

#include "core/json_text.hpp"
#include "nas/core/error.hpp"
#include "nas/core/files.hpp"

namespace nas {
namespace {

constexpr std::size_t kDeepest = 200;

/// Receives the events of nlohmann's parser, builds the document and notes where things stand.
class DocumentBuilder {
 public:
  /// `where` begins every message; a line and column follow it. `positions` may be null.
  DocumentBuilder(std::string_view text, std::string where, JsonPositions* positions)
      : walker_(text), where_(std::move(where)), positions_(positions) {}

  bool null() { return leaf(Json(nullptr)); }
  bool boolean(bool value) { return leaf(Json(value)); }
  bool number_integer(Json::number_integer_t value) { return leaf(Json(value)); }
  bool number_unsigned(Json::number_unsigned_t value) { return leaf(Json(value)); }
  bool number_float(Json::number_float_t value, const Json::string_t&) { return leaf(Json(value)); }
  bool string(Json::string_t& value) { return leaf(Json(std::move(value))); }
  bool binary(Json::binary_t&) { return false; }  // no event of JSON text
  bool start_object(std::size_t) { return open(Json::object()); }
  bool start_array(std::size_t) { return open(Json::array()); }
  bool end_object() { return close(); }
  bool end_array() { return close(); }

  bool key(Json::string_t& name) {
    walker_.skip_to_token();
    Container& object = open_.back();
    if (!object.keys.insert(name).second) fail("the key \"" + name + "\" stands here twice");
    object.key = std::move(name);
    path_.resize(object.path_size);
    if (positions_ != nullptr) {
      path_ = child_pointer(path_, object.key);
      positions_->set(path_, walker_.position());
    }
    walker_.skip_token();
    return true;
  }

  bool parse_error(std::size_t offset, const std::string&, const nlohmann::detail::exception& why) {
    fail(detail::explain_syntax_error(walker_, offset, why.what()));
  }

  Json take() { return std::move(root_); }

 private:
  struct Container {
    Json* value;
    std::size_t path_size;  ///< length of the container's own pointer in path_
    std::string key;
    std::unordered_set<std::string> keys;
  };

  [[noreturn]] void fail(const std::string& message) const {
    const TextPosition at = walker_.position();
    const std::string place =
        where_ + ":" + std::to_string(at.line) + ":" + std::to_string(at.column) + ": ";
    throw Error(positions_ != nullptr ? ErrorKind::kConfig : ErrorKind::kStudy, place + message);
  }

  /// Puts a value where it belongs and notes its position; a member of an object has its key's.
  Json* place(Json&& value) {
    walker_.skip_to_token();
    if (open_.empty()) {
      if (positions_ != nullptr) positions_->set("", walker_.position());
      root_ = std::move(value);
      return &root_;
    }
    Container& parent = open_.back();
    if (parent.value->is_object()) {
      // The duplicate check is done; object_t::emplace would search the whole object again.
      auto& members = parent.value->get_ref<Json::object_t&>();
      members.Json::object_t::Container::emplace_back(parent.key, std::move(value));
      return &members.back().second;
    }
    if (positions_ != nullptr) {
      path_.resize(parent.path_size);
      path_ += "/" + std::to_string(parent.value->size());
      positions_->set(path_, walker_.position());
    }
    parent.value->push_back(std::move(value));
    return &parent.value->back();
  }

  bool leaf(Json&& value) {
    place(std::move(value));
    walker_.skip_token();
    return true;
  }

  bool open(Json&& value) {
    Json* const placed = place(std::move(value));
    if (open_.size() == kDeepest) {
      fail("nested deeper than " + std::to_string(kDeepest) + " levels");
    }
    walker_.skip_token();
    open_.push_back({placed, path_.size(), "", {}});
    return true;
  }

  bool close() {
    walker_.skip_to_token();
    walker_.skip_token();
    path_.resize(open_.back().path_size);
    open_.pop_back();
    return true;
  }

  detail::JsonTextWalker walker_;
  std::string where_;
  JsonPositions* positions_;
  Json root_;
  std::vector<Container> open_;
  std::string path_;
};

Json parse(std::string_view text, const std::string& where, JsonPositions* positions) {
  DocumentBuilder builder(text, where, positions);
  constexpr bool kStrict = true;
  const bool comments_allowed = positions != nullptr;
  const bool parsed =
      Json::sax_parse(text.begin(), text.end(), &builder, nlohmann::detail::input_format_t::json,
                      kStrict, comments_allowed);
  NAS_ASSERT(parsed);
  return builder.take();
}

}  // namespace

JsonValue::JsonValue() : value_(std::make_unique<Json>()) {}
JsonValue::JsonValue(const Json& value) : value_(std::make_unique<Json>(value)) {}
JsonValue::JsonValue(Json&& value) : value_(std::make_unique<Json>(std::move(value))) {}
JsonValue::JsonValue(const JsonValue& other) : JsonValue(*other) {}
JsonValue::JsonValue(JsonValue&& other) noexcept : JsonValue() { value_.swap(other.value_); }
JsonValue& JsonValue::operator=(const JsonValue& other) {
  *value_ = Json(*other);
  return *this;
}
JsonValue& JsonValue::operator=(JsonValue&& other) noexcept {
  value_.swap(other.value_);
  return *this;
}
JsonValue::~JsonValue() = default;
JsonValue JsonValue::object() { return JsonValue(Json::object()); }

std::string JsonPositions::describe(const std::string& pointer) const {
  std::string at = pointer;
  while (true) {
    if (const auto origin = overridden_.find(at); origin != overridden_.end()) {
      return origin->second;
    }
    if (const auto found = at_.find(at); found != at_.end()) {
      return file_ + ":" + std::to_string(found->second.line) + ":" +
             std::to_string(found->second.column);
    }
    const std::size_t slash = at.rfind('/');
    if (slash == std::string::npos) return file_;
    at.resize(slash);
  }
}

void JsonPositions::override_with(const std::string& pointer, const std::string& origin) {
  const auto forget = [&](auto& entries) {
    std::erase_if(entries, [&](const auto& entry) {
      return entry.first == pointer || entry.first.starts_with(pointer + "/");
    });
  };
  forget(at_);
  forget(overridden_);
  overridden_[pointer] = origin;
}

std::string child_pointer(const std::string& parent, std::string_view name) {
  std::string pointer = parent + "/";
  for (const char c : name) {
    if (c == '~') {
      pointer += "~0";
    } else if (c == '/') {
      pointer += "~1";
    } else {
      pointer += c;
    }
  }
  return pointer;
}

std::string dotted_key(std::string_view pointer) {
  std::string key;
  for (std::size_t i = 0; i < pointer.size(); ++i) {
    if (pointer[i] == '/') {
      if (i > 0) key += '.';
    } else if (pointer[i] == '~' && i + 1 < pointer.size()) {
      key += pointer[++i] == '1' ? '/' : '~';
    } else {
      key += pointer[i];
    }
  }
  return key;
}

Json parse_json(std::string_view text, JsonPositions& positions) {
  return parse(text, positions.file().empty() ? "JSON" : positions.file(), &positions);
}

Json read_json(const std::string& path, JsonPositions& positions) {
  positions = JsonPositions(path);
  return parse_json(read_file(path), positions);
}

Json parse_stored_json(std::string_view text, const std::string& what) {
  return parse(text, what, nullptr);
}

}  // namespace nas
