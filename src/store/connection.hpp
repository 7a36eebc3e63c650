#pragma once

#include <soci/soci.h>

#include <memory>
#include <string>
#include <utility>

#include "nas/core/error.hpp"

namespace nas::store {

/// One SQLite connection through SOCI, and the words for its failures. Not thread safe.
class Connection {
 public:
  enum class Mode { kCreate, kReadWrite, kRead };

  /// Opens the database file at `path`; kCreate makes it when missing. A commit on a writing
  /// connection survives a power cut (synchronous = FULL). kRead works while another process
  /// writes, and also in a folder where nothing may be written, as long as no process is or died
  /// working there. Throws what `error` says.
  Connection(std::string path, Mode mode);

  [[nodiscard]] soci::session& session() { return *session_; }
  [[nodiscard]] const std::string& path() const { return path_; }

  /// Call between transactions: makes the writes of other processes visible where SQLite itself
  /// does not look for them (a read-only folder).
  void refresh();

  /// What a failure means to the user: Error(kStudy) for a damaged file or one that another program
  /// keeps locked, Error(kIo) when the system refused. `action` completes "cannot ... PATH".
  [[nodiscard]] Error error(const std::string& action, const soci::soci_error& failure) const;

  /// Runs `body` and rethrows SOCI's failures as `error` says.
  template <class Body>
  decltype(auto) guarded(const std::string& action, Body&& body) const {
    try {
      return std::forward<Body>(body)();
    } catch (const soci::soci_error& failure) {
      throw error(action, failure);
    }
  }

 private:
  void connect(const char* parameters);
  void connect_for_reading();

  std::string path_;
  std::unique_ptr<soci::session> session_;
  bool is_immutable_ = false;  ///< read without locks or shared memory: sees the file as opened
};

}  // namespace nas::store
