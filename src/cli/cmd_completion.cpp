#include <CLI/CLI.hpp>
#include <algorithm>
#include <iostream>

#include "command.hpp"
#include "completion_script.hpp"

namespace nas::cli {
namespace {

/// The words of CLI::IsMember in an option's type, such as "TEXT:{table,csv}".
std::vector<std::string> choices_in(const std::string& type) {
  const std::size_t open = type.find('{');
  const std::size_t close = type.find('}', open);
  if (open == std::string::npos || close == std::string::npos) return {};
  return CLI::detail::split(type.substr(open + 1, close - open - 1), ',');
}

CompletedArgument argument_of(const CLI::Option& option) {
  CompletedArgument argument;
  argument.help = option.get_description();
  argument.is_positional = option.get_positional();
  argument.repeats = option.get_expected_max() > 1;
  if (argument.is_positional) argument.names.push_back(option.get_name());
  for (const std::string& name : option.get_snames()) argument.names.push_back("-" + name);
  for (const std::string& name : option.get_lnames()) argument.names.push_back("--" + name);
  const std::string type = option.get_type_name();
  argument.choices = choices_in(type);
  if (option.get_expected_max() == 0) {
    argument.value = CompletedValue::kNone;
  } else if (!argument.choices.empty()) {
    argument.value = CompletedValue::kChoice;
  } else {
    // Paths are the only texts that a shell can help with.
    argument.value = type.starts_with("TEXT") ? CompletedValue::kPath : CompletedValue::kOther;
  }
  return argument;
}

std::vector<const CLI::App*> parts_of(const CLI::App& app) {
  return app.get_subcommands(std::function<bool(const CLI::App*)>());
}

bool has_names(const std::vector<CompletedArgument>& arguments,
               const std::vector<std::string>& names) {
  return std::any_of(arguments.begin(), arguments.end(),
                     [&](const CompletedArgument& known) { return known.names == names; });
}

/// Adds options and positional arguments, also those of option groups, which CLI11 keeps as
/// nameless subcommands; without those of the whole program, such as --help.
void add_arguments(const CLI::App& app, const std::vector<CompletedArgument>& of_all,
                   std::vector<CompletedArgument>& arguments) {
  for (const CLI::Option* option : app.get_options({})) {
    CompletedArgument argument = argument_of(*option);
    if (!has_names(of_all, argument.names)) arguments.push_back(std::move(argument));
  }
  for (const CLI::App* part : parts_of(app)) {
    if (part->get_name().empty()) add_arguments(*part, of_all, arguments);
  }
}

CompletedVerb verb_of(const CLI::App& app, const std::vector<CompletedArgument>& of_all) {
  CompletedVerb verb{app.get_name(), app.get_description(), {}};
  add_arguments(app, of_all, verb.arguments);
  return verb;
}

CompletedProgram program_of(const CLI::App& app) {
  CompletedProgram program{verb_of(app, {}), {}};
  for (const CLI::App* part : parts_of(app)) {
    if (part->get_name().empty()) continue;  // an option group
    program.verbs.push_back(verb_of(*part, program.itself.arguments));
  }
  return program;
}

}  // namespace

void add_completion(CLI::App& program, Action& action) {
  auto shell = std::make_shared<std::string>();
  CLI::App* verb =
      program.add_subcommand("completion", "print a script that completes this program's words");
  std::vector<std::string> names;
  for (const CompletionShell& known : completion_shells()) names.emplace_back(known.name);
  verb->add_option("shell", *shell, "bash, zsh or fish")->required()->check(CLI::IsMember(names));
  verb->footer(
      "bash: source <(nas completion bash)\n"
      "zsh:  source <(nas completion zsh), after compinit\n"
      "fish: nas completion fish | source");
  verb->callback([shell, &program, &action] {
    action = [shell, &program] {
      const std::vector<CompletionShell>& shells = completion_shells();
      const auto chosen = std::find_if(shells.begin(), shells.end(),
                                       [&](const auto& known) { return *shell == known.name; });
      std::cout << chosen->script(program_of(program));
      return 0;
    };
  });
}

}  // namespace nas::cli
