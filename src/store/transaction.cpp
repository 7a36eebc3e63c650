#include "store/transaction.hpp"

#include "nas/core/files.hpp"

namespace nas::store {

Transaction::Transaction(Connection& connection, Kind kind) : connection_(connection), kind_(kind) {
  if (kind == Kind::kWrite) durable_operation("begin to write " + connection.path());
  connection.session() << (kind == Kind::kWrite ? "BEGIN IMMEDIATE" : "BEGIN");
  is_open_ = true;
}

Transaction::~Transaction() {
  if (!is_open_) return;
  try {
    connection_.session() << "ROLLBACK";
  } catch (const soci::soci_error&) {
    // SQLite has rolled back by itself, as it does after some failures of writing.
    is_open_ = false;
  }
}

void Transaction::commit() {
  if (kind_ == Kind::kWrite) durable_operation("commit to " + connection_.path());
  connection_.session() << "COMMIT";
  is_open_ = false;
}

}  // namespace nas::store
