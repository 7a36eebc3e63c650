#include <algorithm>
#include <set>

#include "nas/search/ranking.hpp"
#include "neighbourhood.hpp"
#include "searchers.hpp"

namespace nas::search {
namespace {

/// Small steps only, as the conservative explorer of Zhou et al. 2019 (Auto-GNN).
struct LocalSearchOptions {
  std::int64_t max_changes = 1;
  std::int64_t mutations = 64;
};

void describe(config::Fields& fields, LocalSearchOptions& options) {
  fields.integer("max_changes", options.max_changes, {1, 8},
                 "largest number of choices and programs in which a neighbour differs; those that "
                 "differ in fewer come first");
  fields.integer("mutations", options.mutations, {1, 1'000'000},
                 "mutations of each program among a trial's neighbours");
}

/// Trials that came from one start, by number.
using Climb = std::vector<std::size_t>;

/// The start of the study (the initial sample and what was enqueued) begins the first climb, each
/// random sample another one; a neighbour belongs to its parent's.
std::vector<Climb> climbs_of(std::span<const space::Trial> trials) {
  std::vector<Climb> climbs;
  std::vector<std::size_t> climb_of(trials.size());
  for (std::size_t i = 0; i < trials.size(); ++i) {
    const space::Candidate& candidate = trials[i].candidate;
    if (!candidate.parents.empty()) {
      climb_of[i] = climb_of[static_cast<std::size_t>(candidate.parents.front())];
    } else if (i > 0 && candidate.origin == "random") {
      climb_of[i] = climbs.size();
    }
    if (climb_of[i] == climbs.size()) climbs.emplace_back();
    climbs[climb_of[i]].push_back(i);
  }
  return climbs;
}

/// Hill climbing with restarts. Everything is read off the history: a climb stands at the best of
/// its visible trials, and is over when all neighbours of that one are trials already. With several
/// objectives it stands at the whole front of its trials in turn (Pareto local search, Paquete et
/// al. 2004), the loneliest first. With W > 1 a result may arrive after its climb was left: when it
/// is better, the climb goes on before later ones.
class LocalSearch final : public Searcher {
 public:
  LocalSearch(SearcherContext context, const LocalSearchOptions& options)
      : context_(std::move(context)), options_(options) {}

  bool draw(const History& history, std::int64_t number, std::uint32_t attempt,
            space::Candidate& candidate) const override {
    if (history.trials.empty() && attempt == 0) {
      candidate.sample = context_.space->initial();
      candidate.origin = "initial";
      return true;
    }
    if (step(history, candidate)) return true;
    candidate.sample = context_.space->sample(
        {context_.seed, Purpose::kSampling, static_cast<std::uint64_t>(number), attempt});
    candidate.origin = "random";
    return true;
  }

 private:
  using Hashes = std::set<std::pair<std::uint64_t, std::uint64_t>>;

  /// A new neighbour of where the first unfinished climb stands; false when all are over.
  bool step(const History& history, space::Candidate& candidate) const {
    Hashes tried;
    for (const space::Trial& trial : history.trials) {
      tried.insert({trial.candidate.hash.high, trial.candidate.hash.low});
    }
    const std::vector<Climb> climbs = climbs_of(history.trials);
    for (std::size_t i = 0; i < climbs.size(); ++i) {
      const Climb centres = centres_of(climbs[i], history.trials, history.visible);
      // A later climb was begun when this one was over: it still is unless it has moved since.
      if (i + 1 < climbs.size() &&
          centres == centres_of(climbs[i], history.trials, visible_at(climbs[i + 1].front()))) {
        continue;
      }
      for (const std::size_t centre : centres) {
        if (find_neighbour(history, centre, tried, candidate)) return true;
      }
    }
    return false;
  }

  /// Number of trials whose results trial `number` could see.
  std::size_t visible_at(std::size_t number) const {
    const auto width = static_cast<std::size_t>(context_.parallelism);
    return number + 1 > width ? number + 1 - width : 0;
  }

  /// Where a climb stands when the first `visible` trials are finished, best first; its start until
  /// it has a result.
  Climb centres_of(const Climb& climb, std::span<const space::Trial> trials,
                   std::size_t visible) const {
    std::vector<const space::Trial*> seen;
    for (const std::size_t member : climb) {
      if (member < visible) seen.push_back(&trials[member]);
    }
    if (seen.empty()) return {climb.front()};
    const Ranking ranking(std::move(seen), context_.objectives);
    Climb places = ranking.best();
    if (context_.objectives.size() == 1) places.resize(1);
    std::stable_sort(places.begin(), places.end(),
                     [&](std::size_t a, std::size_t b) { return ranking.better(a, b); });
    // Members ascend, so that the visible ones come first in the climb too.
    for (std::size_t& place : places) place = climb[place];
    return places;
  }

  /// The first neighbour in the centre's keyed order that is feasible and no trial yet.
  bool find_neighbour(const History& history, std::size_t centre, const Hashes& tried,
                      space::Candidate& candidate) const {
    const space::Sample& sample = history.trials[centre].candidate.sample;
    const Neighbourhood neighbours(*context_.space, sample,
                                   {options_.max_changes, options_.mutations},
                                   {context_.seed, Purpose::kMutation, centre, 0});
    // Each child took a place of its own, in order: as many from the first on are used up.
    for (std::uint64_t place = children_of(history, centre); place < neighbours.size(); ++place) {
      const auto neighbour = neighbours.at(place, candidate.changes);
      if (!neighbour) continue;
      const space::Architecture architecture = context_.space->architecture(*neighbour);
      if (!context_.feasible(architecture).empty()) continue;
      const Hash128 hash = hash_of(architecture);
      if (tried.contains({hash.high, hash.low})) continue;
      candidate.sample = *neighbour;
      candidate.parents = {static_cast<std::int64_t>(centre)};
      candidate.origin = "mutation";
      return true;
    }
    candidate.changes.clear();
    return false;
  }

  static std::uint64_t children_of(const History& history, std::size_t centre) {
    const auto is_child = [&](const space::Trial& trial) {
      const std::vector<std::int64_t>& parents = trial.candidate.parents;
      return !parents.empty() && parents.front() == static_cast<std::int64_t>(centre);
    };
    return static_cast<std::uint64_t>(
        std::count_if(history.trials.begin(), history.trials.end(), is_child));
  }

  SearcherContext context_;
  LocalSearchOptions options_;
};

}  // namespace

SearcherFactory local_search_factory() {
  SearcherFactory factory;
  factory.help =
      "tries the neighbours of the best trial, moves when one is better, and starts again from a "
      "random sample when none is";
  factory.source = "baseline; small steps after Zhou et al. 2019, Auto-GNN (arXiv:1909.03184)";
  factory.options = config::declare_options<LocalSearchOptions>();
  factory.refuses = [](const space::Space& space) {
    return space.choices().empty() && space.slots().empty()
               ? std::string("the space has no choice to change")
               : std::string();
  };
  factory.make = [](const SearcherContext& context) -> std::unique_ptr<Searcher> {
    return std::make_unique<LocalSearch>(context,
                                         options_from<LocalSearchOptions>(context.options));
  };
  return factory;
}

}  // namespace nas::search
