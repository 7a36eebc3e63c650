#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <exception>
#include <iostream>

#include "command.hpp"
#include "nas/core/error.hpp"
#include "nas/core/interrupt.hpp"
#include "nas/core/log.hpp"
#include "nas/run/version.hpp"

namespace nas::cli {
namespace {

/// CLI11 takes a verb that it does not know for one that is missing.
void require_known_verb(const CLI::App& program, int argc, char** argv) {
  char** const end = argv + argc;
  char** const word = std::find_if(argv + 1, end, [](const char* text) { return text[0] != '-'; });
  if (word == end) return;
  std::vector<std::string> verbs;
  for (const CLI::App* verb : program.get_subcommands(std::function<bool(const CLI::App*)>())) {
    verbs.push_back(verb->get_name());
  }
  if (std::find(verbs.begin(), verbs.end(), *word) != verbs.end()) return;
  const std::string near = nearest_name(*word, verbs.data(), verbs.size());
  throw Error(ErrorKind::kUsage, "there is no verb \"" + std::string(*word) + "\"" +
                                     (near.empty() ? "" : ", did you mean \"" + near + "\"?") +
                                     " (`nas --help` lists them)");
}

int parse_and_run(int argc, char** argv) {
  CLI::App program{
      "Neural architecture search of Transformers: one JSON file, one command, a winner "
      "with the evidence for it."};
  program.set_version_flag("--version", std::string("nas ") + run::kVersion);
  program.require_subcommand(1);
  program.fallthrough();
  program.footer(
      "Exit codes: 0 done; 1 environment, input/output or internal failure; 2 usage or "
      "configuration;\n3 no feasible architecture; 4 budget.seconds ended first (resumable); 5 too "
      "many trials failed;\n6 study damaged or locked; 130/143 stopped by a signal (resumable).");
  program.failure_message([](const CLI::App* app, const CLI::Error& error) {
    const std::vector<CLI::App*> chosen = app->get_subcommands();
    return "nas: " + std::string(error.what()) + "\n`nas " +
           (chosen.empty() ? "" : chosen.front()->get_name() + " ") + "--help` says more\n";
  });
  bool verbose = false;
  bool quiet = false;
  program.add_flag("-v,--verbose", verbose, "log debugging messages to stderr");
  program.add_flag("-q,--quiet", quiet, "log only warnings and errors to stderr");
  Action action;
  for (const auto add :
       {add_search,  add_resume, add_status,    add_trials,   add_show,     add_best,
        add_pareto,  add_verify, add_cost,      add_export,   add_generate, add_report,
        add_compare, add_replay, add_train,     add_validate, add_space,    add_list,
        add_doctor,  add_bench,  add_completion}) {
    add(program, action);
  }
  require_known_verb(program, argc, argv);
  try {
    program.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return program.exit(error) == 0 ? 0 : exit_code(ErrorKind::kUsage);
  }
  if (verbose) set_log_level(LogLevel::kDebug);
  if (quiet) set_log_level(LogLevel::kWarning);
  install_interrupt_handlers();
  const int code = action();
  std::cout.flush();
  if (!std::cout) throw Error(ErrorKind::kIo, "cannot write to standard output");
  return code;
}

}  // namespace

int run_program(int argc, char** argv, run::EngineSource engine) {
  try {
    run::set_engine_source(engine);
    return parse_and_run(argc, argv);
  } catch (const Error& error) {
    std::fprintf(stderr, "nas: %s\n", error.what());
    return exit_code(error.kind());
  } catch (const std::exception& error) {
    std::fprintf(stderr, "nas: internal error: %s\n", error.what());
    return exit_code(ErrorKind::kInternal);
  }
}

}  // namespace nas::cli
