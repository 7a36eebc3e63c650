#include <cmath>
#include <nlohmann/json.hpp>
#include <utility>

#include "config/allowed.hpp"
#include "nas/config/fields.hpp"

namespace nas::config {
namespace {

/// A raw value as it is written: a document that nobody set is an empty object or list, not null.
Json document(const Json& value, RawKind kind) {
  if (!value.is_null()) return value;
  return kind == RawKind::kObject ? Json::object() : Json::array();
}

class Writer final : public Fields {
 public:
  explicit Writer(Json& object) : object_(object) {}

  void integer(const std::string& name, std::int64_t& value, IntegerRange,
               const std::string&) override {
    object_[name] = value;
  }
  void optional_integer(const std::string& name, std::optional<std::int64_t>& value, IntegerRange,
                        const std::string&) override {
    if (value) object_[name] = *value;
  }
  void unsigned_integer(const std::string& name, std::uint64_t& value,
                        const std::string&) override {
    object_[name] = value;
  }
  void real(const std::string& name, double& value, RealRange, const std::string&) override {
    object_[name] = value;
  }
  void optional_real(const std::string& name, std::optional<double>& value, RealRange,
                     const std::string&) override {
    if (value) object_[name] = *value;
  }
  void boolean(const std::string& name, bool& value, const std::string&) override {
    object_[name] = value;
  }
  void text(const std::string& name, std::string& value, const TextRule&, const std::string&,
            Presence) override {
    object_[name] = value;
  }
  void choice(const std::string& name, std::string& value, const std::vector<std::string>&,
              const std::string&) override {
    object_[name] = value;
  }
  void texts(const std::string& name, std::vector<std::string>& value, const TextRule&,
             const std::string&) override {
    object_[name] = value;
  }
  void raw(const std::string& name, Json& value, RawKind kind, const std::string&,
           Presence) override {
    object_[name] = document(value, kind);
  }
  void section(const std::string& name, const std::string&, const Description& content) override {
    object_[name] = write_fields(content);
  }
  void optional_section(const std::string& name, bool& is_given, const std::string&,
                        const Description& content) override {
    if (is_given) object_[name] = write_fields(content);
  }
  void when(bool holds, const std::string&, const Description& content) override {
    if (holds) content(*this);
  }
  void structs(const std::string& name, const ListOfStructs& list, const std::string&) override {
    Json items = Json::array();
    for (std::size_t i = 0; i < list.size(); ++i) {
      items.push_back(write_fields([&](Fields& fields) { list.describe(fields, i); }));
    }
    object_[name] = std::move(items);
  }
  void ignored(const std::string&, const std::string&) override {}
  void rule(const std::string&, bool, const std::string&) override {}

