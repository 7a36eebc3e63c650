#include "report/regression_forest.hpp"

#include <gtest/gtest.h>

#include <functional>

#include "nas/core/philox.hpp"

namespace nas::report {
namespace {

/// Every combination of options `copies` times, with the objective `value`.
ChoiceTable factorial(const std::vector<std::uint16_t>& counts, int copies, bool ordered,
                      const std::function<double(const std::vector<std::uint16_t>&)>& value) {
  ChoiceTable table;
  table.option_counts = counts;
  table.ordered.assign(counts.size(), ordered);
  std::vector<std::uint16_t> row(counts.size(), 0);
  for (;;) {
    for (int copy = 0; copy < copies; ++copy) {
      table.options.push_back(row);
      table.values.push_back(value(row));
    }
    std::size_t place = 0;
    while (place < row.size() && ++row[place] == counts[place]) row[place++] = 0;
    if (place == row.size()) return table;
  }
}

std::vector<double> mean_shares(const ChoiceTable& table) {
  const auto trees = variance_shares(table, {});
  std::vector<double> means(table.option_counts.size(), 0.0);
  for (const auto& tree : trees) {
    for (std::size_t c = 0; c < tree.size(); ++c) means[c] += tree[c] / double(trees.size());
  }
  return means;
}

// Variances of independent parts add up: 9/4 of 3a, 1/4 of b, nothing of c.
TEST(VarianceShares, OfAnAdditiveObjectiveAreItsPartsVariances) {
  const auto shares = mean_shares(
      factorial({2, 2, 2}, 10, true, [](const auto& row) { return 3.0 * row[0] + row[1]; }));
  EXPECT_NEAR(shares[0], 0.9, 1e-9);
  EXPECT_NEAR(shares[1], 0.1, 1e-9);
  EXPECT_NEAR(shares[2], 0.0, 1e-9);
}

// A product of centred signs is zero on average over either of them.
TEST(VarianceShares, OfAPureInteractionAreNone) {
  const auto shares = mean_shares(factorial({2, 2}, 20, true, [](const auto& row) {
    return (row[0] == row[1] ? 1.0 : -1.0) + 1e-3 * row[0];
  }));
  EXPECT_LT(shares[0], 0.01);
  EXPECT_LT(shares[1], 0.01);
}

TEST(VarianceShares, NamesNeedNoOrder) {
  const std::vector<double> by_name = {0.0, 5.0, 1.0, 4.0};
  const auto shares = mean_shares(
      factorial({4, 3}, 8, false, [&](const auto& row) { return by_name[row[0]] + 0.0 * row[1]; }));
  EXPECT_NEAR(shares[0], 1.0, 1e-9);
  EXPECT_NEAR(shares[1], 0.0, 1e-9);
}

TEST(VarianceShares, AConstantObjectiveHasNone) {
  EXPECT_TRUE(
      variance_shares(factorial({2, 2}, 5, true, [](const auto&) { return 2.5; }), {}).empty());
  EXPECT_TRUE(variance_shares({}, {}).empty());
}

TEST(VarianceShares, AreTheSameEveryTime) {
  ChoiceTable table = factorial({3, 3}, 4, true, [](const auto& row) { return double(row[0]); });
  DrawCursor cursor({5, Purpose::kTest, 0, 0});
  for (double& value : table.values) value += cursor.normal();
  ForestOptions options;
  options.seed = 3;
  const auto first = variance_shares(table, options);
  EXPECT_EQ(first, variance_shares(table, options));
  options.seed = 4;
  EXPECT_NE(first, variance_shares(table, options));
}

// With noise of the same variance as the signal the strong choice still comes first by far.
TEST(VarianceShares, FindTheStrongChoiceInNoise) {
  ChoiceTable table = factorial({2, 4, 3}, 12, true, [](const auto& row) { return 2.0 * row[0]; });
  DrawCursor cursor({6, Purpose::kTest, 1, 0});
  for (double& value : table.values) value += cursor.normal();
  const auto shares = mean_shares(table);
  EXPECT_GT(shares[0], 3 * shares[1]);
  EXPECT_GT(shares[0], 3 * shares[2]);
}

}  // namespace
}  // namespace nas::report
