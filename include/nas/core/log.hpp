#pragma once

#include <functional>
#include <string>
#include <string_view>

namespace nas {

/// Logging to stderr (never stdout) and, once opened, to the study's `nas.log`. Thread safe.
/// The header shows no logging library: torch carries another version of fmt.
enum class LogLevel { kDebug, kInfo, kWarning, kError };

void log(LogLevel level, std::string_view message);
inline void log_debug(std::string_view message) { log(LogLevel::kDebug, message); }
inline void log_info(std::string_view message) { log(LogLevel::kInfo, message); }
inline void log_warning(std::string_view message) { log(LogLevel::kWarning, message); }

/// Logs a warning once for each distinct text in this process.
void log_warning_once(const std::string& message);

/// Lowest level that reaches stderr; the file gets everything from kDebug on.
void set_log_level(LogLevel level);

/// Appends to this file from now on. Failure to open is a warning, not an error.
void open_log_file(const std::string& path);

/// Called around every write to stderr so that a progress line on a terminal is cleared and
/// redrawn; both may be empty.
void set_log_hooks(void (*before)(), void (*after)());

/// Called with (level, message, whether it is said once only) in place of stderr and file, one call
/// at a time: it must not log.
using LogReceiver = std::function<void(LogLevel, std::string_view, bool)>;

/// Hands everything that is logged from now on to `receiver`, from kDebug on: in a process whose
/// parent does the logging.
void set_log_receiver(LogReceiver receiver);

}  // namespace nas
