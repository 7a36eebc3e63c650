#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>
#include <string_view>

#include "nas/core/error.hpp"
#include "store/records.hpp"
#include "store/study_impl.hpp"

namespace nas::store {
namespace {

/// Study attributes that have a call of their own or never change.
constexpr std::array<std::string_view, 5> kFixedKeys{"config", "environment", "metric", "metrics",
                                                     "version"};

}  // namespace

void write_study_attribute(soci::session& session, long long study_id, const std::string& key,
                           const std::string& text) {
  session << "INSERT INTO study_user_attributes (study_id, \"key\", value_json)"
             " VALUES (:study, :key, :value) ON CONFLICT (study_id, \"key\")"
             " DO UPDATE SET value_json = excluded.value_json",
      soci::use(study_id), soci::use(key), soci::use(text);
}

std::optional<std::string> study_attribute(soci::session& session, long long study_id,
                                           const std::string& key) {
  std::string text;
  session << "SELECT value_json FROM study_user_attributes"
             " WHERE study_id = :study AND \"key\" = :key",
      soci::use(study_id), soci::use(key), soci::into(text);
  if (!session.got_data()) return std::nullopt;
  return text;
}

void Study::replace_config(const Json& config) {
  const std::string text = json_text(config);
  impl_->write("write the configuration to", [&](soci::session& session) {
    write_study_attribute(session, impl_->study_id, "nas:config", text);
  });
}

void Study::record_break(const std::string& what) {
  const std::string recorded = current_time();
  impl_->write("write to", [&](soci::session& session) {
    session << "INSERT INTO nas_breaks (study_id, recorded, what)"
               " VALUES (:study, :recorded, :what)",
        soci::use(impl_->study_id), soci::use(recorded), soci::use(what);
  });
}

std::vector<std::string> Study::breaks() const {
  return impl_->read("read", [&](soci::session& session) {
    std::vector<std::string> breaks;
    const soci::rowset<std::string> rows =
        (session.prepare << "SELECT what FROM nas_breaks WHERE study_id = :study ORDER BY break_id",
         soci::use(impl_->study_id));
    for (const std::string& what : rows) breaks.push_back(what);
    return breaks;
  });
}

std::vector<RepeatRun> Study::repeats() const {
  struct Row {
    RepeatRun run;
    std::string outcome;
  };
  std::vector<Row> rows = impl_->read("read", [&](soci::session& session) {
    std::vector<Row> found;
    std::string role, hash, outcome;
    long long repeat = 0;
    soci::statement statement =
        (session.prepare << "SELECT role, hash, repeat, outcome_json FROM nas_repeats"
                            " WHERE study_id = :study ORDER BY role, hash, repeat",
         soci::use(impl_->study_id), soci::into(role), soci::into(hash), soci::into(repeat),
         soci::into(outcome));
    statement.execute();
    while (statement.fetch()) {
      found.push_back({{role, hash, static_cast<std::uint32_t>(repeat), {}}, outcome});
    }
    return found;
  });
  std::vector<RepeatRun> runs;
  runs.reserve(rows.size());
  for (Row& row : rows) {
    row.run.outcome = outcome_of(
        row.outcome,
        impl_->place("repeat " + std::to_string(row.run.repeat) + " of \"" + row.run.role + "\""));
    runs.push_back(std::move(row.run));
  }
  return runs;
}

void Study::record_repeat(const RepeatRun& run) {
  const std::string outcome = outcome_text(run.outcome);
  const long long repeat = run.repeat;
  impl_->write("write to", [&](soci::session& session) {
    session << "INSERT INTO nas_repeats (study_id, role, hash, repeat, outcome_json)"
               " VALUES (:study, :role, :hash, :repeat, :outcome)"
               " ON CONFLICT (study_id, role, hash, repeat)"
               " DO UPDATE SET outcome_json = excluded.outcome_json",
        soci::use(impl_->study_id), soci::use(run.role), soci::use(run.hash), soci::use(repeat),
        soci::use(outcome);
  });
}

void Study::set_attribute(const std::string& key, const Json& value) {
  if (std::find(kFixedKeys.begin(), kFixedKeys.end(), key) != kFixedKeys.end()) {
    throw Error(ErrorKind::kInternal, "the study attribute \"" + key + "\" is not set by itself");
  }
  const std::string text = json_text(value);
  impl_->write("write to", [&](soci::session& session) {
    write_study_attribute(session, impl_->study_id, "nas:" + key, text);
  });
}

Json Study::attribute(const std::string& key) const {
  const std::optional<std::string> text = impl_->read("read", [&](soci::session& session) {
    return study_attribute(session, impl_->study_id, "nas:" + key);
  });
  return text ? parse_stored_json(*text, impl_->place("nas:" + key)) : Json();
}

}  // namespace nas::store
