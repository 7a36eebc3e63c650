#include "nas/core/error.hpp"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

namespace nas {
namespace {

char folded(char c) {
  if (c >= 'A' && c <= 'Z') return static_cast<char>(c - 'A' + 'a');
  return c == '-' ? '_' : c;
}

/// Optimal string alignment distance: insertions, deletions, substitutions and swaps of two
/// neighbours, blind to case and to '-' against '_'.
std::size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> before(b.size() + 1);
  std::vector<std::size_t> last(b.size() + 1);
  std::vector<std::size_t> row(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) last[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const char x = folded(a[i - 1]);
      const char y = folded(b[j - 1]);
      row[j] = std::min({last[j] + 1, row[j - 1] + 1, last[j - 1] + (x == y ? 0U : 1U)});
      const bool swapped =
          i > 1 && j > 1 && x == folded(b[j - 2]) && y == folded(a[i - 2]) && x != y;
      if (swapped) row[j] = std::min(row[j], before[j - 2] + 1);
    }
    before.swap(last);
    last.swap(row);
  }
  return last[b.size()];
}

}  // namespace

int exit_code(ErrorKind kind) {
  switch (kind) {
    case ErrorKind::kUsage:
    case ErrorKind::kConfig:
    case ErrorKind::kData:
      return 2;
    case ErrorKind::kInfeasible:
      return 3;
    case ErrorKind::kFailures:
      return 5;
    case ErrorKind::kStudy:
      return 6;
    case ErrorKind::kDevice:
    case ErrorKind::kIo:
    case ErrorKind::kInternal:
      return 1;
  }
  return 1;
}

std::string nearest_name(std::string_view given, const std::string* known, std::size_t count) {
  // A third of the letters wrong is a typing error; more is another word. Longer texts are not
  // names, and the distance costs the product of the lengths.
  constexpr std::size_t kLongestName = 200;
  if (given.empty() || given.size() > kLongestName) return "";
  std::string best;
  std::size_t best_distance = 0;
  for (std::size_t i = 0; i < count; ++i) {
    const std::string& name = known[i];
    const std::size_t allowed = std::max<std::size_t>(1, std::max(given.size(), name.size()) / 3);
    const std::size_t distance = edit_distance(given, name);
    if (distance > allowed || distance >= std::max(given.size(), name.size())) continue;
    if (best.empty() || distance < best_distance) {
      best = name;
      best_distance = distance;
    }
  }
  return best;
}

namespace detail {

void assertion_failed(const char* expression, const char* file, int line) {
  const std::string_view path(file);
  const std::size_t slash = path.rfind('/');
  const std::string name(slash == std::string_view::npos ? path : path.substr(slash + 1));
  throw Error(ErrorKind::kInternal, "internal error (please report it): assertion `" +
                                        std::string(expression) + "` failed at " + name + ":" +
                                        std::to_string(line));
}

}  // namespace detail
}  // namespace nas
