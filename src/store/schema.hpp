#pragma once

#include <string>

#include "store/connection.hpp"

namespace nas::store {

/// Newest layout of nas's own tables and attributes that this program reads and the one it writes.
inline constexpr int kSchemaVersion = 1;

/// Makes Optuna's tables (RDB storage, schema 12, revision v3.2.0.a: those of Optuna 3.2 to 5.0)
/// with the rows that Optuna expects, and nas's own. Throws soci::soci_error.
void make_tables(soci::session& session);

/// Number of tables, 0 in a file that was only ever opened. Throws soci::soci_error.
[[nodiscard]] int count_tables(soci::session& session);

/// Throws Error(kStudy) when the database was made by another program or by a newer nas, or was
/// upgraded by a newer Optuna; soci::soci_error when it cannot be read.
void require_own_schema(Connection& connection);

/// Throws Error(kStudy) when SQLite finds pages that do not fit together. Reads the whole file.
void require_intact(Connection& connection);

/// Optuna's study_id of the study that nas made in this database. Throws Error(kStudy) when there
/// is none, soci::soci_error when it cannot be read.
[[nodiscard]] long long own_study_id(Connection& connection);

}  // namespace nas::store