 private:
  Json& object_;
};

class SchemaWriter final : public Fields {
 public:
  void integer(const std::string& name, std::int64_t& value, IntegerRange range,
               const std::string& help) override {
    Json& field = add(name, "integer", help);
    add_range(field, range);
    field["default"] = value;
  }
  void optional_integer(const std::string& name, std::optional<std::int64_t>&, IntegerRange range,
                        const std::string& help) override {
    add_range(add(name, Json::array({"integer", "null"}), help), range);
  }
  void unsigned_integer(const std::string& name, std::uint64_t& value,
                        const std::string& help) override {
    Json& field = add(name, "integer", help);
    field["minimum"] = 0;
    field["maximum"] = std::numeric_limits<std::uint64_t>::max();
    field["default"] = value;
  }
  void real(const std::string& name, double& value, RealRange range,
            const std::string& help) override {
    Json& field = add(name, "number", help);
    add_range(field, range);
    field["default"] = value;
  }
  void optional_real(const std::string& name, std::optional<double>&, RealRange range,
                     const std::string& help) override {
    Json& field = add(name, Json::array({"number", "null"}), help);
    add_range(field, range);
  }
  void boolean(const std::string& name, bool& value, const std::string& help) override {
    add(name, "boolean", help)["default"] = value;
  }
  void text(const std::string& name, std::string& value, const TextRule& rule,
            const std::string& help, Presence presence) override {
    Json& field = add(name, "string", help);
    field.update(text_rule(rule));
    if (presence == Presence::kRequired) {
      required_.push_back(name);
    } else {
      field["default"] = value;
    }
  }
  void choice(const std::string& name, std::string& value, const std::vector<std::string>& allowed,
              const std::string& help) override {
    Json& field = add(name, "string", help);
    field["enum"] = allowed;
    field["default"] = value;
  }
  void texts(const std::string& name, std::vector<std::string>& value, const TextRule& rule,
             const std::string& help) override {
    Json& field = add(name, "array", help);
    field["items"] = {{"type", "string"}};
    field["items"].update(text_rule(rule));
    field["default"] = value;
  }
  void raw(const std::string& name, Json& value, RawKind kind, const std::string& help,
           Presence presence) override {
    Json& field = add(name, nullptr, help);
    field["type"] = kind == RawKind::kObject ? "object" : "array";
    if (presence == Presence::kRequired) {
      required_.push_back(name);
    } else {
      field["default"] = document(value, kind);
    }
  }
  void section(const std::string& name, const std::string& help,
               const Description& content) override {
    add(name, "object", help).update(object_schema(content));
  }
  void optional_section(const std::string& name, bool&, const std::string& help,
                        const Description& content) override {
    section(name, help, content);
  }
  void when(bool, const std::string&, const Description& content) override { content(*this); }
  void structs(const std::string& name, const ListOfStructs& list,
               const std::string& help) override {
    Json& field = add(name, "array", help);
    field["items"] = object_schema(list.describe_default);
  }
  void ignored(const std::string& name, const std::string& help) override {
    add(name, nullptr, help);
  }
  void rule(const std::string&, bool, const std::string&) override {}

  static Json object_schema(const Description& description) {
    SchemaWriter writer;
    description(writer);
    Json schema{{"type", "object"},
                {"properties", std::move(writer.properties_)},
                {"additionalProperties", false}};
    if (!writer.required_.empty()) schema["required"] = writer.required_;
    return schema;
  }

 private:
  /// A property of this type; null: of any.
  Json& add(const std::string& name, const Json& type, const std::string& help) {
    Json& field = properties_[name];
    field = Json::object();
    if (!type.is_null()) field["type"] = type;
    field["description"] = help;
    return field;
  }

  static void add_range(Json& field, IntegerRange range) {
    if (range.min > IntegerRange{}.min) field["minimum"] = range.min;
    if (range.max < IntegerRange{}.max) field["maximum"] = range.max;
  }

  static void add_range(Json& field, RealRange range) {
    if (std::isfinite(range.min))
      field[range.min_open ? "exclusiveMinimum" : "minimum"] = range.min;
    if (std::isfinite(range.max))
      field[range.max_open ? "exclusiveMaximum" : "maximum"] = range.max;
  }

  static Json text_rule(const TextRule& rule) {
    Json schema = Json::object();
    // A pattern of JSON Schema may match anywhere; ours is for the whole text.
    if (!rule.pattern.empty()) schema["pattern"] = "^(?:" + rule.pattern + ")$";
    schema["maxLength"] = rule.max_length;
    return schema;
  }

  Json properties_ = Json::object();
  std::vector<std::string> required_;
};

class HelpWriter final : public Fields {
 public:
  HelpWriter(std::vector<HelpRow>& rows, std::string prefix)
      : rows_(rows), prefix_(std::move(prefix)) {}

