#pragma once

#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>

#include "nas/core/files.hpp"
#include "nas/store/study.hpp"
#include "store/transaction.hpp"

namespace nas::store {

/// An open study: its folder's lock, its connection, and the transactions that calls run in.
struct Study::Impl {
  std::string folder;
  Access access = Access::kRead;
  std::unique_ptr<FileLock> lock;  ///< held while open for writing
  std::unique_ptr<Connection> connection;
  long long study_id = 0;  ///< Optuna's
  std::mutex mutex;        ///< guards the connection

  /// Runs `body(session)` on one state of the database; `action` completes "cannot ... PATH".
  template <class Body>
  auto read(const std::string& action, Body&& body) {
    const std::scoped_lock guard(mutex);
    connection->refresh();
    return connection->guarded(action, [&] {
      Transaction transaction(*connection, Transaction::Kind::kRead);
      auto result = std::forward<Body>(body)(connection->session());
      transaction.commit();
      return result;
    });
  }

  /// Runs `body(session)`; everything it writes is kept, or nothing when it throws.
  template <class Body>
  void write(const std::string& action, Body&& body) {
    if (access != Access::kWrite) {
      throw Error(ErrorKind::kInternal,
                  folder + ": the study is open for reading, cannot " + action);
    }
    const std::scoped_lock guard(mutex);
    connection->guarded(action, [&] {
      Transaction transaction(*connection, Transaction::Kind::kWrite);
      std::forward<Body>(body)(connection->session());
      transaction.commit();
    });
  }

  /// "runs/a/study.db: trial 12, nas:arch", the place of a fault.
  [[nodiscard]] std::string place(std::int64_t number, const std::string& key) const {
    return connection->path() + ": trial " + std::to_string(number) + ", " + key;
  }
  [[nodiscard]] std::string place(const std::string& key) const {
    return connection->path() + ": " + key;
  }
};

/// Where a stored trial is and how it stands.
struct TrialRow {
  long long trial_id = 0;
  std::string state;
};

/// The row of trial `number`; nothing when there is none.
[[nodiscard]] std::optional<TrialRow> find_trial(soci::session& session, long long study_id,
                                                 std::int64_t number);

/// Number of the study's objectives.
[[nodiscard]] long long count_objectives(soci::session& session, long long study_id);

/// Writes or replaces a study's user attribute.
void write_study_attribute(soci::session& session, long long study_id, const std::string& key,
                           const std::string& text);

/// The JSON text of a study's user attribute; nothing when it is absent.
[[nodiscard]] std::optional<std::string> study_attribute(soci::session& session, long long study_id,
                                                         const std::string& key);

}  // namespace nas::store
