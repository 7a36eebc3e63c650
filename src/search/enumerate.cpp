#include <algorithm>
#include <mutex>
#include <set>

#include "nas/core/error.hpp"
#include "searchers.hpp"

namespace nas::search {
namespace {

constexpr double kMostSamples = 1e6;

struct EnumerateOptions {
  bool front_only = false;
};

void describe(config::Fields& fields, EnumerateOptions& options) {
  fields.boolean("front_only", options.front_only,
                 "count the objectives of every sample first and make trials only of the Pareto "
                 "front; for objectives that are all analytic");
}

struct Entry {
  space::Sample sample;
  Hash128 hash;
};

/// Every feasible architecture once, in the order of Space::enumerate.
std::vector<Entry> feasible_entries(const SearcherContext& context) {
  std::vector<Entry> entries;
  std::set<std::pair<std::uint64_t, std::uint64_t>> known;
  context.space->enumerate([&](const space::Sample& sample) {
    const space::Architecture architecture = context.space->architecture(sample);
    if (!context.feasible(architecture).empty()) return true;
    const Hash128 hash = hash_of(architecture);
    if (known.insert({hash.high, hash.low}).second) entries.push_back({sample, hash});
    return true;
  });
  return entries;
}

std::vector<Entry> front_of(const SearcherContext& context, const std::vector<Entry>& entries) {
  std::vector<Point> losses;
  losses.reserve(entries.size());
  for (const Entry& entry : entries) {
    losses.push_back(context.analytic_losses(context.space->architecture(entry.sample)));
  }
  // A set of what stands so far keeps this fast for a million samples: fronts are small.
  std::vector<std::size_t> front;
  for (std::size_t i = 0; i < losses.size(); ++i) {
    const auto beats = [&](std::size_t other) { return dominates(losses[other], losses[i]); };
    if (std::any_of(front.begin(), front.end(), beats)) continue;
    std::erase_if(front, [&](std::size_t other) { return dominates(losses[i], losses[other]); });
    front.push_back(i);
  }
  std::vector<Entry> kept;
  kept.reserve(front.size());
  for (const std::size_t i : front) kept.push_back(entries[i]);
  return kept;
}

/// Proposes each entry once, whatever was enqueued before them.
class Enumerate final : public Searcher {
 public:
  Enumerate(SearcherContext context, const EnumerateOptions& options)
      : context_(std::move(context)), options_(options) {}

  bool draw(const History& history, std::int64_t, std::uint32_t,
            space::Candidate& candidate) const override {
    const Entry* entry = next(history);
    if (entry == nullptr) return false;
    candidate.sample = entry->sample;
    candidate.origin = "enumerated";
    return true;
  }

  bool exhausted(const History& history) const override { return next(history) == nullptr; }

  std::optional<std::int64_t> trials_needed() const override {
    return static_cast<std::int64_t>(entries().size());
  }

 private:
  /// Made at first use and never again: a pure function of the space.
  const std::vector<Entry>& entries() const {
    std::call_once(listed_, [this] {
      entries_ = feasible_entries(context_);
      if (options_.front_only) entries_ = front_of(context_, entries_);
    });
    return entries_;
  }

  /// The first entry that no trial has; null when there is none.
  const Entry* next(const History& history) const {
    std::set<std::pair<std::uint64_t, std::uint64_t>> tried;
    for (const space::Trial& trial : history.trials) {
      tried.insert({trial.candidate.hash.high, trial.candidate.hash.low});
    }
    for (const Entry& entry : entries()) {
      if (!tried.contains({entry.hash.high, entry.hash.low})) return &entry;
    }
    return nullptr;
  }

  SearcherContext context_;
  EnumerateOptions options_;
  mutable std::once_flag listed_;
  mutable std::vector<Entry> entries_;
};

std::string refusal(const space::Space& space) {
  if (!space.slots().empty()) {
    return "\"" + space.slots().front().name +
           "\" is an evolving program, which has no end of forms; regularized_evolution or "
           "local_search can";
  }
  const space::Space::Size size = space.size();
  if (size.exact && size.finite <= kMostSamples) return "";
  return "it has more than a million samples; random, local_search and regularized_evolution can";
}

}  // namespace

SearcherFactory enumerate_factory() {
  SearcherFactory factory;
  factory.help = "every architecture of a finite space in order: the exact answer";
  factory.source = "baseline";
  factory.options = config::declare_options<EnumerateOptions>();
  factory.refuses = refusal;
  factory.make = [](const SearcherContext& context) -> std::unique_ptr<Searcher> {
    const auto options = options_from<EnumerateOptions>(context.options);
    if (options.front_only && !context.analytic_losses) {
      throw Error(ErrorKind::kConfig,
                  "search.options.front_only = true: must be false unless every objective is "
                  "analytic (params, flops_per_token, ...), for what must be trained or measured "
                  "is not known before");
    }
    return std::make_unique<Enumerate>(context, options);
  };
  return factory;
}

}  // namespace nas::search
