#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <iostream>
#include <map>
#include <nlohmann/json.hpp>
#include <thread>

#include "command.hpp"
#include "nas/core/interrupt.hpp"
#include "nas/core/lock_holder.hpp"
#include "nas/core/units.hpp"
#include "nas/run/pareto_front.hpp"
#include "study_run.hpp"

namespace nas::cli {
namespace {

/// Trials an hour at the pace of the finished ones, as many at a time as run now, and the seconds
/// that the rest of the budget takes; nulls where nothing runs or none is finished.
void add_pace(Json& status, const std::vector<space::Trial>& trials) {
  std::int64_t finished = 0;
  std::int64_t running = 0;
  double seconds = 0;
  for (const space::Trial& trial : trials) {
    running += trial.outcome.state == space::TrialState::kRunning;
    if (!is_finished(trial.outcome.state)) continue;
    ++finished;
    seconds += trial.outcome.seconds;
  }
  status["trials_per_hour"] = nullptr;
  status["seconds_left"] = nullptr;
  if (status.at("running") != true || running == 0 || finished == 0 || seconds <= 0) return;
  const double per_second = static_cast<double>(running * finished) / seconds;
  const std::int64_t left = status.at("budget_trials").get<std::int64_t>() - finished;
  status["trials_per_hour"] = 3600 * per_second;
  status["seconds_left"] = static_cast<double>(std::max<std::int64_t>(0, left)) / per_second;
}

Json status_of(const std::string& folder) {
  const store::Study study = store::Study::open(folder, store::Study::Access::kRead);
  const store::StudyHeader header = study.header();
  const auto winner = run::winner_of(study);
  const std::vector<space::Trial> trials = study.trials();
  std::map<std::string, std::int64_t> states;
  std::int64_t finished = 0;
  for (const space::Trial& trial : trials) {
    ++states[to_text(trial.outcome.state)];
    finished += is_finished(trial.outcome.state);
  }
  Json status;
  status["study"] = folder;
  status["name"] = header.name;
  status["metric"] = header.metric;
  status["finished"] = !study.attribute("finished").is_null();
  const LockHolder holder = lock_holder(folder + "/lock");
  const bool is_held = holder.state == LockHolder::State::kHeld;
  status["running"] = holder.state == LockHolder::State::kUnknown ? Json(nullptr) : Json(is_held);
  status["process"] = is_held && holder.process > 0 ? Json(holder.process) : Json(nullptr);
  status["budget_trials"] = header.config->at("budget").at("trials");
  status["finished_trials"] = finished;
  status["states"] = states;
  add_pace(status, trials);
  status["best"] =
      winner ? trial_to_json(trials.at(static_cast<std::size_t>(*winner))) : Json(nullptr);
  status["pareto_trials"] = header.further_objectives.empty()
                                ? Json(nullptr)
                                : Json(run::pareto_front_of(study, {}).points.size());
  const auto verification = run::verification_of(study);
  status["verification"] = verification ? verification_to_json(*verification) : Json(nullptr);
  status["breaks"] = study.breaks();
  status["not_reproducible"] = header.environment->value("not_reproducible", Json::array());
  return status;
}

std::string state_text(const Json& status) {
  if (status.at("running") == true) {
    const Json& process = status.at("process");
    return process.is_null() ? "running elsewhere" : "running, process " + process.dump();
  }
  if (status.at("finished").get<bool>()) return "finished";
  if (status.at("running").is_null())
    return "unknown: this system does not show who holds its lock";
  return "not running; go on with: nas resume " + status.at("study").get<std::string>();
}

void print(const Json& status) {
  std::cout << "study     " << status.at("study").get<std::string>()
            << (status.at("finished").get<bool>() ? " (finished)" : " (unfinished)") << "\n"
            << "state     " << state_text(status) << "\n"
            << "trials    " << status.at("finished_trials") << " of " << status.at("budget_trials")
            << " finished:";
  for (const auto& [state, count] : status.at("states").items()) {
    std::cout << " " << count << " " << state;
  }
  std::cout << "\n";
  if (const Json& pace = status.at("trials_per_hour"); !pace.is_null()) {
    std::cout << "pace      " << format_count(pace.get<double>()) << " trials/h, about "
              << format_seconds(status.at("seconds_left").get<double>()) << " left\n";
  }
  if (const Json& best = status.at("best"); !best.is_null()) {
    std::cout << "best      trial " << best.at("number") << ": "
              << status.at("metric").get<std::string>() << " "
              << format_significant(best.at("values").at(0).get<double>(), 6) << "\n";
  }
  if (const Json& count = status.at("pareto_trials"); !count.is_null()) {
    std::cout << "pareto    " << count << " Pareto-optimal architectures\n";
  }
  const Json& verified = status.at("verification");
  if (!verified.is_null() && verified.at("missing") > 0) {
    const std::int64_t planned = verified.at("planned").get<std::int64_t>();
    std::cout << "verifying " << planned - verified.at("missing").get<std::int64_t>() << " of "
              << planned << " trainings with fresh seeds are done\n";
  } else if (!verified.is_null() && !verified.at("verdict").get<std::string>().empty()) {
    std::cout << "verdict   " << verified.at("verdict").get<std::string>();
    if (const Json& random = verified.at("random_search"); !random.is_null()) {
      std::cout << "; " << random.at("verdict").get<std::string>();
    }
    std::cout << "\n";
  }
  for (const Json& key : status.at("not_reproducible")) {
    std::cout << "note      not reproducible: " << key.get<std::string>()
              << " makes results depend on the speed of this machine\n";
  }
  for (const Json& text : status.at("breaks")) {
    std::cout << "break     " << text.get<std::string>() << "\n";
  }
}

void print(const Json& status, const std::string& format) {
  if (format == "json") {
    std::cout << status.dump(2) << std::endl;
  } else {
    print(status);
    std::cout.flush();
  }
}

int watch(const std::string& folder, const std::string& format, double seconds) {
  const bool clears = format != "json" && isatty(STDOUT_FILENO) != 0;
  while (!interrupted()) {
    const Json status = status_of(folder);
    if (clears) std::cout << "\033[H\033[2J";
    print(status, format);
    if (status.at("finished").get<bool>()) return 0;
    if (status.at("running") == false) return kResumableExit;
    for (double waited = 0; waited < seconds && !interrupted(); waited += 0.1) {
      std::this_thread::sleep_for(std::chrono::milliseconds(100));
    }
  }
  return interrupt_exit_code();
}

}  // namespace

void add_status(CLI::App& program, Action& action) {
  struct Options {
    std::string study;
    std::string format = "table";
    bool watch = false;
    double interval = 2;
  };
  auto options = std::make_shared<Options>();
  Verb verb(program, "status", "how far a study is; it may be running");
  verb.option("study", options->study, "folder of the study").required();
  verb.option("--format", options->format, "table or json").among({"table", "json"});
  verb.flag("--watch", options->watch,
            "show it again and again until it is finished (exit 0) or nobody runs it (exit 4)");
  verb.option("--interval", options->interval, "seconds between two looks")
      .range_of_reals(0.1, 3600.0);
  verb.callback([options, &action] {
    action = [options] {
      if (options->watch) return watch(options->study, options->format, options->interval);
      print(status_of(options->study), options->format);
      return 0;
    };
  });
}

}  // namespace nas::cli
