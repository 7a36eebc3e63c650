#include <algorithm>
#include <array>
#include <future>
#include <nlohmann/json.hpp>
#include <string_view>
#include <thread>
#include <unordered_map>

#include "nas/core/error.hpp"
#include "store/records.hpp"
#include "store/study_impl.hpp"

namespace nas::store {
namespace {

/// Attributes that make up a space::Trial.
enum class Key : std::size_t {
  kArch,
  kHash,
  kSample,
  kParents,
  kChanges,
  kOrigin,
  kDuplicateOf,
  kReason,
  kDetail,
  kScores,
  kSeconds,
  kValue,
  kHurdles,
};
constexpr std::array<std::string_view, 13> kKeyNames{
    "nas:arch",    "nas:hash",         "nas:sample", "nas:parents", "nas:changes",
    "nas:origin",  "nas:duplicate_of", "nas:reason", "nas:detail",  "nas:scores",
    "nas:seconds", "nas:value",        "nas:hurdles"};

/// A trial as its rows hold it.
struct TrialRecord {
  std::int64_t number = 0;
  std::string state;
  std::array<std::string, kKeyNames.size()> attributes;  ///< JSON texts; empty when absent
  std::vector<NumberColumns> values;                     ///< by objective
  std::vector<std::pair<std::int64_t, NumberColumns>> intermediate;
};

/// Records in order of number, and where each row of another table belongs.
struct TrialRecords {
  std::size_t objectives = 1;
  std::vector<TrialRecord> records;
  std::unordered_map<long long, std::size_t> index_of;  ///< by trial_id

  /// The record of a row's trial; null for a row of another study.
  TrialRecord* find(long long trial_id) {
    const auto found = index_of.find(trial_id);
    return found == index_of.end() ? nullptr : &records[found->second];
  }
};

void read_states(soci::session& session, long long study_id, TrialRecords& trials) {
  long long trial_id = 0;
  long long number = 0;
  std::string state;
  soci::statement statement =
      (session.prepare << "SELECT trial_id, number, state FROM trials WHERE study_id = :study"
                          " ORDER BY number",
       soci::use(study_id), soci::into(trial_id), soci::into(number), soci::into(state));
  statement.execute();
  while (statement.fetch()) {
    trials.index_of.emplace(trial_id, trials.records.size());
    TrialRecord& record = trials.records.emplace_back();
    record.number = number;
    record.state = state;
  }
}

// The tables are read front to back, not through their index by trial: a study's database holds
// one study, and this is several times faster.
void read_attributes(soci::session& session, TrialRecords& trials) {
  long long trial_id = 0;
  std::string key, text;
  soci::statement statement =
      (session.prepare << "SELECT trial_id, \"key\", value_json FROM trial_user_attributes"
                          " WHERE \"key\" LIKE 'nas:%'",
       soci::into(trial_id), soci::into(key), soci::into(text));
  statement.execute();
  while (statement.fetch()) {
    const auto name = std::find(kKeyNames.begin(), kKeyNames.end(), key);
    TrialRecord* record = trials.find(trial_id);
    if (name == kKeyNames.end() || record == nullptr) continue;
    record->attributes[static_cast<std::size_t>(name - kKeyNames.begin())].swap(text);
  }
}

void read_values(soci::session& session, TrialRecords& trials) {
  long long trial_id = 0;
  NumberColumns columns;
  soci::statement statement =
      (session.prepare << "SELECT trial_id, value, value_type FROM trial_values"
                          " ORDER BY objective",
       soci::into(trial_id), soci::into(columns.value, columns.indicator),
       soci::into(columns.type));
  statement.execute();
  while (statement.fetch()) {
    if (TrialRecord* record = trials.find(trial_id)) record->values.push_back(columns);
  }
}

void read_intermediate(soci::session& session, TrialRecords& trials) {
  long long trial_id = 0;
  long long step = 0;
  NumberColumns columns;
  soci::statement statement =
      (session.prepare << "SELECT trial_id, step, intermediate_value, intermediate_value_type"
                          " FROM trial_intermediate_values",
       soci::into(trial_id), soci::into(step), soci::into(columns.value, columns.indicator),
       soci::into(columns.type));
  statement.execute();
  while (statement.fetch()) {
    if (TrialRecord* record = trials.find(trial_id)) {
      record->intermediate.emplace_back(step, columns);
    }
  }
  for (TrialRecord& record : trials.records) {
    std::sort(record.intermediate.begin(), record.intermediate.end(),
              [](const auto& first, const auto& second) { return first.first < second.first; });
  }
}

/// Turns records into trials; knows where a fault is.
class TrialDecoder {
 public:
  TrialDecoder(const TrialRecord& record, std::size_t objectives, std::string place)
      : record_(record), objectives_(objectives), place_(std::move(place)) {}

