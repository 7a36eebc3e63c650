#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <set>
#include <utility>

#include "config/allowed.hpp"
#include "nas/config/fields.hpp"
#include "nas/core/error.hpp"

namespace nas::config {
namespace {

/// What one reading shares over all its objects.
struct Reading {
  const JsonPositions& positions;
  const Description& whole;  ///< of the document read, for suggestions from other sections
  std::string root;          ///< pointer of the document
  std::vector<std::string> errors;
  std::set<std::string> wrong;  ///< pointers already reported

  /// A line `KEY = VALUE (PLACE): message`; `value` may be null for a key that is missing.
  void report(const std::string& pointer, const Json* value, const std::string& message) {
    wrong.insert(pointer);
    const std::string key = dotted_key(pointer);
    std::string line = key;
    if (value != nullptr && !key.empty()) line += " = " + shown(*value);
    const std::string place = "(" + positions.describe(pointer) + "): ";
    errors.push_back(line.empty() ? place + message : line + " " + place + message);
  }
};

/// The value as a whole number, when it is one: 1e6 is, within what a double holds exactly.
std::optional<std::int64_t> whole_number(const Json& value) {
  constexpr double kExact = 9007199254740992.0;  // 2^53
  if (value.is_number_unsigned()) {
    const auto number = value.get<std::uint64_t>();
    if (number > static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max())) return {};
    return static_cast<std::int64_t>(number);
  }
  if (value.is_number_integer()) return value.get<std::int64_t>();
  if (!value.is_number_float()) return {};
  const auto real = value.get<double>();
  if (std::abs(real) > kExact || real != std::trunc(real)) return {};
  return static_cast<std::int64_t>(real);
}

/// Reads one object.
class Reader final : public Fields {
 public:
  Reader(Reading& reading, const Json& object, std::string pointer)
      : reading_(reading), object_(object), pointer_(std::move(pointer)) {}

  void integer(const std::string& name, std::int64_t& value, IntegerRange range,
               const std::string&) override {
    const Json* given = find(name);
    if (given == nullptr) return;
    const std::optional<std::int64_t> number = whole_number(*given);
    if (number && contains(range, *number)) {
      value = *number;
    } else {
      refuse(name, *given, in_words(range), given->is_number());
    }
  }

  void optional_integer(const std::string& name, std::optional<std::int64_t>& value,
                        IntegerRange range, const std::string& help) override {
    read_optional(name, value, [&](std::int64_t& number) { integer(name, number, range, help); });
  }

  void unsigned_integer(const std::string& name, std::uint64_t& value,
                        const std::string&) override {
    const Json* given = find(name);
    if (given == nullptr) return;
    const std::optional<std::int64_t> number = whole_number(*given);
    if (given->is_number_unsigned()) {
      value = given->get<std::uint64_t>();
    } else if (number && *number >= 0) {
      value = static_cast<std::uint64_t>(*number);
    } else {
      refuse(name, *given, "a whole number in [0, 18446744073709551615]", given->is_number());
    }
  }

  void real(const std::string& name, double& value, RealRange range, const std::string&) override {
    const Json* given = find(name);
    if (given == nullptr) return;
    if (given->is_number() && contains(range, given->get<double>())) {
      value = given->get<double>();
    } else {
      refuse(name, *given, in_words(range), given->is_number());
    }
  }

  void optional_real(const std::string& name, std::optional<double>& value, RealRange range,
                     const std::string& help) override {
    read_optional(name, value, [&](double& number) { real(name, number, range, help); });
  }

  void boolean(const std::string& name, bool& value, const std::string&) override {
    const Json* given = find(name);
    if (given == nullptr) return;
    if (given->is_boolean()) {
      value = given->get<bool>();
    } else {
      refuse(name, *given, "true or false", false);
    }
  }

  void text(const std::string& name, std::string& value, const TextRule& rule,
            const std::string& help, Presence presence) override {
    const Json* given = find(name);
    if (given == nullptr) {
      if (presence == Presence::kRequired) missing(name, rule.allowed, help);
    } else if (given->is_string() && accepts(rule, given->get_ref<const std::string&>())) {
      value = given->get<std::string>();
    } else {
      refuse(name, *given, rule.allowed, given->is_string());
    }
  }

