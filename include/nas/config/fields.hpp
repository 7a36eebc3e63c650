#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <limits>
#include <optional>
#include <string>
#include <vector>

#include "nas/core/json.hpp"

namespace nas::config {

/// Closed range of whole numbers.
struct IntegerRange {
  std::int64_t min = std::numeric_limits<std::int64_t>::min();
  std::int64_t max = std::numeric_limits<std::int64_t>::max();
};

/// Range of finite numbers, closed unless an end is marked open.
struct RealRange {
  double min = -std::numeric_limits<double>::infinity();
  double max = std::numeric_limits<double>::infinity();
  bool min_open = false;
  bool max_open = false;
};

/// What a text may be.
struct TextRule {
  std::string allowed = "a text";  ///< in words, after "must be"
  std::string pattern;             ///< ECMAScript expression for the whole text; empty: any text
  std::size_t max_length = 4096;   ///< bytes
};

/// What JSON a raw field may be: a document that another module reads.
enum class RawKind { kObject, kList };

enum class Presence { kOptional, kRequired };

class Fields;

/// A list of described structs, as Fields sees it.
struct ListOfStructs {
  std::function<std::size_t()> size;
  std::function<void(std::size_t)> resize;             ///< to default values
  std::function<void(Fields&, std::size_t)> describe;  ///< an element
  std::function<void(Fields&)> describe_default;       ///< a default one, for schema and help
};

/// The one declaration of a struct's fields. A function `void describe(Fields&, T&)` names each
/// member once, with range and help; its value at that moment is the default. Reading, writing,
/// JSON Schema and help are different implementations of this visitor, so they cannot disagree.
class Fields {
 public:
  virtual ~Fields() = default;

  virtual void integer(const std::string& name, std::int64_t& value, IntegerRange range,
                       const std::string& help) = 0;
  /// A whole number that may be left out; null and absence mean nothing.
  virtual void optional_integer(const std::string& name, std::optional<std::int64_t>& value,
                                IntegerRange range, const std::string& help) = 0;
  /// Any unsigned 64-bit number.
  virtual void unsigned_integer(const std::string& name, std::uint64_t& value,
                                const std::string& help) = 0;
  virtual void real(const std::string& name, double& value, RealRange range,
                    const std::string& help) = 0;
  /// A number that may be left out; null and absence mean nothing.
  virtual void optional_real(const std::string& name, std::optional<double>& value, RealRange range,
                             const std::string& help) = 0;
  virtual void boolean(const std::string& name, bool& value, const std::string& help) = 0;
  virtual void text(const std::string& name, std::string& value, const TextRule& rule,
                    const std::string& help, Presence presence = Presence::kOptional) = 0;
  virtual void choice(const std::string& name, std::string& value,
                      const std::vector<std::string>& allowed, const std::string& help) = 0;
  virtual void texts(const std::string& name, std::vector<std::string>& value, const TextRule& rule,
                     const std::string& help) = 0;
  /// A sub-document that another module reads and checks (it gets the same positions).
  virtual void raw(const std::string& name, Json& value, RawKind kind, const std::string& help,
                   Presence presence = Presence::kOptional) = 0;
  /// An object inside this one.
  virtual void section(const std::string& name, const std::string& help,
                       const std::function<void(Fields&)>& content) = 0;
  /// An object that may be left out, which `is_given` then says; left out, it is not written.
  virtual void optional_section(const std::string& name, bool& is_given, const std::string& help,
                                const std::function<void(Fields&)>& content) = 0;
  /// Fields of this object that mean something only when `holds`: otherwise they are neither
  /// written nor may they be given, and `must` completes "NAME = VALUE: must ...". Schema and help
  /// have them.
  virtual void when(bool holds, const std::string& must,
                    const std::function<void(Fields&)>& content) = 0;
  virtual void structs(const std::string& name, const ListOfStructs& list,
                       const std::string& help) = 0;
  /// A key that is accepted and means nothing to the program, like "$schema".
  virtual void ignored(const std::string& name, const std::string& help) = 0;
  /// A condition between fields, checked when reading; `must` completes "NAME = VALUE: must ...".
  /// `name` may reach into sections: "model.max_len". Silent when it is already reported as wrong.
  virtual void rule(const std::string& name, bool holds, const std::string& must) = 0;

  /// A list of structs, each with a `describe(Fields&, T&)`.
  template <class T>
  void list(const std::string& name, std::vector<T>& items, const std::string& help) {
    structs(name,
            {[&] { return items.size(); }, [&](std::size_t size) { items.assign(size, T{}); },
             [&](Fields& fields, std::size_t i) { describe(fields, items[i]); },
             [](Fields& fields) {
               T item{};
               describe(fields, item);
             }},
            help);
  }
};

using Description = std::function<void(Fields&)>;

/// One key of a configuration, for help.
struct HelpRow {
  std::string key;            ///< "training.steps", "objectives[].metric"
  std::string allowed;        ///< "a whole number in [1, 1000000000]"
  std::string default_value;  ///< as JSON; empty for a required key and for a section
  std::string help;
};

/// Reads `given`, which stands at `pointer` ("" or "/search/options") in its file, into what the
/// description refers to, and returns it with defaults filled in. Unknown and missing keys, wrong
/// types, values out of range and broken rules are collected and thrown together as one
/// Error(kConfig), a line each: `search.parallelism = 0 (primer.json:12:20): must be ...`.
Json read_fields(const Json& given, const JsonPositions& positions, const std::string& pointer,
                 const Description& description);

/// The described values as JSON, every field written.
[[nodiscard]] Json write_fields(const Description& description);

/// JSON Schema (draft 2020-12) of the described object, with the current values as defaults.
[[nodiscard]] Json schema_of(const Description& description);

/// A row for each key, in the order of the description; `prefix` begins each key.
[[nodiscard]] std::vector<HelpRow> help_of(const Description& description,
                                           const std::string& prefix = "");

/// The one declaration of the options that an entry of a table takes.
struct OptionsDeclaration {
  /// Reads and checks them and returns them with defaults filled in, as read_fields.
  std::function<Json(const Json& given, const JsonPositions& positions, const std::string& pointer)>
      read;
  std::function<Json()> schema;
};

/// `with_defaults` hands a description of options at their defaults to what it is given.
[[nodiscard]] OptionsDeclaration options_declaration(
    const std::function<void(const std::function<void(const Description&)>&)>& with_defaults);

/// From `void describe(Fields&, Options&)`.
template <class Options>
OptionsDeclaration declare_options() {
  return options_declaration([](const std::function<void(const Description&)>& use) {
    Options options;
    use([&](Fields& fields) { describe(fields, options); });
  });
}

}  // namespace nas::config
