#include "store/connection.hpp"

#include <soci/sqlite3/soci-sqlite3.h>

#include <array>
#include <filesystem>
#include <string_view>
#include <system_error>

namespace nas::store {
namespace {

/// How long a statement waits for another program that holds the database's own lock.
constexpr const char* kBusySeconds = "30";

/// SQLite's URI form of a path: the only way through SOCI to its open flags, and free of the
/// spaces and quotes that SOCI's connection string splits at.
std::string uri_of(const std::string& path) {
  constexpr std::string_view kDigits = "0123456789ABCDEF";
  std::string uri = "file:";
  for (const char c : std::filesystem::absolute(path).string()) {
    const auto byte = static_cast<unsigned char>(c);
    const bool is_plain = (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') ||
                          (c >= 'a' && c <= 'z') ||
                          std::string_view("/._-").find(c) != std::string_view::npos;
    if (is_plain) {
      uri += c;
    } else {
      uri += {'%', kDigits[byte >> 4U], kDigits[byte & 15U]};
    }
  }
  return uri;
}

/// URI names are on in Debian's library, but off in SQLite's own default.
void allow_uri_names() {
  static const int status = sqlite_api::sqlite3_config(SQLITE_CONFIG_URI, 1);
  static_cast<void>(status);
}

/// SQLite's primary result code, SQLITE_ERROR for what SOCI itself found wrong.
int result_of(const soci::soci_error& failure) {
  const auto* from_sqlite = dynamic_cast<const soci::sqlite3_soci_error*>(&failure);
  return from_sqlite == nullptr ? SQLITE_ERROR : from_sqlite->result() & 0xff;
}

bool is_refused_by_system(int result) {
  constexpr std::array kResults{SQLITE_FULL, SQLITE_IOERR, SQLITE_READONLY, SQLITE_CANTOPEN,
                                SQLITE_PERM, SQLITE_NOMEM, SQLITE_TOOBIG};
  for (const int refused : kResults) {
    if (result == refused) return true;
  }
  return false;
}

/// The system's own reason behind SQLite's last failure, such as " (Permission denied)".
std::string system_reason(soci::session* session) {
  if (session == nullptr) return "";
  const auto* backend = static_cast<soci::sqlite3_session_backend*>(session->get_backend());
  const int number = sqlite_api::sqlite3_system_errno(backend->conn_);
  return number == 0 ? "" : " (" + std::generic_category().message(number) + ")";
}

}  // namespace

Connection::Connection(std::string path, Mode mode) : path_(std::move(path)) {
  allow_uri_names();
  guarded("open", [&] {
    if (mode == Mode::kRead) {
      connect_for_reading();
    } else {
      connect(mode == Mode::kCreate ? "?mode=rwc" : "?mode=rw");
      *session_ << "PRAGMA synchronous = FULL";
    }
  });
}

void Connection::connect(const char* parameters) {
  session_.reset();
  session_ = std::make_unique<soci::session>(
      soci::sqlite3, "db=" + uri_of(path_) + parameters + " timeout=" + kBusySeconds);
}

void Connection::connect_for_reading() {
  try {
    connect("?mode=ro");
    // SQLite opens lazily: this is the first look at the file.
    int tables = 0;
    *session_ << "SELECT count(*) FROM sqlite_master", soci::into(tables);
    return;
  } catch (const soci::soci_error& failure) {
    const int result = result_of(failure);
    std::error_code absent;
    const bool has_log = std::filesystem::file_size(path_ + "-wal", absent) > 0 && !absent;
    if ((result != SQLITE_CANTOPEN && result != SQLITE_READONLY) || has_log) throw;
  }
  // SQLite could not make the files that it shares with writers, so no writer works here either.
  is_immutable_ = true;
  connect("?mode=ro&immutable=1");
}

void Connection::refresh() {
  if (!is_immutable_) return;
  is_immutable_ = false;
  guarded("open", [&] { connect_for_reading(); });
}

Error Connection::error(const std::string& action, const soci::soci_error& failure) const {
  const int result = result_of(failure);
  const std::string reason = sqlite_api::sqlite3_errstr(result);
  if (result == SQLITE_CORRUPT || result == SQLITE_NOTADB) {
    return Error(ErrorKind::kStudy, path_ + " is damaged (" + reason +
                                        "). Put a copy of the file in its place, or start a new "
                                        "study in another folder");
  }
  if (result == SQLITE_BUSY || result == SQLITE_LOCKED) {
    return Error(ErrorKind::kStudy,
                 path_ + " is kept locked by another program (waited " + kBusySeconds + " s)");
  }
  if (is_refused_by_system(result)) {
    return Error(ErrorKind::kIo,
                 "cannot " + action + " " + path_ + ": " + reason + system_reason(session_.get()));
  }
  return Error(ErrorKind::kStudy, path_ + " does not hold what nas wrote there (cannot " + action +
                                      " it: " + failure.what() + ")");
}

}  // namespace nas::store