  [[nodiscard]] space::Trial trial() const {
    space::Trial trial;
    trial.number = record_.number;
    trial.candidate = candidate();
    trial.outcome = outcome();
    return trial;
  }

 private:
  [[nodiscard]] std::string where(Key key) const {
    return place_ + std::string(kKeyNames[static_cast<std::size_t>(key)]);
  }
  [[nodiscard]] const std::string* find(Key key) const {
    const std::string& text = record_.attributes[static_cast<std::size_t>(key)];
    return text.empty() ? nullptr : &text;
  }
  [[nodiscard]] const std::string& required(Key key) const {
    if (const std::string* text = find(key)) return *text;
    throw Error(ErrorKind::kStudy,
                where(key) + " is missing: nas did not make this trial, or the study is damaged");
  }

  [[nodiscard]] space::Candidate candidate() const {
    space::Candidate candidate;
    candidate.sample = sample_of(required(Key::kSample), where(Key::kSample));
    candidate.architecture = architecture_of(required(Key::kArch), where(Key::kArch));
    candidate.hash = hash_of_text(required(Key::kHash), where(Key::kHash));
    candidate.parents = integers_of(required(Key::kParents), where(Key::kParents));
    candidate.changes = changes_of(required(Key::kChanges), where(Key::kChanges));
    candidate.origin = string_of(required(Key::kOrigin), where(Key::kOrigin));
    if (const std::string* text = find(Key::kDuplicateOf)) {
      candidate.duplicate_of = integer_of(*text, where(Key::kDuplicateOf));
    }
    return candidate;
  }

  [[nodiscard]] std::vector<double> objective_values() const {
    if (record_.values.size() != objectives_) {
      throw Error(ErrorKind::kStudy, place_ + "value: there are " +
                                         std::to_string(record_.values.size()) + " for " +
                                         std::to_string(objectives_) + " objectives");
    }
    std::vector<double> values;
    values.reserve(record_.values.size());
    for (const NumberColumns& columns : record_.values) {
      values.push_back(number_of(columns, place_ + "value"));
    }
    return values;
  }

  [[nodiscard]] space::Outcome outcome() const {
    space::Outcome outcome;
    outcome.state = state_of(record_.state, place_ + "state");
    if (outcome.state == space::TrialState::kComplete) {
      const std::vector<double> values = objective_values();
      outcome.value = values.front();
      outcome.further_values.assign(values.begin() + 1, values.end());
    }
    if (const std::string* text = find(Key::kValue)) {
      outcome.value = real_of(*text, where(Key::kValue));
    }
    for (const auto& [step, columns] : record_.intermediate) {
      outcome.intermediate.emplace_back(
          step, number_of(columns, place_ + "intermediate value at step " + std::to_string(step)));
    }
    if (const std::string* text = find(Key::kHurdles)) {
      outcome.hurdles = integers_of(*text, where(Key::kHurdles));
    }
    if (const std::string* text = find(Key::kReason)) {
      outcome.reason = string_of(*text, where(Key::kReason));
    }
    if (const std::string* text = find(Key::kDetail)) {
      outcome.detail = string_of(*text, where(Key::kDetail));
    }
    if (const std::string* text = find(Key::kScores)) {
      outcome.scores = scores_of(*text, where(Key::kScores));
    }
    if (const std::string* text = find(Key::kSeconds)) {
      outcome.seconds = real_of(*text, where(Key::kSeconds));
    }
    return outcome;
  }

