#include "report/regression_forest.hpp"

#include <algorithm>
#include <cstddef>
#include <numeric>
#include <span>

#include "nas/core/philox.hpp"

namespace nas::report {
namespace {

/// A share below which a prediction counts as constant: rounding of its mean square.
constexpr double kRounding = 1e-12;

/// Parts of `options` that go left and right, and by how much that lowers the sum of squares.
struct Split {
  double gain = 0;
  std::size_t choice = 0;
  std::vector<char> left;  ///< by option
};

/// Sums over the leaves of one tree, each weighted by the share of all combinations it stands for.
class Marginals {
 public:
  explicit Marginals(const ChoiceTable& table) {
    for (const std::uint16_t count : table.option_counts) by_option_.emplace_back(count, 0.0);
  }

  /// `box[c][o]`: whether option o of choice c leads to this leaf.
  void add_leaf(const std::vector<std::vector<char>>& box, double value) {
    std::vector<double> shares;
    double weight = 1;
    for (const std::vector<char>& allowed : box) {
      const auto count = std::count(allowed.begin(), allowed.end(), 1);
      shares.push_back(static_cast<double>(count) / static_cast<double>(allowed.size()));
      weight *= shares.back();
    }
    mean_ += weight * value;
    square_ += weight * value * value;
    for (std::size_t c = 0; c < box.size(); ++c) {
      for (std::size_t o = 0; o < box[c].size(); ++o) {
        if (box[c][o]) by_option_[c][o] += weight / shares[c] * value;
      }
    }
  }

  /// Of each choice; empty for a constant prediction.
  [[nodiscard]] std::vector<double> shares() const {
    const double variance = square_ - mean_ * mean_;
    if (!(variance > kRounding * square_)) return {};
    std::vector<double> result;
    for (const std::vector<double>& means : by_option_) {
      double own = 0;
      for (const double mean : means) own += (mean - mean_) * (mean - mean_);
      result.push_back(own / static_cast<double>(means.size()) / variance);
    }
    return result;
  }

 private:
  double mean_ = 0;
  double square_ = 0;
  std::vector<std::vector<double>> by_option_;
};

class Tree {
 public:
  Tree(const ChoiceTable& table, const ForestOptions& options, std::uint64_t number)
      : table_(table), smallest_leaf_(options.smallest_leaf), marginals_(table) {
    DrawCursor cursor({options.seed, Purpose::kBootstrap, number, kStep});
    const auto count = static_cast<std::uint32_t>(table.values.size());
    rows_.resize(table.values.size());
    for (std::size_t& row : rows_) row = cursor.below(count);
    for (const std::uint16_t options_of_choice : table.option_counts) {
      box_.emplace_back(options_of_choice, 1);
    }
    grow(rows_);
  }

  [[nodiscard]] std::vector<double> shares() const { return marginals_.shares(); }

 private:
  static constexpr std::uint32_t kStep = 1;  ///< operator importance draws from step 2

  void grow(std::span<std::size_t> rows) {
    const Split split = best_split(rows);
    if (split.gain <= 0) {
      double sum = 0;
      for (const std::size_t row : rows) sum += table_.values[row];
      marginals_.add_leaf(box_, sum / static_cast<double>(rows.size()));
      return;
    }
    const auto middle = std::stable_partition(rows.begin(), rows.end(), [&](std::size_t row) {
      return split.left[table_.options[row][split.choice]] != 0;
    });
    const auto left_size = static_cast<std::size_t>(middle - rows.begin());
    const std::vector<char> whole = box_[split.choice];
    for (const bool is_left : {true, false}) {
      for (std::size_t o = 0; o < whole.size(); ++o) {
        const bool stays = whole[o] != 0 && (split.left[o] != 0) == is_left;
        box_[split.choice][o] = stays ? 1 : 0;
      }
      grow(is_left ? rows.first(left_size) : rows.subspan(left_size));
    }
    box_[split.choice] = whole;
  }

  [[nodiscard]] Split best_split(std::span<const std::size_t> rows) const {
    Split best;
    for (std::size_t choice = 0; choice < table_.option_counts.size(); ++choice) {
      try_splits(rows, choice, best);
    }
    return best;
  }

  /// Options that the node may hold in the order in which a split may cut them, those without
  /// observations last when the order is that of means.
  [[nodiscard]] std::vector<std::size_t> order_of(std::size_t choice, std::span<const double> sums,
                                                  std::span<const int> counts) const {
    std::vector<std::size_t> order;
    for (std::size_t o = 0; o < box_[choice].size(); ++o) {
      if (box_[choice][o]) order.push_back(o);
    }
    if (table_.ordered[choice]) return order;
    std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
      if (counts[a] == 0 || counts[b] == 0) return counts[b] == 0 && counts[a] != 0;
      return sums[a] / counts[a] < sums[b] / counts[b];
    });
    return order;
  }

  void try_splits(std::span<const std::size_t> rows, std::size_t choice, Split& best) const {
    std::vector<double> sums(box_[choice].size(), 0.0);
    std::vector<int> counts(box_[choice].size(), 0);
    for (const std::size_t row : rows) {
      sums[table_.options[row][choice]] += table_.values[row];
      ++counts[table_.options[row][choice]];
    }
    const std::vector<std::size_t> order = order_of(choice, sums, counts);
    const double total = std::accumulate(sums.begin(), sums.end(), 0.0);
    const auto size = static_cast<int>(rows.size());
    double left_sum = 0;
    int left_count = 0;
    for (std::size_t cut = 0; cut + 1 < order.size(); ++cut) {
      left_sum += sums[order[cut]];
      left_count += counts[order[cut]];
      const int right_count = size - left_count;
      if (left_count < smallest_leaf_ || right_count < smallest_leaf_) continue;
      const double right_sum = total - left_sum;
      const double before = total * total / size;
      const double gain =
          left_sum * left_sum / left_count + right_sum * right_sum / right_count - before;
      if (gain <= best.gain + kRounding * before) continue;
      best = {gain, choice, std::vector<char>(sums.size(), 0)};
      for (std::size_t i = 0; i <= cut; ++i) best.left[order[i]] = 1;
    }
  }

  const ChoiceTable& table_;
  int smallest_leaf_;
  Marginals marginals_;
  std::vector<std::size_t> rows_;
  std::vector<std::vector<char>> box_;
};

}  // namespace

std::vector<std::vector<double>> variance_shares(const ChoiceTable& table,
                                                 const ForestOptions& options) {
  std::vector<std::vector<double>> result;
  if (table.values.empty()) return result;
  for (int tree = 0; tree < options.trees; ++tree) {
    std::vector<double> shares = Tree(table, options, static_cast<std::uint64_t>(tree)).shares();
    if (!shares.empty()) result.push_back(std::move(shares));
  }
  return result;
}

}  // namespace nas::report