  void choice(const std::string& name, std::string& value, const std::vector<std::string>& allowed,
              const std::string&) override {
    const Json* given = find(name);
    if (given == nullptr) return;
    const bool is_text = given->is_string();
    const std::string text = is_text ? given->get<std::string>() : "";
    if (std::find(allowed.begin(), allowed.end(), text) != allowed.end()) {
      value = text;
      return;
    }
    std::string must = in_words(allowed);
    const std::string near = nearest_name(text, allowed.data(), allowed.size());
    if (!near.empty()) must += "; did you mean \"" + near + "\"?";
    refuse(name, *given, must, is_text);
  }

  void texts(const std::string& name, std::vector<std::string>& value, const TextRule& rule,
             const std::string&) override {
    const Json* given = find(name);
    if (given == nullptr) return;
    if (!given->is_array()) {
      refuse(name, *given, "a list, each entry " + rule.allowed, false);
      return;
    }
    value.clear();
    for (std::size_t i = 0; i < given->size(); ++i) {
      const Json& entry = (*given)[i];
      if (entry.is_string() && accepts(rule, entry.get_ref<const std::string&>())) {
        value.push_back(entry.get<std::string>());
      } else {
        refuse_entry(name, i, entry, rule.allowed);
      }
    }
  }

  void raw(const std::string& name, Json& value, RawKind kind, const std::string& help,
           Presence presence) override {
    const Json* given = find(name);
    const std::string allowed = in_words(kind);
    if (given == nullptr) {
      if (presence == Presence::kRequired) missing(name, allowed, help);
    } else if (accepts(kind, *given)) {
      value = *given;
    } else {
      refuse(name, *given, allowed, false);
    }
  }

  void section(const std::string& name, const std::string&, const Description& content) override {
    const Json* given = find(name);
    if (given != nullptr && !given->is_object()) {
      refuse(name, *given, "an object", false);
      return;
    }
    const Json empty = Json::object();
    read(given != nullptr ? *given : empty, child_pointer(pointer_, name), content);
  }

  void optional_section(const std::string& name, bool& is_given, const std::string& help,
                        const Description& content) override {
    is_given = object_.contains(name);
    if (is_given) {
      section(name, help, content);
    } else {
      names_.push_back(name);
    }
  }

  void when(bool holds, const std::string& must, const Description& content) override {
    if (holds) {
      content(*this);
      return;
    }
    for (const HelpRow& row : help_of(content)) {
      const auto given = object_.find(row.key);
      if (given == object_.end()) continue;
      withheld_.push_back(row.key);
      reading_.report(child_pointer(pointer_, row.key), &*given, "must " + must);
    }
  }

  void structs(const std::string& name, const ListOfStructs& list, const std::string&) override {
    const Json* given = find(name);
    if (given == nullptr) return;
    if (!given->is_array()) {
      refuse(name, *given, "a list of objects", false);
      return;
    }
    list.resize(given->size());
    for (std::size_t i = 0; i < given->size(); ++i) {
      if (!(*given)[i].is_object()) {
        refuse_entry(name, i, (*given)[i], "an object");
        continue;
      }
      read((*given)[i], child_pointer(pointer_, name) + "/" + std::to_string(i),
           [&](Fields& fields) { list.describe(fields, i); });
    }
  }

  void ignored(const std::string& name, const std::string&) override { find(name); }

  void rule(const std::string& name, bool holds, const std::string& must) override {
    if (holds) return;
    const Json* given = &object_;
    std::string pointer = pointer_;
    for (std::size_t start = 0; start <= name.size();) {
      const std::size_t dot = std::min(name.find('.', start), name.size());
      const std::string part = name.substr(start, dot - start);
      const bool there = given != nullptr && given->is_object() && given->contains(part);
      given = there ? &(*given)[part] : nullptr;
      pointer = child_pointer(pointer, part);
      if (reading_.wrong.contains(pointer)) return;
      start = dot + 1;
    }
    // A member that is wrong may be why a condition on the whole fails.
    const auto below = reading_.wrong.lower_bound(pointer + "/");
    if (below != reading_.wrong.end() && below->starts_with(pointer + "/")) return;
    reading_.report(pointer, given, "must " + must);
  }

