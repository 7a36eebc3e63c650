#include <iostream>
#include <nlohmann/json.hpp>

#include "command.hpp"
#include "nas/core/error.hpp"
#include "nas/run/schema.hpp"
#include "table.hpp"

namespace nas::cli {
namespace {

struct ValidateOptions {
  std::string config;
  std::vector<std::string> overrides;
  bool schema = false;
  bool keys = false;
};

int validate(const ValidateOptions& options) {
  if (options.schema) {
    std::cout << run::whole_schema().dump(2) << "\n";
    return 0;
  }
  if (options.keys) {
    Table table{{"key", "allowed", "default", "meaning"}, {}};
    for (const config::HelpRow& row : config::config_help()) {
      table.rows.push_back({row.key, row.allowed, row.default_value, row.help});
    }
    std::cout << to_text(table);
    return 0;
  }
  if (options.config.empty()) {
    throw Error(ErrorKind::kUsage, "validate needs --config FILE, --schema or --keys");
  }
  JsonPositions positions;
  const std::string path = find_config(options.config);
  const config::RunConfig config = config::read_config(path, options.overrides, &positions);
  const run::Plan plan = run::make_plan(config, positions);
  std::cout << path << ": valid; " << plan.space->choices().size() << " choices, "
            << plan.space->slots().size() << " evolving programs, searcher " << config.search.name
            << ", " << config.budget.trials << " trials\n";
  return 0;
}

}  // namespace

void add_validate(CLI::App& program, Action& action) {
  auto options = std::make_shared<ValidateOptions>();
  Verb verb(program, "validate", "check a configuration; print its JSON Schema or its keys");
  verb.option("--config", options->config, "configuration: a path or a shipped name");
  verb.option("--set", options->overrides, "override: a.b=v").one_value_each();
  verb.flag("--schema", options->schema, "print the JSON Schema of configurations");
  verb.flag("--keys", options->keys, "print every key with range, default and meaning");
  verb.callback([options, &action] { action = [options] { return validate(*options); }; });
}

}  // namespace nas::cli
