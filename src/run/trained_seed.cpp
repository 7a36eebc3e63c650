#include "nas/run/trained_seed.hpp"

#include <filesystem>
#include <nlohmann/json.hpp>

#include "nas/core/error.hpp"
#include "nas/core/files.hpp"

namespace nas::run {
namespace {

/// Takes what is wanted of the results in metrics.json; false when no training ended.
bool choose(const Json& seeds, std::uint32_t repeat, TrainedSeed& chosen) {
  bool found = false;
  for (const Json& seed : seeds) {
    if (seed.at("state") != "COMPLETE") continue;
    const auto value = seed.at("value").get<double>();
    chosen.values.push_back(value);
    const auto number = seed.at("repeat").get<std::uint32_t>();
    if (repeat == 0 ? found && value >= chosen.value : number != repeat) continue;
    found = true;
    chosen.repeat = number;
    chosen.value = value;
    chosen.weights_hash = seed.at("weights_hash").get<std::string>();
  }
  return found;
}

}  // namespace

bool is_long_training(const std::string& folder) {
  return std::filesystem::exists(folder + "/training.json");
}

TrainedSeed trained_seed(const std::string& folder, std::uint32_t repeat) {
  const auto read = [&](const std::string& name) {
    return parse_stored_json(read_file(folder + "/" + name), folder + "/" + name);
  };
  if (!std::filesystem::exists(folder + "/metrics.json")) {
    throw Error(ErrorKind::kUsage, folder + ": no seed of this training has ended");
  }
  TrainedSeed result;
  try {
    if (!choose(read("metrics.json").at("seeds"), repeat, result)) {
      throw Error(ErrorKind::kUsage,
                  folder + ": " + (repeat == 0 ? "no seed" : "seed " + std::to_string(repeat)) +
                      " of this training is COMPLETE; metrics.json lists what ended");
    }
    Json config = read("training.json").at("config");
    config["space"] = Json::object();  // has no part in a training
    result.config = config::config_from_json(config, JsonPositions(folder));
    const Json environment = read("environment.json");
    result.corpus = environment.value("corpus", "");
    result.corpus_hash = environment.value("corpus_hash", "");
  } catch (const Json::exception& error) {
    throw Error(ErrorKind::kStudy, folder + " is damaged: " + error.what());
  }
  result.architecture = space::read_architecture(folder + "/architecture.json");
  result.weights_path = folder + "/seed-" + std::to_string(result.repeat) + "/model.safetensors";
  return result;
}

}  // namespace nas::run
