#pragma once

#include <cstdint>
#include <vector>

/// Bagged regression trees over finite choices, and what share of the variance of their prediction
/// each choice explains alone.
namespace nas::report {

/// Observations of an objective over samples of finite choices.
struct ChoiceTable {
  std::vector<std::uint16_t> option_counts;  ///< of each choice
  /// Of each choice whether its options have an order that splits keep (sizes have, names have
  /// not: theirs are split by the order of their mean objective, Breiman et al. 1984, 8.8).
  std::vector<bool> ordered;
  std::vector<std::vector<std::uint16_t>> options;  ///< [observation][choice]
  std::vector<double> values;                       ///< [observation]
};

struct ForestOptions {
  int trees = 64;
  int smallest_leaf = 2;  ///< observations
  std::uint64_t seed = 0;
};

/// What each tree says: share[tree][choice] is the variance of the tree's prediction, averaged over
/// all other choices, divided by the variance of its prediction, both over all combinations of
/// options with equal weight. Shares of one tree sum to 1 less what only combinations of choices
/// explain; a tree that predicts a constant has none and is left out.
/// Source: Hutter, Hoos, Leyton-Brown 2014 (ICML, "An efficient approach for assessing
/// hyperparameter importance"), eq. 5 to 9. We differ: every tree may split on every choice, as in
/// Optuna's evaluator, and trees are bootstrapped with keyed draws.
[[nodiscard]] std::vector<std::vector<double>> variance_shares(const ChoiceTable& table,
                                                               const ForestOptions& options);

}  // namespace nas::report
