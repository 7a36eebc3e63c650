#include "store/schema.hpp"

#include <set>
#include <string>

namespace nas::store {
namespace {

constexpr int kOptunaSchema = 12;
constexpr const char* kOptunaVersion = "5.0.0";
constexpr const char* kOptunaRevision = "v3.2.0.a";

/// As SQLAlchemy writes Optuna's models for SQLite.
constexpr const char* kOptunaTables[] = {
    R"(CREATE TABLE studies (
	study_id INTEGER NOT NULL,
	study_name VARCHAR(512) NOT NULL,
	PRIMARY KEY (study_id)
))",
    R"(CREATE UNIQUE INDEX ix_studies_study_name ON studies (study_name))",
    R"(CREATE TABLE version_info (
	version_info_id INTEGER NOT NULL,
	schema_version INTEGER,
	library_version VARCHAR(256),
	PRIMARY KEY (version_info_id),
	CHECK (version_info_id=1)
))",
    R"(CREATE TABLE study_directions (
	study_direction_id INTEGER NOT NULL,
	direction VARCHAR(8) NOT NULL,
	study_id INTEGER NOT NULL,
	objective INTEGER NOT NULL,
	PRIMARY KEY (study_direction_id),
	UNIQUE (study_id, objective),
	FOREIGN KEY(study_id) REFERENCES studies (study_id)
))",
    R"(CREATE TABLE study_user_attributes (
	study_user_attribute_id INTEGER NOT NULL,
	study_id INTEGER,
	"key" VARCHAR(512),
	value_json TEXT,
	PRIMARY KEY (study_user_attribute_id),
	UNIQUE (study_id, "key"),
	FOREIGN KEY(study_id) REFERENCES studies (study_id)
))",
    R"(CREATE TABLE study_system_attributes (
	study_system_attribute_id INTEGER NOT NULL,
	study_id INTEGER,
	"key" VARCHAR(512),
	value_json TEXT,
	PRIMARY KEY (study_system_attribute_id),
	UNIQUE (study_id, "key"),
	FOREIGN KEY(study_id) REFERENCES studies (study_id)
))",
    R"(CREATE TABLE trials (
	trial_id INTEGER NOT NULL,
	number INTEGER,
	study_id INTEGER,
	state VARCHAR(8) NOT NULL,
	datetime_start DATETIME,
	datetime_complete DATETIME,
	PRIMARY KEY (trial_id),
	FOREIGN KEY(study_id) REFERENCES studies (study_id)
))",
    R"(CREATE INDEX ix_trials_study_id ON trials (study_id))",
    R"(CREATE TABLE trial_user_attributes (
	trial_user_attribute_id INTEGER NOT NULL,
	trial_id INTEGER,
	"key" VARCHAR(512),
	value_json TEXT,
	PRIMARY KEY (trial_user_attribute_id),
	UNIQUE (trial_id, "key"),
	FOREIGN KEY(trial_id) REFERENCES trials (trial_id)
))",
    R"(CREATE TABLE trial_system_attributes (
	trial_system_attribute_id INTEGER NOT NULL,
	trial_id INTEGER,
	"key" VARCHAR(512),
	value_json TEXT,
	PRIMARY KEY (trial_system_attribute_id),
	UNIQUE (trial_id, "key"),
	FOREIGN KEY(trial_id) REFERENCES trials (trial_id)
))",
    R"(CREATE TABLE trial_params (
	param_id INTEGER NOT NULL,
	trial_id INTEGER,
	param_name VARCHAR(512),
	param_value FLOAT,
	distribution_json TEXT,
	PRIMARY KEY (param_id),
	UNIQUE (trial_id, param_name),
	FOREIGN KEY(trial_id) REFERENCES trials (trial_id)
))",
    R"(CREATE TABLE trial_values (
	trial_value_id INTEGER NOT NULL,
	trial_id INTEGER NOT NULL,
	objective INTEGER NOT NULL,
	value FLOAT,
	value_type VARCHAR(7) NOT NULL,
	PRIMARY KEY (trial_value_id),
	UNIQUE (trial_id, objective),
	FOREIGN KEY(trial_id) REFERENCES trials (trial_id)
))",
    R"(CREATE TABLE trial_intermediate_values (
	trial_intermediate_value_id INTEGER NOT NULL,
	trial_id INTEGER NOT NULL,
	step INTEGER NOT NULL,
	intermediate_value FLOAT,
	intermediate_value_type VARCHAR(7) NOT NULL,
	PRIMARY KEY (trial_intermediate_value_id),
	UNIQUE (trial_id, step),
	FOREIGN KEY(trial_id) REFERENCES trials (trial_id)
))",
    R"(CREATE TABLE trial_heartbeats (
	trial_heartbeat_id INTEGER NOT NULL,
	trial_id INTEGER NOT NULL,
	heartbeat DATETIME NOT NULL,
	PRIMARY KEY (trial_heartbeat_id),
	UNIQUE (trial_id),
	FOREIGN KEY(trial_id) REFERENCES trials (trial_id)
))",
    R"(CREATE TABLE alembic_version (
	version_num VARCHAR(32) NOT NULL,
	CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num)
))"};

