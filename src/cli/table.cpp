#include "table.hpp"

#include <algorithm>

namespace nas::cli {
namespace {

bool is_number(const std::string& cell) {
  return !cell.empty() && cell.find_first_not_of("+-.0123456789eE") == std::string::npos;
}

std::string in_quotes(const std::string& cell) {
  if (cell.find_first_of(",\"\r\n") == std::string::npos) return cell;
  std::string text = "\"";
  for (const char c : cell) text += c == '"' ? std::string("\"\"") : std::string(1, c);
  return text + "\"";
}

void add_csv_row(std::string& text, const std::vector<std::string>& cells) {
  for (std::size_t i = 0; i < cells.size(); ++i) text += (i ? "," : "") + in_quotes(cells[i]);
  text += "\r\n";
}

}  // namespace

std::string to_text(const Table& table) {
  const std::size_t columns = table.headings.size();
  std::vector<std::size_t> widths(columns);
  std::vector<bool> numeric(columns, !table.rows.empty());
  for (std::size_t i = 0; i < columns; ++i) {
    widths[i] = table.headings[i].size();
    for (const auto& row : table.rows) {
      widths[i] = std::max(widths[i], row[i].size());
      if (!row[i].empty() && row[i] != "-" && !is_number(row[i])) numeric[i] = false;
    }
  }
  std::string text;
  const auto add = [&](const std::vector<std::string>& cells) {
    std::string line;
    for (std::size_t i = 0; i < columns; ++i) {
      const std::string padding(widths[i] - cells[i].size(), ' ');
      line += numeric[i] ? padding + cells[i] : cells[i] + padding;
      if (i + 1 < columns) line += "  ";
    }
    text += line.substr(0, line.find_last_not_of(' ') + 1) + "\n";
  };
  add(table.headings);
  for (const auto& row : table.rows) add(row);
  return text;
}

std::string to_csv(const Table& table) {
  std::string text;
  add_csv_row(text, table.headings);
  for (const auto& row : table.rows) add_csv_row(text, row);
  return text;
}

}  // namespace nas::cli
