#include <iostream>
#include <nlohmann/json.hpp>

#include "command.hpp"
#include "nas/core/units.hpp"
#include "nas/space/primitive.hpp"
#include "nas/space/text.hpp"
#include "table.hpp"

namespace nas::cli {
namespace {

struct SpaceOptions {
  std::string config;
  std::vector<std::string> overrides;
  std::int64_t samples = 0;
  std::string form = "architecture";
};

void print_slot(const space::ProgramSlot& slot) {
  std::cout << "\n" << slot.name << ": at most " << slot.rules.check.max_nodes << " nodes from";
  for (const std::uint16_t primitive : slot.rules.vocabulary) {
    std::cout << " " << space::primitives()[primitive].name;
  }
  if (slot.dna) {
    for (const std::uint16_t operation : slot.dna->operations) {
      std::cout << " " << space::dna_operations()[operation].name;
    }
    std::cout << "\ninitial DNA:\n" << to_text(slot.dna_initial);
  }
  std::cout << "\ninitial program:\n" << to_text(slot.initial) << "\n";
}

int print_space(const SpaceOptions& options) {
  JsonPositions positions;
  const config::RunConfig config =
      config::read_config(find_config(options.config), options.overrides, &positions);
  const run::Plan plan = run::make_plan(config, positions);
  if (options.samples > 0) {
    for (std::int64_t i = 0; i < options.samples; ++i) {
      const space::Sample sample =
          plan.space->sample({config.seed, Purpose::kSampling, static_cast<std::uint64_t>(i), 0});
      const Json json = options.form == "sample" ? plan.space->to_json(sample)
                                                 : to_json(plan.space->architecture(sample));
      std::cout << json.dump() << "\n";
    }
    return 0;
  }
  const space::Space::Size size = plan.space->size();
  std::cout << "choices: " << plan.space->choices().size() << ", " << (size.exact ? "" : "at most ")
            << format_count(size.finite) << " combinations\n";
  Table table{{"choice", "options"}, {}};
  for (const space::Choice& choice : plan.space->choices()) {
    std::string values;
    for (const Json& option : choice.options) {
      values += (values.empty() ? "" : " ") +
                (option.is_string() ? option.get<std::string>() : option.dump());
    }
    table.rows.push_back({choice.name, values});
  }
  if (!table.rows.empty()) std::cout << to_text(table);
  for (const space::ProgramSlot& slot : plan.space->slots()) print_slot(slot);
  return 0;
}

}  // namespace

void add_space(CLI::App& program, Action& action) {
  auto options = std::make_shared<SpaceOptions>();
  Verb verb(program, "space", "the space of a configuration: choices, programs, size");
  verb.option("--config", options->config, "configuration: a path or a shipped name").required();
  verb.option("--set", options->overrides, "override: a.b=v").one_value_each();
  verb.option("--sample", options->samples, "print N uniform samples instead, one in JSON a line")
      .range(1, 10'000'000);
  verb.option("--form", options->form,
              "of what --sample prints: architecture, or sample (choices by name, programs, DNAs)")
      .among({"architecture", "sample"})
      .shows_default();
  verb.callback([options, &action] { action = [options] { return print_space(*options); }; });
}

}  // namespace nas::cli
