#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>
#include <utility>

namespace nas {

/// JSON with keys in the order of the file, used everywhere.
using Json = nlohmann::ordered_json;

/// A Json held by value in a struct of a public header, where Json itself is incomplete (the whole
/// of nlohmann's header costs each file a second and more). Converts to Json& by itself; members
/// are reached with `->`. A moved-from one is valid and holds any value.
class JsonValue {
 public:
  JsonValue();
  JsonValue(const Json& value);
  JsonValue(Json&& value);
  JsonValue(const JsonValue& other);
  JsonValue(JsonValue&& other) noexcept;
  JsonValue& operator=(const JsonValue& other);
  JsonValue& operator=(JsonValue&& other) noexcept;
  ~JsonValue();
  /// {}
  [[nodiscard]] static JsonValue object();
  [[nodiscard]] const Json& operator*() const { return *value_; }
  [[nodiscard]] Json& operator*() { return *value_; }
  [[nodiscard]] const Json* operator->() const { return value_.get(); }
  [[nodiscard]] Json* operator->() { return value_.get(); }
  operator const Json&() const { return *value_; }
  operator Json&() { return *value_; }

 private:
  std::unique_ptr<Json> value_;  ///< never null
};

/// Line and column (from 1) of a value or key in its file.
struct TextPosition {
  int line = 0;
  int column = 0;
};

/// Where each value of a parsed document stands: JSON pointer ("/search/name") -> position of
/// the value's key in an object, of the value itself in an array.
class JsonPositions {
 public:
  explicit JsonPositions(std::string file = "") : file_(std::move(file)) {}
  void set(const std::string& pointer, TextPosition position) { at_[pointer] = position; }
  /// "primer.json:12:20" for a known pointer (or its nearest known parent), else the file name;
  /// values given by --set say "--set search.name=x".
  [[nodiscard]] std::string describe(const std::string& pointer) const;
  /// Marks everything at and below `pointer` as coming from `origin` (an override).
  void override_with(const std::string& pointer, const std::string& origin);
  [[nodiscard]] const std::string& file() const { return file_; }

 private:
  std::string file_;
  std::map<std::string, TextPosition> at_;
  std::map<std::string, std::string> overridden_;
};

/// JSON pointer of a member of the value at `parent`: "/search" and "a/b" give "/search/a~1b".
[[nodiscard]] std::string child_pointer(const std::string& parent, std::string_view name);

/// A JSON pointer as people write keys: "/search/options/0" -> "search.options.0".
[[nodiscard]] std::string dotted_key(std::string_view pointer);

/// Parses JSON text (comments allowed, duplicate keys refused) and fills positions.
/// Throws Error(kConfig) with file:line:column, the offending text and what was expected.
/// Nesting deeper than 200 is refused.
[[nodiscard]] Json parse_json(std::string_view text, JsonPositions& positions);

/// Reads and parses a file. Throws Error(kIo) when it cannot be read, Error(kConfig) as above.
[[nodiscard]] Json read_json(const std::string& path, JsonPositions& positions);

/// `text` parsed without positions, for text this program wrote itself: a syntax error throws
/// Error(kStudy) naming `what`.
[[nodiscard]] Json parse_stored_json(std::string_view text, const std::string& what);

}  // namespace nas
