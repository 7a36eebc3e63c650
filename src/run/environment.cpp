#include <array>
#include <fstream>
#include <nlohmann/json.hpp>
#include <string>

#include "nas/run/search_run.hpp"
#include "nas/run/version.hpp"

namespace nas::run {
namespace {

/// "Intel(R) Xeon(R) ..." from /proc/cpuinfo; "unknown" where there is none.
std::string cpu_model() {
  std::ifstream file("/proc/cpuinfo");
  std::string line;
  while (std::getline(file, line)) {
    if (line.starts_with("model name")) return line.substr(line.find(':') + 2);
  }
  return "unknown";
}

/// Facts that can change the bits of a result (determinism.md 5); other facts are for people.
constexpr std::array kDeciding = {"cpu",         "cpu_capability", "torch",       "device_kind",
                                  "device_name", "threads",        "corpus_hash", "nas",
                                  "sources",     "compiler"};

}  // namespace

std::vector<std::string> unreproducible_keys(const config::RunConfig& config) {
  std::vector<std::string> keys;
  if (config.training.budget.seconds) keys.emplace_back("training.budget.seconds");
  if (config.training.timeout_seconds > 0) keys.emplace_back("training.timeout_seconds");
  if (!config.training.deterministic && !config.device.starts_with("cpu")) {
    keys.emplace_back("training.deterministic");
  }
  return keys;
}

Json environment_of(const Evaluator& evaluator) {
  Json facts = {{"nas", kVersion},
                {"sources", kSourcesHash},
                {"compiler", __VERSION__},
                {"cpu", cpu_model()}};
  facts.update(evaluator.environment());
  return facts;
}

std::vector<std::string> environment_difference(const Json& stored, const Json& now) {
  std::vector<std::string> lines;
  for (const char* fact : kDeciding) {
    const Json before = stored.value(fact, Json());
    const Json after = now.value(fact, Json());
    if (before != after)
      lines.push_back(std::string(fact) + ": " + before.dump() + " -> " + after.dump());
  }
  return lines;
}

}  // namespace nas::run
