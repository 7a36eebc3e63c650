#include <algorithm>
#include <nlohmann/json.hpp>

#include "metrics.hpp"
#include "nas/core/error.hpp"
#include "nas/run/search_run.hpp"
#include "scores.hpp"

namespace nas::run {
namespace {

space::ModelSpec model_spec(const config::RunConfig& config) {
  space::ModelSpec model;
  model.vocab_size = config.data.tokenizer.vocab_size;
  model.positions = config.model.positions == "rope"      ? space::Positions::kRope
                    : config.model.positions == "learned" ? space::Positions::kLearned
                    : config.model.positions == "t5"      ? space::Positions::kT5
                                                          : space::Positions::kNone;
  model.max_len = config.model.max_len;
  model.tied_head = config.model.tied_head;
  model.final_norm = config.model.final_norm == "rms_norm" ? space::NormKind::kRmsNorm
                                                           : space::NormKind::kLayerNorm;
  return model;
}

/// The sample that a document stands for: one of `nas space --sample`, what `nas best --format
/// json` prints, or an architecture.
space::Sample sample_of(const Json& json, const JsonPositions& positions,
                        const space::Space& space) {
  if (json.contains("programs") && json.contains("choices")) return space.sample_from_json(json);
  if (json.contains("sample")) return space.sample_from_json(json.at("sample"));
  const Json& within = json.contains("architecture") ? json.at("architecture") : json;
  if (auto sample = space.locate(space::architecture_from_json(within, positions))) return *sample;
  throw Error(ErrorKind::kConfig,
              "the architecture does not lie in the space of this configuration");
}

/// Reads what search.enqueue names, and leaves the samples there in place of the paths: a study
/// that goes on needs no files, and asks what it asked before when they have changed.
std::vector<space::Sample> read_enqueued(config::RunConfig& config, const space::Space& space,
                                         const JsonPositions& positions) {
  std::vector<space::Sample> samples;
  Json& entries = config.search.enqueue;
  for (std::size_t i = 0; i < entries.size(); ++i) {
    const bool is_path = entries[i].is_string();
    const std::string pointer = "/search/enqueue/" + std::to_string(i);
    try {
      JsonPositions within(is_path ? "" : positions.describe(pointer));
      const Json document =
          is_path ? read_json(entries[i].get<std::string>(), within) : Json(entries[i]);
      samples.push_back(sample_of(document, within, space));
    } catch (const Error& error) {
      throw Error(error.kind(), "search.enqueue." + std::to_string(i) +
                                    (is_path ? " = " + entries[i].dump() : "") + " (" +
                                    positions.describe(pointer) + "): " + error.what());
    }
    entries[i] = space.to_json(samples.back());
  }
  return samples;
}

/// The entry of the configuration's searcher in the table.
const search::SearcherFactory& searcher_factory(const config::RunConfig& config,
                                                const JsonPositions& positions) {
  try {
    return search::builtin_searchers().at(config.search.name);
  } catch (const Error& error) {
    throw Error(ErrorKind::kConfig,
                "search.name (" + positions.describe("/search/name") + "): " + error.what());
  }
}

bool all_analytic(const config::RunConfig& config) {
  return std::all_of(
      config.objectives.begin(), config.objectives.end(),
      [](const config::ObjectiveConfig& objective) { return is_analytic(objective.metric); });
}

/// Everything of a plan but its searcher and what was enqueued must be there.
search::SearcherContext context_for(const Plan& plan) {
  search::SearcherContext context;
  context.space = plan.space;
  context.seed = plan.config.seed;
  context.parallelism = plan.config.search.parallelism;
  context.objectives = plan.objectives;
  context.feasible = plan.feasible;
  context.options = plan.config.search.options;
  if (all_analytic(plan.config)) {
    context.analytic_losses = [config = plan.config](const space::Architecture& architecture) {
      return analytic_losses(config, architecture);
    };
  }
  return context;
}

/// An exact answer needs every architecture: fewer trials than that would only look like one.
void check_budget(const Plan& plan, const JsonPositions& positions) {
  const std::optional<std::int64_t> needed = plan.searcher->trials_needed();
  if (!needed || *needed <= plan.config.budget.trials) return;
  throw Error(ErrorKind::kConfig, "budget.trials = " + std::to_string(plan.config.budget.trials) +
                                      " (" + positions.describe("/budget/trials") +
                                      "): must be at least " + std::to_string(*needed) +
                                      ", the number of architectures that searcher \"" +
                                      plan.config.search.name + "\" goes through");
}

}  // namespace

Plan make_plan(const config::RunConfig& config, const JsonPositions& positions) {
  Plan plan;
  plan.config = config;
  check_constraints(config, positions);
  check_objectives(config, positions);
  plan.objectives = combined_objectives(config);
  plan.space = std::make_shared<const space::Space>(
      space::Space::from_json(config.space, model_spec(config), positions, "/space"));
  if (const config::OptionsDeclaration& options = builtin_evaluators().at(config.evaluator).options;
      options.read) {
    static_cast<void>(options.read(config.synthetic, positions, "/synthetic"));
  }
  const search::SearcherFactory& factory = searcher_factory(config, positions);
  if (std::string reason = factory.refuses(*plan.space); !reason.empty()) {
    throw Error(ErrorKind::kConfig,
                "searcher \"" + config.search.name + "\" cannot search this space: " + reason);
  }
  plan.config.search.options =
      factory.options.read(config.search.options, positions, "/search/options");
  plan.feasible = [resolved = plan.config](const space::Architecture& architecture) {
    return resolved.constraints.empty()
               ? std::string()
               : broken_constraint(resolved, analytic_scores(resolved, architecture));
  };
  plan.searcher = factory.make(context_for(plan));
  check_budget(plan, positions);
  plan.proposal.redraws = static_cast<std::uint32_t>(config.search.redraws);
  plan.proposal.enqueued = read_enqueued(plan.config, *plan.space, positions);
  return plan;
}

store::StudyHeader study_header(const Plan& plan, const Evaluator& evaluator) {
  store::StudyHeader header;
  header.name = plan.config.name;
  header.metric = plan.objectives.front().metric;
  header.maximize = plan.objectives.front().maximize;
  header.further_objectives.assign(plan.objectives.begin() + 1, plan.objectives.end());
  header.config = to_json(plan.config);
  header.environment = environment_of(evaluator);
  return header;
}

}  // namespace nas::run
