#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "nas/config/fields.hpp"
#include "nas/config/objectives.hpp"
#include "nas/config/sections.hpp"
#include "nas/core/hash.hpp"
#include "nas/core/json.hpp"

namespace nas::config {

/// A whole run. Each member has a default but `space`.
struct RunConfig {
  std::string name = "study";
  std::uint64_t seed = 0;
  std::string device = "auto";  ///< "auto", "cpu", "cuda", "cuda:N", or several: "cuda:0,cuda:1"
  DataConfig data;
  ModelConfig model;
  JsonValue space;  ///< read by space::Space, at pointer "/space"
  SearchConfig search;
  TrainingConfig training;
  RepeatConfig repeat;
  std::string evaluator = "train";            ///< "train", "synthetic", "analytic"
  JsonValue synthetic = JsonValue::object();  ///< options of the synthetic evaluator
  std::vector<ObjectiveConfig> objectives{ObjectiveConfig{}};
  std::string combine = "pareto";  ///< of several objectives: "pareto", "weighted_product"
  std::vector<ConstraintConfig> constraints;
  ProfileConfig profile;
  BudgetConfig budget;
  VerifyConfig verify;
  std::string storage;  ///< empty: SQLite in the study's folder
};

void describe(Fields& fields, RunConfig& config);

/// Reads a configuration file and applies overrides in order: `a.b=v`, `+a.b=v` (a new key),
/// `~a.b` (delete); v is JSON, or a text where it is none. Relative paths of corpus and enqueued
/// files become absolute: from the working folder, else from the file's own. A name left out is
/// the file's. `positions`, when given, receives where each value stands.
/// Throws Error(kConfig) with every mistake of the file, a line each, and when it cannot be read;
/// Error(kUsage) for a malformed override.
[[nodiscard]] RunConfig read_config(const std::string& path,
                                    const std::vector<std::string>& overrides,
                                    JsonPositions* positions = nullptr);

/// From JSON, as a study stores it: looks at no file. Throws Error(kConfig) as above.
[[nodiscard]] RunConfig config_from_json(const Json& json, const JsonPositions& positions);

/// What RunConfig::device names, in its order: at least one, and one may be named more than once.
[[nodiscard]] std::vector<std::string> device_names(const std::string& device);

/// A study's stored configuration with the keys added whose default is not what the version of nas
/// that stored it did: `data.document_mask` as false. Another key that it lacks means its default.
[[nodiscard]] Json with_former_meaning(Json stored);

/// Fully resolved, each key written: config_from_json gives the same configuration back.
[[nodiscard]] Json to_json(const RunConfig& config);

/// JSON Schema (draft 2020-12) of the file.
[[nodiscard]] Json config_schema();

[[nodiscard]] std::vector<HelpRow> config_help();

/// Hash of everything that decides a study's results: the resolved configuration without the keys
/// for which is_budget_key holds.
[[nodiscard]] Hash128 config_hash(const RunConfig& config);

/// What differs between two resolved configurations, a line each: `training.steps: 200 -> 300`.
[[nodiscard]] std::vector<std::string> config_difference(const Json& before, const Json& after);

/// Whether a key may change on resume without breaking the guarantee: budget.*, verify.*, name,
/// training.tensorboard, training.capture; device, whose kind and model the study's environment
/// holds.
[[nodiscard]] bool is_budget_key(const std::string& dotted);

/// Takes out of a `training` section what changes no result: tensorboard, capture.
void erase_undeciding_keys(Json& training);

/// One override applied to an unread configuration, and noted in `positions`. Throws Error(kUsage)
/// when it is malformed, adds what is there, or deletes what is not.
void apply_override(Json& json, JsonPositions& positions, const std::string& override_text);

}  // namespace nas::config
