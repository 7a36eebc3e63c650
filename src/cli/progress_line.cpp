#include "progress_line.hpp"

#include <algorithm>
#include <atomic>
#include <cstdio>

#include "nas/core/log.hpp"

namespace nas::cli {
namespace {

constexpr int kBarWidth = 24;
constexpr auto kRedraw = std::chrono::milliseconds(200);

/// Whether a progress line stands on the terminal, so that a log line first clears it.
std::atomic<bool> line_stands{false};

void clear_line() {
  if (line_stands.exchange(false)) std::fputs("\r\033[K", stderr);
}

}  // namespace

std::string progress_bar(double share) {
  const int full = std::clamp(static_cast<int>(share * kBarWidth), 0, kBarWidth);
  return "[" + std::string(static_cast<std::size_t>(full), '#') +
         std::string(static_cast<std::size_t>(kBarWidth - full), '-') + "]";
}

ProgressLine::ProgressLine(bool terminal, double line_seconds)
    : terminal_(terminal), line_seconds_(line_seconds) {
  if (terminal_) set_log_hooks(clear_line, nullptr);
}

ProgressLine::~ProgressLine() {
  if (!terminal_) return;
  clear_line();
  set_log_hooks(nullptr, nullptr);
}

void ProgressLine::show(const std::function<std::string()>& text, bool now) {
  const auto time = std::chrono::steady_clock::now();
  if (terminal_) {
    if (!now && time - shown_ < kRedraw) return;
    std::fprintf(stderr, "\r\033[K%s", text().c_str());
    std::fflush(stderr);
    line_stands = true;
  } else {
    const double since = std::chrono::duration<double>(time - shown_).count();
    if (!now && since < line_seconds_) return;
    std::fprintf(stderr, "%s\n", text().c_str());
  }
  shown_ = time;
}

}  // namespace nas::cli
