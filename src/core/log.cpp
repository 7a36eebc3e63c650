#include "nas/core/log.hpp"

#include <spdlog/logger.h>
#include <spdlog/sinks/ansicolor_sink.h>
#include <spdlog/sinks/basic_file_sink.h>
#include <unistd.h>

#include <cstdlib>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <utility>

namespace nas {
namespace {

spdlog::level::level_enum level_of(LogLevel level) {
  switch (level) {
    case LogLevel::kDebug:
      return spdlog::level::debug;
    case LogLevel::kInfo:
      return spdlog::level::info;
    case LogLevel::kWarning:
      return spdlog::level::warn;
    case LogLevel::kError:
      return spdlog::level::err;
  }
  return spdlog::level::err;
}

/// Colours only where a person looks (no-color.org).
bool wants_colours() {
  const char* no_colour = std::getenv("NO_COLOR");
  if (no_colour != nullptr && *no_colour != '\0') return false;
  const char* terminal = std::getenv("TERM");
  if (terminal != nullptr && std::string_view(terminal) == "dumb") return false;
  return ::isatty(STDERR_FILENO) == 1;
}

std::shared_ptr<spdlog::logger> stderr_logger() {
  auto sink = std::make_shared<spdlog::sinks::ansicolor_stderr_sink_st>(
      wants_colours() ? spdlog::color_mode::always : spdlog::color_mode::never);
  auto logger = std::make_shared<spdlog::logger>("stderr", std::move(sink));
  logger->set_pattern("%H:%M:%S %^%-7l%$ %v");
  logger->set_level(spdlog::level::info);
  logger->flush_on(spdlog::level::trace);
  return logger;
}

/// Everything behind one lock, so that a line is whole and the hooks stand around it.
struct State {
  std::mutex mutex;
  std::shared_ptr<spdlog::logger> terminal = stderr_logger();
  std::shared_ptr<spdlog::logger> file;
  std::set<std::string> warned;
  void (*before)() = nullptr;
  void (*after)() = nullptr;
  LogReceiver receiver;
};

State& state() {
  static State value;
  return value;
}

void log_locked(State& s, LogLevel level, std::string_view message, bool once = false) {
  if (s.receiver) {
    s.receiver(level, message, once);
    return;
  }
  const spdlog::string_view_t text(message.data(), message.size());
  const spdlog::level::level_enum spdlog_level = level_of(level);
  if (s.terminal->should_log(spdlog_level)) {
    if (s.before != nullptr) s.before();
    s.terminal->log(spdlog_level, text);
    if (s.after != nullptr) s.after();
  }
  if (s.file) s.file->log(spdlog_level, text);
}

}  // namespace

void log(LogLevel level, std::string_view message) {
  State& s = state();
  const std::lock_guard lock(s.mutex);
  log_locked(s, level, message);
}

void log_warning_once(const std::string& message) {
  State& s = state();
  const std::lock_guard lock(s.mutex);
  if (s.warned.insert(message).second) log_locked(s, LogLevel::kWarning, message, true);
}

void set_log_level(LogLevel level) {
  State& s = state();
  const std::lock_guard lock(s.mutex);
  s.terminal->set_level(level_of(level));
}

void open_log_file(const std::string& path) {
  State& s = state();
  const std::lock_guard lock(s.mutex);
  s.file.reset();
  try {
    auto sink = std::make_shared<spdlog::sinks::basic_file_sink_st>(path);
    auto logger = std::make_shared<spdlog::logger>("file", std::move(sink));
    logger->set_pattern("%Y-%m-%d %H:%M:%S.%e %-7l %v");
    logger->set_level(spdlog::level::debug);
    logger->flush_on(spdlog::level::trace);
    s.file = std::move(logger);
  } catch (const spdlog::spdlog_ex& error) {
    log_locked(s, LogLevel::kWarning, "no log file: " + std::string(error.what()));
  }
}

void set_log_hooks(void (*before)(), void (*after)()) {
  State& s = state();
  const std::lock_guard lock(s.mutex);
  s.before = before;
  s.after = after;
}

void set_log_receiver(LogReceiver receiver) {
  State& s = state();
  const std::lock_guard lock(s.mutex);
  s.receiver = std::move(receiver);
}

}  // namespace nas
