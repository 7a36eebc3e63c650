#include "nas/core/error.hpp"
#include "nas/search/searcher.hpp"

namespace nas::search {
namespace {

using space::Candidate;
using space::Trial;

/// The earliest trial of this hash: the one that was really evaluated.
std::optional<std::int64_t> original_of(const History& history, const Hash128& hash) {
  for (const Trial& trial : history.trials) {
    if (trial.candidate.hash == hash && !trial.candidate.duplicate_of) return trial.number;
  }
  return std::nullopt;
}

std::string first_word(const std::string& reason) { return reason.substr(0, reason.find(' ')); }

[[noreturn]] void throw_infeasible(const Proposal& proposal, std::int64_t number,
                                   const std::string& last_reason) {
  std::string message = "no feasible architecture found for trial " + std::to_string(number) + ":";
  for (const auto& [reason, count] : proposal.redrawn) {
    message += " " + std::to_string(count) + " draws refused by " + reason + ",";
  }
  message += " the last because " + last_reason +
             ". Loosen that constraint or the space, or raise search.redraws";
  throw Error(ErrorKind::kInfeasible, message);
}

}  // namespace

Proposal propose(const Searcher& searcher, const space::Space& space, const History& history,
                 std::int64_t number, const ProposalOptions& options, const Feasible& feasible) {
  Proposal proposal;
  std::optional<Candidate> last_duplicate;
  std::string last_reason = "the searcher gave no candidate";
  for (std::uint32_t attempt = 0; attempt <= options.redraws; ++attempt) {
    Candidate candidate;
    const bool enqueued =
        attempt == 0 && number < static_cast<std::int64_t>(options.enqueued.size());
    if (enqueued) {
      candidate.sample = options.enqueued[static_cast<std::size_t>(number)];
      candidate.origin = "enqueued";
    } else if (!searcher.draw(history, number, attempt, candidate)) {
      ++proposal.redrawn["no-op"];
      continue;
    }
    candidate.architecture = space.architecture(candidate.sample);
    if (std::string reason = feasible(candidate.architecture); !reason.empty()) {
      ++proposal.redrawn[first_word(reason)];
      last_reason = std::move(reason);
      continue;
    }
    candidate.hash = hash_of(candidate.architecture);
    candidate.duplicate_of = original_of(history, candidate.hash);
    if (candidate.duplicate_of && !enqueued) {
      ++proposal.redrawn["duplicate"];
      last_duplicate = std::move(candidate);
      continue;
    }
    proposal.candidate = std::move(candidate);
    return proposal;
  }
  if (!last_duplicate) throw_infeasible(proposal, number, last_reason);
  proposal.candidate = std::move(*last_duplicate);
  return proposal;
}

}  // namespace nas::search
