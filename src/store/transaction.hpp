#pragma once

#include "store/connection.hpp"

namespace nas::store {

/// A transaction on a connection, rolled back unless committed. A writing one takes SQLite's
/// write lock at once (BEGIN IMMEDIATE): soci::transaction sends plain BEGIN, and then a read that
/// is followed by a write fails without waiting when another program wrote in between. A reading
/// one sees one state of the database throughout. Beginning and committing a writing one are
/// durable operations. Throws soci::soci_error, and Error(kIo) for an injected failure.
class Transaction {
 public:
  enum class Kind { kRead, kWrite };

  Transaction(Connection& connection, Kind kind);
  ~Transaction();
  Transaction(const Transaction&) = delete;
  Transaction& operator=(const Transaction&) = delete;

  /// When it throws, nothing is committed.
  void commit();

 private:
  Connection& connection_;
  Kind kind_;
  bool is_open_ = false;
};

}  // namespace nas::store
