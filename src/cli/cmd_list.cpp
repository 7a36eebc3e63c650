#include <CLI/CLI.hpp>
#include <iostream>
#include <nlohmann/json.hpp>

#include "command.hpp"
#include "nas/space/blocks.hpp"
#include "nas/space/primitive.hpp"
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
  const Registry<search::SearcherFactory> searchers = search::builtin_searchers();
  for (const std::string& name : searchers.names()) {
    const search::SearcherFactory& factory = searchers.at(name);
    table.rows.push_back({name, factory.help, factory.source,
                          factory.read_options(Json::object(), JsonPositions(), "").dump()});
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

Table evaluators_table() {
  Table table{{"evaluator", "what it does"}, {}};
  const Registry<run::EvaluatorFactory> evaluators = run::builtin_evaluators();
  for (const std::string& name : evaluators.names()) {
    table.rows.push_back({name, evaluators.at(name).help});
  }
  return table;
}

}  // namespace

void add_list(CLI::App& program, Action& action) {
  struct Options {
    std::string what;
    std::string format = "table";
  };
  auto options = std::make_shared<Options>();
  CLI::App* verb = program.add_subcommand("list", "what this program knows");
  verb->add_option("what", options->what, "primitives, blocks, searchers or evaluators")
      ->required()
      ->check(CLI::IsMember({"primitives", "blocks", "searchers", "evaluators"}));
  verb->add_option("--format", options->format, "table or csv")
      ->check(CLI::IsMember({"table", "csv"}));
  verb->callback([options, &action] {
    action = [options] {
      const Table table = options->what == "primitives"  ? primitives_table()
                          : options->what == "blocks"    ? blocks_table()
                          : options->what == "searchers" ? searchers_table()
                                                         : evaluators_table();
      std::cout << (options->format == "csv" ? to_csv(table) : to_text(table));
      return 0;
    };
  });
}

}  // namespace nas::cli
