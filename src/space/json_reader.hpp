#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "nas/core/json.hpp"

namespace nas::space {

/// Collects every mistake in a JSON document, each with its place, and throws them at once.
class Mistakes {
 public:
  explicit Mistakes(const JsonPositions& positions) : positions_(positions) {}

  /// `space.heads = 0 (primer.json:12:5): must be in [1, 64]`, for the value at `pointer`.
  void add(const std::string& pointer, const Json& value, const std::string& message);
  /// `space.heads (primer.json:12:5): is missing`.
  void add(const std::string& pointer, const std::string& message);
  /// A message that names its place itself.
  void add_complete(const std::string& message) { messages_.push_back(message); }

  [[nodiscard]] std::size_t count() const { return messages_.size(); }
  [[nodiscard]] const JsonPositions& positions() const { return positions_; }
  /// Throws Error(kConfig) with one line for each mistake, when there are any.
  void throw_if_any() const;

 private:
  const JsonPositions& positions_;
  std::vector<std::string> messages_;
};

/// Reads the members of one object; a mistake is added and reading goes on. Keys that were never
/// asked for are mistakes of finish().
class ObjectReader {
 public:
  /// `json` must outlive the reader; something other than an object is a mistake (and reads as
  /// an empty one whose missing keys are no further mistakes).
  ObjectReader(const Json& json, std::string pointer, Mistakes& mistakes);

  /// The member, or null when it is not there.
  [[nodiscard]] const Json* find(const std::string& key);
  /// The same; its absence is a mistake.
  [[nodiscard]] const Json* require(const std::string& key);
  [[nodiscard]] bool has(const std::string& key) const;
  [[nodiscard]] std::string pointer_to(const std::string& key) const;
  [[nodiscard]] Mistakes& mistakes() const { return mistakes_; }

  /// Typed members; `target` keeps its value when the key is missing or wrong.
  void read_integer(const std::string& key, std::int64_t min, std::int64_t max,
                    std::int64_t& target);
  void read_boolean(const std::string& key, bool& target);
  /// `target` is the place of the name in `names`.
  template <class Enum>
  void read_name(const std::string& key, std::span<const char* const> names, Enum& target) {
    if (const auto place = name_place(key, names)) target = static_cast<Enum>(*place);
  }
  /// Unknown keys, each with the nearest known one.
  void finish() const;

 private:
  [[nodiscard]] std::optional<std::size_t> name_place(const std::string& key,
                                                      std::span<const char* const> names);

  const Json& json_;
  std::string pointer_;
  Mistakes& mistakes_;
  std::vector<std::string> known_;
};

/// Empty when `value` is an integer in [min, max], else what it must be.
[[nodiscard]] std::string integer_fault(const Json& value, std::int64_t min, std::int64_t max);

/// `pointer` and one more step, escaped as RFC 6901 says.
[[nodiscard]] std::string pointer_step(const std::string& pointer, const std::string& key);

/// "space.rules[2]" for "/space/rules/2".
[[nodiscard]] std::string dotted(const std::string& pointer);

/// A value in one line for a message, cut when long.
[[nodiscard]] std::string shown(const Json& value);

}  // namespace nas::space