  const TrialRecord& record_;
  std::size_t objectives_;
  std::string place_;
};

/// The trial at `index`, which must be its number.
space::Trial decode_one(const TrialRecords& stored, std::size_t index, const std::string& path) {
  const TrialRecord& record = stored.records[index];
  const std::string number = std::to_string(record.number);
  if (record.number != static_cast<std::int64_t>(index)) {
    throw Error(ErrorKind::kStudy,
                path + " has no trial " + std::to_string(index) + " but has trial " + number);
  }
  return TrialDecoder(record, stored.objectives, path + ": trial " + number + ", ").trial();
}

std::vector<space::Trial> decode(const TrialRecords& stored, std::size_t first, std::size_t last,
                                 const std::string& path) {
  std::vector<space::Trial> trials;
  trials.reserve(last - first);
  for (std::size_t i = first; i < last; ++i) trials.push_back(decode_one(stored, i, path));
  return trials;
}

/// Decodes in several threads: parsing the texts takes several times longer than reading them.
std::vector<space::Trial> decode_all(const TrialRecords& stored, const std::string& path) {
  constexpr std::size_t kLeastShare = 500;  // a thread costs more than it saves below this
  const std::size_t count = stored.records.size();
  const std::size_t cores = std::max(1U, std::thread::hardware_concurrency());
  const std::size_t shares = std::clamp<std::size_t>(count / kLeastShare, 1, cores);
  const auto begin_of = [&](std::size_t share) { return count * share / shares; };
  std::vector<std::future<std::vector<space::Trial>>> others;
  for (std::size_t share = 1; share < shares; ++share) {
    others.push_back(std::async(
        [&, share] { return decode(stored, begin_of(share), begin_of(share + 1), path); }));
  }
  std::vector<space::Trial> trials = decode(stored, 0, begin_of(1), path);
  trials.reserve(count);
  for (auto& other : others) {
    for (space::Trial& trial : other.get()) trials.push_back(std::move(trial));
  }
  return trials;
}

}  // namespace

std::vector<space::Trial> Study::trials() const {
  const TrialRecords stored = impl_->read("read", [&](soci::session& session) {
    TrialRecords trials;
    trials.objectives = static_cast<std::size_t>(count_objectives(session, impl_->study_id));
    read_states(session, impl_->study_id, trials);
    read_attributes(session, trials);
    read_values(session, trials);
    read_intermediate(session, trials);
    return trials;
  });
  return decode_all(stored, impl_->connection->path());
}

Attempt Study::attempt(std::int64_t number) const {
  const long long wanted = number;
  return impl_->read("read", [&](soci::session& session) {
    long long count = 0;
    long long without_progress = 0;
    long long checkpoint_step = 0;
    session << "SELECT attempts, without_progress, checkpoint_step FROM nas_attempts"
               " JOIN trials USING (trial_id) WHERE study_id = :study AND number = :number",
        soci::use(impl_->study_id), soci::use(wanted), soci::into(count),
        soci::into(without_progress), soci::into(checkpoint_step);
    if (!session.got_data()) {
      throw Error(ErrorKind::kInternal, "there is no trial " + std::to_string(number));
    }
    return Attempt{count, without_progress, checkpoint_step};
  });
}

Json Study::trial_attribute(std::int64_t number, const std::string& key) const {
  const std::string full_key = "nas:" + key;
  const std::string text = impl_->read("read", [&](soci::session& session) {
    const std::optional<TrialRow> row = find_trial(session, impl_->study_id, number);
    if (!row) throw Error(ErrorKind::kInternal, "there is no trial " + std::to_string(number));
    std::string found;
    session << "SELECT value_json FROM trial_user_attributes"
               " WHERE trial_id = :trial AND \"key\" = :key",
        soci::use(row->trial_id), soci::use(full_key), soci::into(found);
    return found;
  });
  return text.empty() ? Json() : parse_stored_json(text, impl_->place(number, full_key));
}

}  // namespace nas::store
