#pragma once

#include <string>
#include <vector>

namespace nas::cli {

/// Rows of cells under headings; columns of numbers are aligned to the right.
struct Table {
  std::vector<std::string> headings;
  std::vector<std::vector<std::string>> rows;
};

/// Aligned text, two spaces between columns.
[[nodiscard]] std::string to_text(const Table& table);
/// RFC 4180.
[[nodiscard]] std::string to_csv(const Table& table);

}  // namespace nas::cli