constexpr const char* kOwnTables[] = {
    R"(CREATE TABLE nas_schema (
	version INTEGER NOT NULL
))",
    R"(CREATE TABLE nas_studies (
	study_id INTEGER NOT NULL PRIMARY KEY REFERENCES studies (study_id)
))",
    R"(CREATE TABLE nas_attempts (
	trial_id INTEGER NOT NULL PRIMARY KEY REFERENCES trials (trial_id),
	attempts INTEGER NOT NULL,
	without_progress INTEGER NOT NULL,
	checkpoint_step INTEGER NOT NULL,
	stopped_cleanly INTEGER NOT NULL
))",
    R"(CREATE TABLE nas_repeats (
	repeat_id INTEGER NOT NULL PRIMARY KEY,
	study_id INTEGER NOT NULL REFERENCES studies (study_id),
	role TEXT NOT NULL,
	hash TEXT NOT NULL,
	repeat INTEGER NOT NULL,
	outcome_json TEXT NOT NULL,
	UNIQUE (study_id, role, hash, repeat)
))",
    R"(CREATE TABLE nas_breaks (
	break_id INTEGER NOT NULL PRIMARY KEY,
	study_id INTEGER NOT NULL REFERENCES studies (study_id),
	recorded DATETIME NOT NULL,
	what TEXT NOT NULL
))"};

std::set<std::string> table_names(soci::session& session) {
  std::set<std::string> names;
  const soci::rowset<std::string> rows =
      (session.prepare << "SELECT name FROM sqlite_master WHERE type = 'table'");
  for (const std::string& name : rows) names.insert(name);
  return names;
}

Error foreign(const Connection& connection, const std::string& whose) {
  return Error(ErrorKind::kStudy,
               connection.path() + " " + whose + "; nothing was changed. Choose another folder");
}

void require_known_optuna(Connection& connection) {
  std::string revision;
  connection.session() << "SELECT version_num FROM alembic_version", soci::into(revision);
  if (!connection.session().got_data() || revision != kOptunaRevision) {
    throw Error(ErrorKind::kStudy, connection.path() + ": Optuna's tables are of revision \"" +
                                       revision + "\", this nas reads \"" + kOptunaRevision +
                                       "\". Was the study upgraded by a newer Optuna?");
  }
  int schema = 0;
  connection.session() << "SELECT schema_version FROM version_info", soci::into(schema);
  if (!connection.session().got_data() || schema != kOptunaSchema) {
    throw Error(ErrorKind::kStudy, connection.path() + ": Optuna's tables are of schema " +
                                       std::to_string(schema) + ", this nas reads " +
                                       std::to_string(kOptunaSchema));
  }
}

}  // namespace

void make_tables(soci::session& session) {
  for (const char* statement : kOptunaTables) session << statement;
  for (const char* statement : kOwnTables) session << statement;
  // SOCI executes at the end of the statement, when temporaries are gone already.
  const std::string library = kOptunaVersion;
  const std::string revision = kOptunaRevision;
  session << "INSERT INTO version_info (version_info_id, schema_version, library_version)"
             " VALUES (1, :schema, :library)",
      soci::use(kOptunaSchema), soci::use(library);
  session << "INSERT INTO alembic_version (version_num) VALUES (:revision)", soci::use(revision);
  session << "INSERT INTO nas_schema (version) VALUES (:version)", soci::use(kSchemaVersion);
}

int count_tables(soci::session& session) {
  int count = 0;
  session << "SELECT count(*) FROM sqlite_master WHERE type = 'table'", soci::into(count);
  return count;
}

void require_own_schema(Connection& connection) {
  const std::set<std::string> names = table_names(connection.session());
  if (!names.contains("nas_schema")) {
    const bool is_optuna =
        names.contains("studies") && names.contains("trials") && names.contains("alembic_version");
    throw foreign(connection, is_optuna ? "is an Optuna study that nas did not make"
                                        : "is a database of another program");
  }
  int version = 0;
  connection.session() << "SELECT version FROM nas_schema", soci::into(version);
  if (!connection.session().got_data() || version < 1) {
    throw foreign(connection, "says no version of nas's tables");
  }
  if (version > kSchemaVersion) {
    throw Error(ErrorKind::kStudy, connection.path() + " was made by a newer nas (schema " +
                                       std::to_string(version) + ", this one reads up to " +
                                       std::to_string(kSchemaVersion) + ")");
  }
  require_known_optuna(connection);
}

void require_intact(Connection& connection) {
  std::string finding;
  connection.session() << "PRAGMA quick_check(1)", soci::into(finding);
  if (finding == "ok") return;
  throw Error(ErrorKind::kStudy,
              connection.path() + " is damaged (" + finding +
                  "); nothing was changed. Put a copy of the file in its place, or start a new "
                  "study in another folder");
}

long long own_study_id(Connection& connection) {
  long long study_id = 0;
  connection.session() << "SELECT study_id FROM nas_studies JOIN studies USING (study_id)",
      soci::into(study_id);
  if (!connection.session().got_data()) {
    throw foreign(connection, "holds no study of nas, though it has nas's tables");
  }
  return study_id;
}

}  // namespace nas::store
