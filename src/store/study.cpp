#include "nas/store/study.hpp"

#include <cerrno>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <string_view>
#include <system_error>

#include "nas/config/run_config.hpp"
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

void insert_objectives(soci::session& session, long long study_id,
                       const std::vector<space::Objective>& objectives) {
  Json names = Json::array();
  for (std::size_t i = 0; i < objectives.size(); ++i) {
    const std::string direction = objectives[i].maximize ? "MAXIMIZE" : "MINIMIZE";
    const auto objective = static_cast<long long>(i);
    session << "INSERT INTO study_directions (direction, study_id, objective)"
               " VALUES (:direction, :study, :objective)",
        soci::use(direction), soci::use(study_id), soci::use(objective);
    names.push_back(objectives[i].metric);
  }
  // Optuna's own name for the labels of the objectives.
  const std::string text = json_text(names);
  session << "INSERT INTO study_system_attributes (study_id, \"key\", value_json)"
             " VALUES (:study, 'study:metric_names', :names)",
      soci::use(study_id), soci::use(text);
  write_study_attribute(session, study_id, "nas:metric", json_text(objectives.front().metric));
  if (objectives.size() > 1) write_study_attribute(session, study_id, "nas:metrics", text);
}

void insert_study(soci::session& session, const StudyHeader& header) {
  long long study_id = 0;
  session << "INSERT INTO studies (study_name) VALUES (:name)", soci::use(header.name);
  session << "SELECT study_id FROM studies WHERE study_name = :name", soci::use(header.name),
      soci::into(study_id);
  session << "INSERT INTO nas_studies (study_id) VALUES (:study)", soci::use(study_id);
  write_study_attribute(session, study_id, "nas:config", json_text(header.config));
  write_study_attribute(session, study_id, "nas:environment", json_text(header.environment));
  insert_objectives(session, study_id, header.objectives());
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

std::vector<space::Objective> StudyHeader::objectives() const {
  std::vector<space::Objective> all{{metric, maximize}};
  all.insert(all.end(), further_objectives.begin(), further_objectives.end());
  return all;
}

namespace {

struct HeaderTexts {
  std::string name, config, environment, metric, metrics;
  std::vector<std::string> directions;  ///< by objective
};

HeaderTexts read_header(soci::session& session, long long study_id) {
  HeaderTexts found;
  session << "SELECT study_name FROM studies WHERE study_id = :study", soci::use(study_id),
      soci::into(found.name);
  const soci::rowset<std::string> directions =
      (session.prepare << "SELECT direction FROM study_directions WHERE study_id = :study"
                          " ORDER BY objective",
       soci::use(study_id));
  for (const std::string& direction : directions) found.directions.push_back(direction);
  const auto text = [&](const char* key) {
    return study_attribute(session, study_id, key).value_or("");
  };
  found.config = text("nas:config");
  found.environment = text("nas:environment");
  found.metric = text("nas:metric");
  found.metrics = text("nas:metrics");
  return found;
}

}  // namespace

StudyHeader Study::header() const {
  const HeaderTexts texts = impl_->read(
      "read", [&](soci::session& session) { return read_header(session, impl_->study_id); });
  StudyHeader header;
  header.name = texts.name;
  header.metric = string_of(texts.metric, impl_->place("nas:metric"));
  header.config =
      config::with_former_meaning(parse_stored_json(texts.config, impl_->place("nas:config")));
  header.environment = parse_stored_json(texts.environment, impl_->place("nas:environment"));
  const std::vector<std::string> metrics =
      texts.metrics.empty() ? std::vector<std::string>{header.metric}
                            : strings_of(texts.metrics, impl_->place("nas:metrics"));
  if (metrics.size() != texts.directions.size()) {
    throw Error(ErrorKind::kStudy, impl_->place("nas:metrics") + " names " +
                                       std::to_string(metrics.size()) + " objectives, there are " +
                                       std::to_string(texts.directions.size()) + " directions");
  }
  header.maximize = texts.directions.front() == "MAXIMIZE";
  for (std::size_t i = 1; i < metrics.size(); ++i) {
    header.further_objectives.push_back({metrics[i], texts.directions[i] == "MAXIMIZE"});
  }
  return header;
}

}  // namespace nas::store
