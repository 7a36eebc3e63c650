#pragma once

#include <chrono>
#include <functional>
#include <string>

namespace nas::cli {

/// "[####----]" for a share from 0 to 1.
[[nodiscard]] std::string progress_bar(double share);

/// How far long work is, on stderr: a line that is redrawn on a terminal, else a line at most every
/// `line_seconds`. One at a time in a process; log messages clear it first.
class ProgressLine {
 public:
  explicit ProgressLine(bool terminal, double line_seconds = 30);
  ~ProgressLine();
  ProgressLine(const ProgressLine&) = delete;
  ProgressLine& operator=(const ProgressLine&) = delete;

  /// Shows the text when it is time, or `now`.
  void show(const std::function<std::string()>& text, bool now = false);

 private:
  bool terminal_;
  double line_seconds_;
  std::chrono::steady_clock::time_point shown_ = std::chrono::steady_clock::now();
};

}  // namespace nas::cli
