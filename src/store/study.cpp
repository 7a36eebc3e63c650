#include "nas/store/study.hpp"

#include <cerrno>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <string_view>
#include <system_error>

#include "nas/core/error.hpp"
#include "store/records.hpp"
#include "store/schema.hpp"
#include "store/study_impl.hpp"

namespace nas::store {
namespace {

namespace fs = std::filesystem;

std::string database_path(const std::string& folder) {
  return (fs::path(folder) / "study.db").string();
}

void require_local(const std::string& folder) {
  const std::string system = network_file_system(folder);
  if (system.empty()) return;
  throw Error(ErrorKind::kIo, folder + " is on a network file system (" + system +
                                  "), where SQLite's log does not work; put the study on a local "
                                  "disk and copy the finished folder");
}

std::unique_ptr<FileLock> lock_folder(const std::string& folder) {
  const std::string path = (fs::path(folder) / "lock").string();
  return std::make_unique<FileLock>(path,
                                    "another process is working on this study (" + path + ")");
}

bool is_file_with_content(const std::string& path) {
  std::error_code error;
  return fs::is_regular_file(path, error) && fs::file_size(path, error) > 0 && !error;
}

/// SQLite takes a file too short for its header for a new, empty database.
void require_header(const std::string& path) {
  constexpr std::size_t kHeaderSize = 100;
  constexpr std::string_view kMagic("SQLite format 3\0", 16);
  std::ifstream file(path, std::ios::binary);
  std::string header(kHeaderSize, '\0');
  file.read(header.data(), static_cast<std::streamsize>(header.size()));
  if (file && header.starts_with(kMagic)) return;
  if (!file.eof() && !file) {
    throw Error(ErrorKind::kIo,
                "cannot read " + path + ": " + std::generic_category().message(errno));
  }
  throw Error(ErrorKind::kStudy, path +
                                     " is damaged (file is not a database). Put a copy of the "
                                     "file in its place, or choose another folder");
}

/// A database file and what SQLite keeps beside it: a log left alone would be taken for the log of
/// the next file of that name.
void remove_database(const std::string& path) {
  for (const char* suffix : {"", "-wal", "-shm", "-journal"}) {
    std::error_code error;
    fs::remove(path + suffix, error);
    if (error) {
      throw Error(ErrorKind::kIo, "cannot remove " + path + suffix + ": " + error.message());
    }
  }
}

void insert_study(soci::session& session, const StudyHeader& header) {
  const std::string direction = header.maximize ? "MAXIMIZE" : "MINIMIZE";
  long long study_id = 0;
  session << "INSERT INTO studies (study_name) VALUES (:name)", soci::use(header.name);
  session << "SELECT study_id FROM studies WHERE study_name = :name", soci::use(header.name),
      soci::into(study_id);
  session << "INSERT INTO study_directions (direction, study_id, objective)"
             " VALUES (:direction, :study, 0)",
      soci::use(direction), soci::use(study_id);
  // Optuna's own name for the labels of the objectives.
  const std::string names = json_text(Json::array({header.metric}));
  session << "INSERT INTO study_system_attributes (study_id, \"key\", value_json)"
             " VALUES (:study, 'study:metric_names', :names)",
      soci::use(study_id), soci::use(names);
  session << "INSERT INTO nas_studies (study_id) VALUES (:study)", soci::use(study_id);
  write_study_attribute(session, study_id, "nas:config", json_text(header.config));
  write_study_attribute(session, study_id, "nas:environment", json_text(header.environment));
  write_study_attribute(session, study_id, "nas:metric", json_text(header.metric));
  write_study_attribute(session, study_id, "nas:version", json_text(NAS_VERSION));
}

/// Makes the whole database beside its place and renames it into place, so that a file of that
/// name is whole or was damaged later.
void make_database(const std::string& folder, const StudyHeader& header) {
  const std::string path = database_path(folder);
  const std::string unfinished = path + ".new";
  remove_database(unfinished);
  {
    Connection connection(unfinished, Connection::Mode::kCreate);
    connection.guarded("write", [&] {
      Transaction transaction(connection, Transaction::Kind::kWrite);
      make_tables(connection.session());
      insert_study(connection.session(), header);
      transaction.commit();
      connection.session() << "PRAGMA journal_mode = WAL";
    });
  }
  remove_database(path);
  durable_operation("rename to " + path);
  std::error_code error;
  fs::rename(unfinished, path, error);
  if (error) throw Error(ErrorKind::kIo, "cannot write " + path + ": " + error.message());
  try {
    sync_folder(folder);
  } catch (const Error&) {
    remove_database(path);
    throw;
  }
}

/// Trials that a dead process was working on wait for their next attempt.
void requeue_running(Connection& connection, long long study_id) {
  int running = 0;
  connection.session()
      << "SELECT count(*) FROM trials WHERE study_id = :study AND state = 'RUNNING'",
      soci::use(study_id), soci::into(running);
  if (running == 0) return;
  Transaction transaction(connection, Transaction::Kind::kWrite);
  connection.session()
      << "UPDATE trials SET state = 'WAITING' WHERE study_id = :study AND state = 'RUNNING'",
      soci::use(study_id);
  transaction.commit();
}

}  // namespace

Study::Study(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Study::Study(Study&&) noexcept = default;
Study::~Study() = default;

Study Study::create(const std::string& folder, const StudyHeader& header) {
  require_local(folder);
  make_folders(folder);
  {
    const std::unique_ptr<FileLock> lock = lock_folder(folder);
    if (exists(folder)) {
      throw Error(ErrorKind::kUsage,
                  folder + " holds a study already (" + database_path(folder) + ")");
    }
    make_database(folder, header);
  }
  return open(folder, Access::kWrite);
}

Study Study::open(const std::string& folder, Access access) {
  auto impl = std::make_unique<Impl>();
  impl->folder = folder;
  impl->access = access;
  const std::string path = database_path(folder);
  if (!exists(folder)) {
    throw Error(ErrorKind::kUsage, folder + " holds no study (no " + path + ")");
  }
  require_header(path);
  // Looked at before anything is written, the lock's file included: it may be somebody else's.
  impl->connection = std::make_unique<Connection>(path, Connection::Mode::kRead);
  impl->connection->guarded("read", [&] {
    require_own_schema(*impl->connection);
    impl->study_id = own_study_id(*impl->connection);
  });
  if (access == Access::kRead) return Study(std::move(impl));

  require_local(folder);
  impl->lock = lock_folder(folder);
  impl->connection->guarded("read", [&] { require_intact(*impl->connection); });
  impl->connection = std::make_unique<Connection>(path, Connection::Mode::kReadWrite);
  impl->connection->guarded("write", [&] {
    impl->connection->session() << "PRAGMA journal_mode = WAL";
    requeue_running(*impl->connection, impl->study_id);
  });
  return Study(std::move(impl));
}

bool Study::exists(const std::string& folder) {
  const std::string path = database_path(folder);
  if (!is_file_with_content(path)) return false;
  try {
    require_header(path);
    Connection connection(path, Connection::Mode::kRead);
    return connection.guarded("read", [&] { return count_tables(connection.session()) > 0; });
  } catch (const Error&) {
    return true;  // Damaged or not readable: `open` says which.
  }
}

const std::string& Study::folder() const { return impl_->folder; }

StudyHeader Study::header() const {
  struct Texts {
    std::string name, direction, config, environment, metric;
  };
  const Texts texts = impl_->read("read", [&](soci::session& session) {
    Texts found;
    session << "SELECT study_name, direction FROM studies JOIN study_directions USING (study_id)"
               " WHERE study_id = :study AND objective = 0",
        soci::use(impl_->study_id), soci::into(found.name), soci::into(found.direction);
    const auto text = [&](const char* key) {
      return study_attribute(session, impl_->study_id, key).value_or("");
    };
    found.config = text("nas:config");
    found.environment = text("nas:environment");
    found.metric = text("nas:metric");
    return found;
  });
  StudyHeader header;
  header.name = texts.name;
  header.maximize = texts.direction == "MAXIMIZE";
  header.metric = string_of(texts.metric, impl_->place("nas:metric"));
  header.config = parse_stored_json(texts.config, impl_->place("nas:config"));
  header.environment = parse_stored_json(texts.environment, impl_->place("nas:environment"));
  return header;
}

}  // namespace nas::store
