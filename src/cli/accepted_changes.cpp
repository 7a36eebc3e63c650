#include <nlohmann/json.hpp>

#include "command.hpp"
#include "nas/core/error.hpp"
#include "nas/core/files.hpp"

namespace nas::cli {
namespace {

std::string joined(const std::vector<std::string>& lines) {
  std::string text;
  for (const std::string& line : lines) text += "\n  " + line;
  return text;
}

/// Those differences that the guarantee does not survive.
std::vector<std::string> breaking(const std::vector<std::string>& difference) {
  std::vector<std::string> lines;
  for (const std::string& line : difference) {
    if (!config::is_budget_key(line.substr(0, line.find(':')))) lines.push_back(line);
  }
  return lines;
}

}  // namespace

void require_acceptable_config(const store::Study& study, const config::RunConfig& wanted,
                               bool allow) {
  const std::vector<std::string> lines =
      breaking(config::config_difference(to_json(stored_config(study)), to_json(wanted)));
  if (lines.empty() || allow) return;
  throw Error(ErrorKind::kUsage,
              "the configuration of " + study.folder() + " has changed:" + joined(lines) +
                  "\nwith it the study would not be one search; start a new one, or accept a "
                  "break in the guarantee with --allow-config-change");
}

void accept_config(store::Study& study, const config::RunConfig& wanted, bool allow) {
  require_acceptable_config(study, wanted, allow);
  const Json after = to_json(wanted);
  const std::vector<std::string> difference =
      config::config_difference(to_json(stored_config(study)), after);
  if (difference.empty()) return;
  // The file first: it says what the user wants, also to the one who goes on after a death here.
  write_file_atomically(study.folder() + "/config.resolved.json", after.dump(2) + "\n");
  study.set_attribute("finished", nullptr);
  const std::vector<std::string> lines = breaking(difference);
  if (!lines.empty()) study.record_break("configuration:" + joined(lines));
  study.replace_config(after);
}

void accept_environment(store::Study& study, const run::Evaluator& evaluator, bool allow) {
  const std::vector<std::string> lines =
      run::environment_difference(study.header().environment, run::environment_of(evaluator));
  if (lines.empty()) return;
  if (!allow) {
    throw Error(ErrorKind::kDevice,
                "this machine differs from the one " + study.folder() +
                    " began on:" + joined(lines) +
                    "\nresults may differ in their last bits; accept a break in the guarantee with "
                    "--allow-environment-change");
  }
  study.record_break("environment:" + joined(lines));
}

}  // namespace nas::cli