  /// To be called after the description: keys that no field has asked for.
  void report_unknown_keys() {
    for (const auto& [key, value] : object_.items()) {
      if (std::find(names_.begin(), names_.end(), key) != names_.end()) continue;
      if (std::find(withheld_.begin(), withheld_.end(), key) != withheld_.end()) continue;
      std::string message = "unknown key" + suggestion(key) + " (known here: ";
      for (std::size_t i = 0; i < names_.size(); ++i) message += (i > 0 ? ", " : "") + names_[i];
      const std::string no_keys = "unknown key (no key is known here)";
      reading_.report(child_pointer(pointer_, key), nullptr,
                      names_.empty() ? no_keys : message + ")");
    }
  }

 private:
  const Json* find(const std::string& name) {
    names_.push_back(name);
    const auto given = object_.find(name);
    return given != object_.end() ? &*given : nullptr;
  }

  /// Reads a value that may be left out or null with the function for one that may not.
  template <class T, class Read>
  void read_optional(const std::string& name, std::optional<T>& value, Read&& read_number) {
    const Json* given = find(name);
    if (given == nullptr) return;
    value.reset();
    if (given->is_null()) return;
    T number = 0;
    const std::size_t errors = reading_.errors.size();
    read_number(number);
    if (reading_.errors.size() == errors) value = number;
  }

  void read(const Json& object, const std::string& pointer, const Description& content) {
    Reader reader(reading_, object, pointer);
    content(reader);
    reader.report_unknown_keys();
  }

  void refuse(const std::string& name, const Json& given, const std::string& allowed,
              bool right_kind) {
    const std::string kind = right_kind ? "" : ", not " + kind_of(given);
    reading_.report(child_pointer(pointer_, name), &given, "must be " + allowed + kind);
  }

  void refuse_entry(const std::string& name, std::size_t index, const Json& given,
                    const std::string& allowed) {
    const std::string kind = given.is_string() ? "" : ", not " + kind_of(given);
    reading_.report(child_pointer(pointer_, name) + "/" + std::to_string(index), &given,
                    "must be " + allowed + kind);
  }

  void missing(const std::string& name, const std::string& allowed, const std::string& help) {
    reading_.report(child_pointer(pointer_, name), nullptr,
                    "is missing: must be " + allowed + " (" + help + ")");
  }

  /// `; did you mean "x"?` with the nearest key here, else the shortest key that ends in that name.
  std::string suggestion(const std::string& key) const {
    std::string near = nearest_name(key, names_.data(), names_.size());
    if (near.empty()) {
      for (const HelpRow& row : help_of(reading_.whole)) {
        if (row.key == key || row.key.ends_with("." + key)) {
          const std::string whole =
              dotted_key(reading_.root) + (reading_.root.empty() ? "" : ".") + row.key;
          if (near.empty() || whole.size() < near.size()) near = whole;
        }
      }
    }
    return near.empty() ? "" : "; did you mean \"" + near + "\"?";
  }

  Reading& reading_;
  const Json& object_;
  std::string pointer_;
  std::vector<std::string> names_;
  std::vector<std::string> withheld_;  ///< given where they may not be, and reported
};

}  // namespace

Json read_fields(const Json& given, const JsonPositions& positions, const std::string& pointer,
                 const Description& description) {
  Reading reading{positions, description, pointer, {}, {}};
  if (given.is_object()) {
    Reader reader(reading, given, pointer);
    description(reader);
    reader.report_unknown_keys();
  } else {
    reading.report(pointer, &given, "must be an object, not " + kind_of(given));
  }
  if (reading.errors.empty()) return write_fields(description);
  std::string message;
  for (const std::string& line : reading.errors) message += (message.empty() ? "" : "\n") + line;
  throw Error(ErrorKind::kConfig, message);
}

}  // namespace nas::config
