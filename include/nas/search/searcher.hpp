#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "nas/config/fields.hpp"
#include "nas/core/json.hpp"
#include "nas/core/registry.hpp"
#include "nas/search/pareto.hpp"
#include "nas/space/trial.hpp"

namespace nas::search {

/// What is known when trial `next` is proposed (determinism.md 4).
struct History {
  /// All trials numbered below `next`, in order. Those at index >= visible may still run: only
  /// their architectures may be looked at (to see duplicates), never their outcomes.
  std::span<const space::Trial> trials;
  /// Trials 0 .. visible-1 (those numbered <= next - W) are finished and may be learnt from.
  std::size_t visible = 0;
};

/// What searchers compare. Smaller is better, always; directions are applied before.
/// COMPLETE trials come first by value; then PRUNED ones, later hurdles first and by their last
/// value; then FAIL ones. NaN is worst. Hurdles are compared by their place, not by their step;
/// trials that met none by their last step.
[[nodiscard]] bool better(const space::Trial& first, const space::Trial& second, bool maximize);

/// Proposes candidates. Implementations hold options only: a proposal is a pure function of the
/// arguments and the study's seed, so replaying the trials table rebuilds everything.
class Searcher {
 public:
  virtual ~Searcher() = default;
  /// A candidate for trial `number`; `attempt` counts redraws and is part of every draw's key.
  /// Fills sample, parents, changes and origin; the caller instantiates and hashes.
  /// Returns false when this attempt gave nothing.
  [[nodiscard]] virtual bool draw(const History& history, std::int64_t number,
                                  std::uint32_t attempt, space::Candidate& candidate) const = 0;
  /// Whether nothing is left to propose: the study is then finished, whatever its budget. Depends
  /// on the architectures in the history alone.
  [[nodiscard]] virtual bool exhausted(const History& history) const {
    static_cast<void>(history);
    return false;
  }
  /// How many trials a searcher that can be exhausted needs for that; nothing for the others.
  [[nodiscard]] virtual std::optional<std::int64_t> trials_needed() const { return std::nullopt; }
};

/// Empty when an architecture satisfies the analytic constraints, else the reason, such as
/// "flops_per_token 1.9e+05 > 1.5e+05". Counted by the text before the first space.
using Feasible = std::function<std::string(const space::Architecture&)>;

/// What a searcher is made from.
struct SearcherContext {
  std::shared_ptr<const space::Space> space;
  std::uint64_t seed = 0;
  std::int64_t parallelism = 1;  ///< W
  std::vector<space::Objective> objectives{{"val_bpb", false}};
  Feasible feasible = [](const space::Architecture&) { return std::string(); };
  /// All objectives of an architecture, less is better; null unless every one is analytic.
  std::function<Point(const space::Architecture&)> analytic_losses;
  JsonValue options = JsonValue::object();  ///< the config's search.options, defaults filled in
};

/// One entry of the table of searchers.
struct SearcherFactory {
  std::string help;
  std::string source;                  ///< paper, or "baseline"
  config::OptionsDeclaration options;  ///< of search.options
  /// Empty, or which choice of the space it cannot handle and what would do.
  std::function<std::string(const space::Space& space)> refuses;
  std::function<std::unique_ptr<Searcher>(const SearcherContext& context)> make;
};

/// enumerate, local_search, random, regularized_evolution.
[[nodiscard]] const Registry<SearcherFactory>& builtin_searchers();

struct ProposalOptions {
  std::uint32_t redraws = 100;  ///< attempts for candidates that are infeasible or duplicates
  std::vector<space::Sample> enqueued;  ///< proposed first, in order, in place of the searcher's
};

/// A proposal and what was thrown away on the way.
struct Proposal {
  space::Candidate candidate;
  std::map<std::string, std::int64_t>
      redrawn;  ///< reason ("duplicate", "flops_per_token") -> count
};

/// Draws until a candidate is feasible and new. When every redraw is a duplicate the last feasible
/// one is returned with duplicate_of set (the earliest trial of that hash). Trials whose weights
/// are inherited are never duplicates. Throws Error(kInfeasible) naming the reasons when no
/// attempt was feasible.
[[nodiscard]] Proposal propose(const Searcher& searcher, const space::Space& space,
                               const History& history, std::int64_t number,
                               const ProposalOptions& options, const Feasible& feasible);

/// Bars for trial `number` from visible trials: at each hurdle the median of the objective over
/// trials that met it (sliding over all), whatever their step there; NaN (everyone passes) until
/// `minimum` have. One for each of `hurdles`.
[[nodiscard]] std::vector<double> hurdle_bars(const History& history, std::int64_t hurdles,
                                              std::int64_t minimum, bool maximize);

/// Where halving hurdles stand, as shares of a training: (2^k - 1) / (2^(h+1) - 1), k = 1..h.
/// Source: So et al. 2021 (arXiv:2109.08668), halving hurdles: of a training of 25,200 s four stand
/// at 812.9, 2438.7, 5690.3 and 12193.5 s.
[[nodiscard]] std::vector<double> hurdle_shares(std::int64_t hurdles);

/// The same in whole steps of a training of `total_steps`, one for each hurdle and increasing; 0
/// for a hurdle that has no step of its own because there are too few.
[[nodiscard]] std::vector<std::int64_t> hurdle_steps(std::int64_t total_steps,
                                                     std::int64_t hurdles);

}  // namespace nas::search
