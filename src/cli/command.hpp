#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "nas/config/run_config.hpp"
#include "nas/core/json.hpp"
#include "nas/run/engine.hpp"
#include "nas/run/search_run.hpp"
#include "nas/run/verification.hpp"
#include "nas/space/trial.hpp"
#include "nas/store/study.hpp"
#include "verb.hpp"

namespace nas::cli {

/// What the chosen verb does; returns the exit code.
using Action = std::function<int()>;

/// Parses and runs the command line of a program that has this engine, or comes by it; the exit
/// code. Messages go to stderr.
[[nodiscard]] int run_program(int argc, char** argv, run::EngineSource engine);

// One file each. Adds the verb to the program and sets `action` when it is chosen.
void add_search(CLI::App& program, Action& action);
void add_resume(CLI::App& program, Action& action);
void add_status(CLI::App& program, Action& action);
void add_train(CLI::App& program, Action& action);
void add_trials(CLI::App& program, Action& action);
void add_show(CLI::App& program, Action& action);
void add_best(CLI::App& program, Action& action);
void add_cost(CLI::App& program, Action& action);
void add_export(CLI::App& program, Action& action);
void add_report(CLI::App& program, Action& action);
void add_compare(CLI::App& program, Action& action);
void add_completion(CLI::App& program, Action& action);
void add_generate(CLI::App& program, Action& action);
void add_replay(CLI::App& program, Action& action);
void add_validate(CLI::App& program, Action& action);
void add_space(CLI::App& program, Action& action);
void add_list(CLI::App& program, Action& action);
void add_pareto(CLI::App& program, Action& action);
void add_verify(CLI::App& program, Action& action);
void add_doctor(CLI::App& program, Action& action);
void add_bench(CLI::App& program, Action& action);

/// A configuration's path: as given, or a bare name among the shipped ones ("primer.json").
[[nodiscard]] std::string find_config(const std::string& given);

/// Runs a study to its end with progress on stderr and a summary on stdout; the exit code.
[[nodiscard]] int run_study(const run::Plan& plan, const run::Evaluator& evaluator,
                            store::Study& study, std::int64_t workers);

/// Goes on as a process that has the engine, if this evaluator needs it: called before anything is
/// written or locked.
void prepare_engine(const std::string& evaluator);
/// The same for the evaluator of a study; nothing where none is.
void prepare_engine_of(const std::string& study_folder);

/// Goes on with the engine if this file can be read once only, as a pipe.
void prepare_for_stream(const std::string& path);

/// The configuration for a verb that trains one model after the other: `device` is the first of
/// those that it names.
[[nodiscard]] config::RunConfig on_one_device(config::RunConfig config);

/// The evaluator that a configuration names.
[[nodiscard]] std::shared_ptr<const run::Evaluator> make_evaluator(const config::RunConfig& config);

/// A study's configuration as this version reads it, every key filled in.
[[nodiscard]] config::RunConfig stored_config(const store::Study& study);

/// A stored study's plan and what it was made from.
[[nodiscard]] run::Plan stored_plan(const store::Study& study);

/// Throws Error(kUsage) that shows it where a configuration to go on with has a change that the
/// guarantee does not survive, unless `allow` is set.
void require_acceptable_config(const store::Study& study, const config::RunConfig& wanted,
                               bool allow);

/// Stores a configuration to go on with, which must be acceptable. A change that the guarantee does
/// not survive is recorded as a break.
void accept_config(store::Study& study, const config::RunConfig& wanted, bool allow);

/// The same for a machine that differs from the one that the study began on: Error(kDevice).
void accept_environment(store::Study& study, const run::Evaluator& evaluator, bool allow);

/// A trial as `trials --format json` prints it; NaN is null.
[[nodiscard]] Json trial_to_json(const space::Trial& trial);
[[nodiscard]] Json verification_to_json(const run::Verification& verification);
/// Lines for people: who was verified, means, probabilities; then the verdicts.
[[nodiscard]] std::vector<std::string> verification_lines(const run::Verification& verification);
/// The winner beside the initial program and random search, and who is likelier the best.
[[nodiscard]] std::vector<std::string> verdict_lines(const run::Verification& verification);
/// "winner (trial 12)"; the search's leader is "leader" where another won.
[[nodiscard]] std::string role_text(const run::Verification& verification,
                                    const run::VerifiedRole& role);
/// "val_bpb 2.35, params 12345": a COMPLETE outcome's values.
[[nodiscard]] std::string values_text(const space::Outcome& outcome,
                                      const std::vector<space::Objective>& objectives);

/// The winner of a study (run::winner_of). Throws Error(kFailures) when there is none.
[[nodiscard]] space::Trial require_best(const store::Study& study);

}  // namespace nas::cli
