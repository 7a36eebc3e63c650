#include <algorithm>

#include "nas/search/ranking.hpp"
#include "searchers.hpp"

namespace nas::search {
namespace {

/// Redraws after which the initial sample's children are taken to be infeasible or known, as when
/// the initial sample itself breaks a constraint: candidates then come from the whole space.
constexpr std::uint32_t kAttemptsNearInitial = 50;

/// Source: Real et al. 2019 (arXiv:1802.01548), used by So et al. 2021 (arXiv:2109.08668).
struct EvolutionOptions {
  std::int64_t population = 100;
  std::int64_t tournament = 10;
  std::int64_t mutations = 1;
  double crossover_rate = 0;
};

void describe(config::Fields& fields, EvolutionOptions& options) {
  fields.integer("population", options.population, {1, 1'000'000},
                 "living trials: the newest finished ones, older ones have aged out");
  fields.integer("tournament", options.tournament, {1, 1'000'000},
                 "members drawn (with replacement) for a tournament; the best is the parent");
  fields.integer("mutations", options.mutations, {1, 64},
                 "mutations between a parent and its child");
  fields.real("crossover_rate", options.crossover_rate, {0, 1},
              "share of children that take each part from one of two tournament winners before "
              "they mutate (0 in Primer)");
}

/// Population and parents are read off the visible trials; nothing is remembered. While fewer
/// trials are visible than the population holds, the initial sample stands for the missing ones:
/// Primer starts from copies of its initial program, and copies need not be trained.
class RegularizedEvolution final : public Searcher {
 public:
  RegularizedEvolution(SearcherContext context, const EvolutionOptions& options)
      : context_(std::move(context)), options_(options), initial_(context_.space->initial()) {}

  bool draw(const History& history, std::int64_t number, std::uint32_t attempt,
            space::Candidate& candidate) const override {
    const std::int64_t initial_trial = find_initial(history);
    if (initial_trial < 0 && attempt == 0) {
      candidate.sample = initial_;
      candidate.origin = "initial";
      return true;
    }
    const DrawKey key{context_.seed, Purpose::kMutation, static_cast<std::uint64_t>(number),
                      attempt};
    DrawCursor cursor(key);
    const Population population = population_of(history);
    const space::Trial* first = tournament(population, cursor);
    if (first == nullptr && attempt > kAttemptsNearInitial) {
      candidate.sample = context_.space->sample(key);
      candidate.origin = "random";
      return true;
    }
    candidate.sample = first ? first->candidate.sample : initial_;
    if (first || initial_trial >= 0) candidate.parents = {first ? first->number : initial_trial};
    candidate.origin = "mutation";
    if (options_.crossover_rate > 0 && cursor.uniform() < options_.crossover_rate) {
      cross(population, cursor, candidate);
    }
    return mutate(cursor, candidate);
  }

 private:
  /// The trial that is the initial sample, or -1 while it has not been proposed.
  static std::int64_t find_initial(const History& history) {
    for (const space::Trial& trial : history.trials) {
      if (trial.candidate.origin == "initial") return trial.number;
    }
    return -1;
  }

  /// The living trials, oldest first, and their order; equal ones are parted by the order in which
  /// a tournament draws them.
  struct Population {
    std::vector<const space::Trial*> alive;
    Ranking ranking;
  };

  Population population_of(const History& history) const {
    const auto largest = static_cast<std::size_t>(options_.population);
    const std::size_t alive = std::min(history.visible, largest);
    std::vector<const space::Trial*> members;
    for (const space::Trial& trial : history.trials.subspan(history.visible - alive, alive)) {
      members.push_back(&trial);
    }
    return {members, Ranking(members, context_.objectives)};
  }

  /// Best of `tournament` members of the population; null stands for the initial sample.
  const space::Trial* tournament(const Population& population, DrawCursor& cursor) const {
    std::optional<std::size_t> best;
    for (std::int64_t i = 0; i < options_.tournament; ++i) {
      const std::size_t place = cursor.below(static_cast<std::uint32_t>(options_.population));
      if (place >= population.alive.size()) continue;
      if (!best || population.ranking.better(place, *best)) best = place;
    }
    return best ? population.alive[*best] : nullptr;
  }

  void cross(const Population& population, DrawCursor& cursor, space::Candidate& candidate) const {
    const space::Trial* second = tournament(population, cursor);
    const space::Sample& other = second ? second->candidate.sample : initial_;
    const DrawKey key{context_.seed, Purpose::kMutation, cursor_subject(cursor), 0};
    if (auto child = context_.space->crossover(candidate.sample, other, key)) {
      candidate.sample = std::move(*child);
      if (second) candidate.parents.push_back(second->number);
      candidate.origin = "crossover";
    }
  }

  bool mutate(DrawCursor& cursor, space::Candidate& candidate) const {
    for (std::int64_t i = 0; i < options_.mutations; ++i) {
      const DrawKey key{context_.seed, Purpose::kMutation, cursor_subject(cursor), 1};
      space::Change change;
      auto child = context_.space->mutate(candidate.sample, key, change);
      if (!child) return false;
      candidate.sample = std::move(*child);
      candidate.changes.push_back(std::move(change));
    }
    return true;
  }

  /// A drawn 56-bit subject, so that one proposal's several operations have keys of their own;
  /// the top bit keeps them apart from subjects that are trial numbers.
  static std::uint64_t cursor_subject(DrawCursor& cursor) {
    const std::uint64_t high = cursor.bits() & 0x007FFFFFU;
    return (std::uint64_t{1} << 55) | (high << 32) | cursor.bits();
  }

  SearcherContext context_;
  EvolutionOptions options_;
  space::Sample initial_;
};

}  // namespace

SearcherFactory regularized_evolution_factory() {
  SearcherFactory factory;
  factory.help = "tournament selection over a population from which the oldest age out";
  factory.source = "Real et al. 2019 (arXiv:1802.01548); So et al. 2021, Primer (arXiv:2109.08668)";
  factory.options = config::declare_options<EvolutionOptions>();
  factory.refuses = [](const space::Space& space) {
    return space.choices().empty() && space.slots().empty()
               ? std::string("the space has no choice to mutate")
               : std::string();
  };
  factory.make = [](const SearcherContext& context) -> std::unique_ptr<Searcher> {
    return std::make_unique<RegularizedEvolution>(context,
                                                  options_from<EvolutionOptions>(context.options));
  };
  return factory;
}

}  // namespace nas::search