  void integer(const std::string& name, std::int64_t& value, IntegerRange range,
               const std::string& help) override {
    add(name, in_words(range), Json(value).dump(), help);
  }
  void optional_integer(const std::string& name, std::optional<std::int64_t>& value,
                        IntegerRange range, const std::string& help) override {
    add(name, in_words(range) + " or null", value ? Json(*value).dump() : "null", help);
  }
  void unsigned_integer(const std::string& name, std::uint64_t& value,
                        const std::string& help) override {
    add(name, "a whole number of at least 0", Json(value).dump(), help);
  }
  void real(const std::string& name, double& value, RealRange range,
            const std::string& help) override {
    add(name, in_words(range), Json(value).dump(), help);
  }
  void optional_real(const std::string& name, std::optional<double>& value, RealRange range,
                     const std::string& help) override {
    add(name, in_words(range) + " or null", value ? Json(*value).dump() : "null", help);
  }
  void boolean(const std::string& name, bool& value, const std::string& help) override {
    add(name, "true or false", Json(value).dump(), help);
  }
  void text(const std::string& name, std::string& value, const TextRule& rule,
            const std::string& help, Presence presence) override {
    add(name, rule.allowed, presence == Presence::kRequired ? "" : Json(value).dump(), help);
  }
  void choice(const std::string& name, std::string& value, const std::vector<std::string>& allowed,
              const std::string& help) override {
    add(name, in_words(allowed), Json(value).dump(), help);
  }
  void texts(const std::string& name, std::vector<std::string>& value, const TextRule& rule,
             const std::string& help) override {
    add(name, "a list, each entry " + rule.allowed, Json(value).dump(), help);
  }
  void raw(const std::string& name, Json& value, RawKind kind, const std::string& help,
           Presence presence) override {
    add(name, in_words(kind), presence == Presence::kRequired ? "" : document(value, kind).dump(),
        help);
  }
  void section(const std::string& name, const std::string& help,
               const Description& content) override {
    add(name, "an object", "", help);
    HelpWriter inner(rows_, prefix_ + name + ".");
    content(inner);
  }
  void optional_section(const std::string& name, bool&, const std::string& help,
                        const Description& content) override {
    section(name, help, content);
  }
  void when(bool, const std::string&, const Description& content) override { content(*this); }
  void structs(const std::string& name, const ListOfStructs& list,
               const std::string& help) override {
    Json items = Json::array();
    for (std::size_t i = 0; i < list.size(); ++i) {
      items.push_back(write_fields([&](Fields& fields) { list.describe(fields, i); }));
    }
    add(name, "a list of objects", items.dump(), help);
    HelpWriter inner(rows_, prefix_ + name + "[].");
    list.describe_default(inner);
  }
  void ignored(const std::string&, const std::string&) override {}
  void rule(const std::string&, bool, const std::string&) override {}

 private:
  void add(const std::string& name, const std::string& allowed, const std::string& default_value,
           const std::string& help) {
    rows_.push_back({prefix_ + name, allowed, default_value, help});
  }

  std::vector<HelpRow>& rows_;
  std::string prefix_;
};

}  // namespace

Json write_fields(const Description& description) {
  Json object = Json::object();
  Writer writer(object);
  description(writer);
  return object;
}

Json schema_of(const Description& description) {
  Json schema{{"$schema", "https://json-schema.org/draft/2020-12/schema"}};
  schema.update(SchemaWriter::object_schema(description));
  return schema;
}

std::vector<HelpRow> help_of(const Description& description, const std::string& prefix) {
  std::vector<HelpRow> rows;
  HelpWriter writer(rows, prefix);
  description(writer);
  return rows;
}

OptionsDeclaration options_declaration(
    const std::function<void(const std::function<void(const Description&)>&)>& with_defaults) {
  OptionsDeclaration declaration;
  declaration.read = [with_defaults](const Json& given, const JsonPositions& positions,
                                     const std::string& pointer) {
    Json read;
    with_defaults([&](const Description& description) {
      read = read_fields(given, positions, pointer, description);
    });
    return read;
  };
  declaration.schema = [with_defaults] {
    Json schema;
    with_defaults([&](const Description& description) { schema = schema_of(description); });
    return schema;
  };
  return declaration;
}

}  // namespace nas::config
