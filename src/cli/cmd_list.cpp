#include <algorithm>
#include <array>
#include <iostream>
#include <nlohmann/json.hpp>

#include "command.hpp"
#include "nas/run/engine.hpp"
#include "nas/space/blocks.hpp"
#include "nas/space/cost.hpp"
#include "nas/space/presets.hpp"
#include "nas/space/primitive.hpp"
#include "nas/space/vocabulary.hpp"
#include "table.hpp"

namespace nas::cli {
namespace {

std::string fields_text(const space::PrimitiveSpec& primitive) {
  std::string text;
  for (const space::FieldSpec& field : primitive.fields) {
    text += (text.empty() ? "" : ", ") + field.name;
  }
  return text.empty() ? "-" : text;
}

Table primitives_table() {
  Table table{{"primitive", "takes", "fields", "formula", "source"}, {}};
  for (const space::PrimitiveSpec& primitive : space::primitives()) {
    table.rows.push_back({primitive.name, primitive.accepts, fields_text(primitive),
                          primitive.formula, primitive.source});
  }
  return table;
}

Table searchers_table() {
  Table table{{"searcher", "what it does", "source", "options"}, {}};
  const Registry<search::SearcherFactory>& searchers = search::builtin_searchers();
  for (const std::string& name : searchers.names()) {
    const search::SearcherFactory& factory = searchers.at(name);
    table.rows.push_back({name, factory.help, factory.source,
                          factory.options.read(Json::object(), JsonPositions(), "").dump()});
  }
  return table;
}

Table blocks_table() {
  Table table{{"block", "slot", "what it is", "source"}, {}};
  for (const std::string& name : space::blocks().names()) {
    const space::BlockSpec& block = space::blocks().at(name);
    table.rows.push_back({name, block.slot == space::Slot::kMixer ? "mixer" : "feed_forward",
                          block.help, block.source});
  }
  return table;
}

Table presets_table() {
  Table table{{"preset"}, {}};
  for (const std::string& size : space::preset_sizes().names()) {
    table.headings.push_back(size);
  }
  table.headings.insert(table.headings.end(), {"what it is", "source"});
  for (const std::string& name : space::presets().names()) {
    std::vector<std::string> row{name};
    for (const std::string& size : space::preset_sizes().names()) {
      const space::Cost cost = cost_of(space::preset_architecture(name, size), {});
      row.push_back(std::to_string(cost.params));
    }
    row.push_back(space::presets().at(name).help);
    row.push_back(space::presets().at(name).source);
    table.rows.push_back(row);
  }
  return table;
}

Table vocabularies_table() {
  Table table{{"vocabulary", "what it is", "primitives"}, {}};
  for (const space::VocabularyGroup& group : space::vocabulary_groups()) {
    std::string names;
    for (const std::string& name : group.primitives) names += (names.empty() ? "" : " ") + name;
    table.rows.push_back({group.name, group.help, names});
  }
  return table;
}

Table evaluators_table() {
  Table table{{"evaluator", "what it does"}, {}};
  const Registry<run::EvaluatorFactory>& evaluators = run::builtin_evaluators();
  for (const std::string& name : evaluators.names()) {
    table.rows.push_back({name, evaluators.at(name).help});
  }
  return table;
}

Table optimizers_table() {
  Table table{{"optimizer", "what it is", "source"}, {}};
  for (const run::ListedPart& optimizer : run::engine().optimizers()) {
    table.rows.push_back({optimizer.name, optimizer.help, optimizer.source});
  }
  return table;
}

Table schedules_table() {
  Table table{{"schedule", "what it does after the warm-up", "rate / peak", "source"}, {}};
  for (const run::ListedPart& schedule : run::engine().schedules()) {
    table.rows.push_back({schedule.name, schedule.help, schedule.formula, schedule.source});
  }
  return table;
}

struct Listing {
  const char* name;
  Table (*table)();
};

constexpr std::array kListings = {
    Listing{"primitives", primitives_table}, Listing{"vocabularies", vocabularies_table},
    Listing{"blocks", blocks_table},         Listing{"presets", presets_table},
    Listing{"searchers", searchers_table},   Listing{"evaluators", evaluators_table},
    Listing{"optimizers", optimizers_table}, Listing{"schedules", schedules_table}};

}  // namespace

void add_list(CLI::App& program, Action& action) {
  struct Options {
    std::string what;
    std::string format = "table";
  };
  auto options = std::make_shared<Options>();
  Verb verb(program, "list", "what this program knows");
  std::vector<std::string> names;
  std::string known;
  for (const Listing& listing : kListings) {
    names.emplace_back(listing.name);
    known += (known.empty() ? "" : ", ") + names.back();
  }
  verb.option("what", options->what, known).required().among(names);
  verb.option("--format", options->format, "table or csv").among({"table", "csv"});
  verb.callback([options, &action] {
    action = [options] {
      const auto* listing =
          std::find_if(kListings.begin(), kListings.end(),
                       [&](const Listing& one) { return options->what == one.name; });
      const Table table = listing->table();
      std::cout << (options->format == "csv" ? to_csv(table) : to_text(table));
      return 0;
    };
  });
}

}  // namespace nas::cli
