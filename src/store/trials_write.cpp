#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>
#include <string_view>

#include "nas/core/error.hpp"
#include "nas/space/outcome_json.hpp"
#include "store/optuna_params.hpp"
#include "store/records.hpp"
#include "store/study_impl.hpp"

namespace nas::store {
namespace {

/// Trial attributes that begin_trial and finish_trial write from their other arguments.
constexpr std::array<std::string_view, 14> kFixedKeys{
    "arch",    "hash",   "sample", "parents", "changes", "origin", "duplicate_of",
    "redrawn", "reason", "detail", "scores",  "seconds", "value",  "hurdles"};

void require_free_key(const std::string& key) {
  if (std::find(kFixedKeys.begin(), kFixedKeys.end(), key) != kFixedKeys.end()) {
    throw Error(ErrorKind::kInternal, "the trial attribute \"" + key + "\" is not set by itself");
  }
}

TrialRow require_trial(soci::session& session, long long study_id, std::int64_t number) {
  const std::optional<TrialRow> row = find_trial(session, study_id, number);
  if (!row) throw Error(ErrorKind::kInternal, "there is no trial " + std::to_string(number));
  return *row;
}

/// The row of a trial that must be in `state` to be changed in this way.
TrialRow require_state(soci::session& session, long long study_id, std::int64_t number,
                       const std::string& state) {
  TrialRow row = require_trial(session, study_id, number);
  if (row.state != state) {
    throw Error(ErrorKind::kInternal,
                "trial " + std::to_string(number) + " is " + row.state + ", it must be " + state);
  }
  return row;
}

void write_attribute(soci::session& session, long long trial_id, const std::string& key,
                     const std::string& text) {
  const std::string full_key = "nas:" + key;
  session << "INSERT INTO trial_user_attributes (trial_id, \"key\", value_json)"
             " VALUES (:trial, :key, :value) ON CONFLICT (trial_id, \"key\")"
             " DO UPDATE SET value_json = excluded.value_json",
      soci::use(trial_id), soci::use(full_key), soci::use(text);
}

void write_params(soci::session& session, long long trial_id, const space::Sample& sample,
                  const space::Space& space) {
  const std::vector<space::Choice>& choices = space.choices();
  NAS_ASSERT(sample.choices.size() == choices.size());
  for (std::size_t i = 0; i < choices.size(); ++i) {
    const double value = internal_value(choices[i], sample.choices[i]);
    const std::string distribution = distribution_json(choices[i]);
    session << "INSERT INTO trial_params (trial_id, param_name, param_value, distribution_json)"
               " VALUES (:trial, :name, :value, :distribution)",
        soci::use(trial_id), soci::use(choices[i].name), soci::use(value), soci::use(distribution);
  }
}

void write_candidate(soci::session& session, long long trial_id, const space::Candidate& candidate,
                     const Json& redrawn) {
  write_attribute(session, trial_id, "arch", architecture_text(candidate.architecture));
  write_attribute(session, trial_id, "hash", hash_text_of(candidate.hash));
  write_attribute(session, trial_id, "sample", sample_text(candidate.sample));
  write_attribute(session, trial_id, "parents", integers_text(candidate.parents));
  write_attribute(session, trial_id, "changes", changes_text(candidate.changes));
  write_attribute(session, trial_id, "origin", json_text(candidate.origin));
  if (candidate.duplicate_of) {
    write_attribute(session, trial_id, "duplicate_of", json_text(*candidate.duplicate_of));
  }
  if (!redrawn.empty()) write_attribute(session, trial_id, "redrawn", json_text(redrawn));
}

void write_intermediate(soci::session& session, long long trial_id, std::int64_t step,
                        double value) {
  NumberColumns columns = number_columns(value);
  const long long at = step;
  session << "INSERT INTO trial_intermediate_values"
             " (trial_id, step, intermediate_value, intermediate_value_type)"
             " VALUES (:trial, :step, :value, :type) ON CONFLICT (trial_id, step)"
             " DO UPDATE SET intermediate_value = excluded.intermediate_value,"
             " intermediate_value_type = excluded.intermediate_value_type",
      soci::use(trial_id), soci::use(at), soci::use(columns.value, columns.indicator),
      soci::use(columns.type);
}

void write_value(soci::session& session, long long trial_id, std::size_t objective,
                 NumberColumns columns) {
  const auto place = static_cast<long long>(objective);
  session << "INSERT INTO trial_values (trial_id, objective, value, value_type)"
             " VALUES (:trial, :objective, :value, :type)",
      soci::use(trial_id), soci::use(place), soci::use(columns.value, columns.indicator),
      soci::use(columns.type);
}

/// As Optuna's `tell`: a pruned trial takes its last intermediate value when that is a number.
void write_value_of_pruned(soci::session& session, long long trial_id) {
  NumberColumns columns;
  session << "SELECT intermediate_value, intermediate_value_type FROM trial_intermediate_values"
             " WHERE trial_id = :trial ORDER BY step DESC LIMIT 1",
      soci::use(trial_id), soci::into(columns.value, columns.indicator), soci::into(columns.type);
  if (session.got_data() && columns.type != "NAN") write_value(session, trial_id, 0, columns);
}

/// Optuna's list of constraints, feasible at or below 0. A value that is no finite number (a
/// measurement that failed) is one that no bound admits, and valid JSON.
void write_constraints(soci::session& session, long long trial_id,
                       const std::vector<double>& constraints) {
  if (constraints.empty()) return;
  Json json = Json::array();
  constexpr double kLargest = std::numeric_limits<double>::max();
  for (const double value : constraints) {
    json.push_back(std::isnan(value) ? kLargest : std::clamp(value, -kLargest, kLargest));
  }
  const std::string text = json_text(json);
  session << "INSERT INTO trial_system_attributes (trial_id, \"key\", value_json)"
             " VALUES (:trial, 'constraints', :value)",
      soci::use(trial_id), soci::use(text);
}

void write_outcome(soci::session& session, long long trial_id, long long objectives,
                   const space::Outcome& outcome) {
  for (const auto& [step, value] : outcome.intermediate) {
    write_intermediate(session, trial_id, step, value);
  }
  if (outcome.state == space::TrialState::kComplete) {
    write_value(session, trial_id, 0, number_columns(outcome.value));
    for (std::size_t i = 0; i < outcome.further_values.size(); ++i) {
      write_value(session, trial_id, i + 1, number_columns(outcome.further_values[i]));
    }
  } else if (!std::isnan(outcome.value)) {
    write_attribute(session, trial_id, "value", json_text(space::number_to_json(outcome.value)));
  }
  // Optuna prunes in studies of one objective only.
  if (outcome.state == space::TrialState::kPruned && objectives == 1) {
    write_value_of_pruned(session, trial_id);
  }
  if (!outcome.reason.empty()) {
    write_attribute(session, trial_id, "reason", json_text(outcome.reason));
  }
  if (!outcome.detail.empty()) {
    write_attribute(session, trial_id, "detail", json_text(outcome.detail));
  }
  if (!outcome.hurdles.empty()) {
    write_attribute(session, trial_id, "hurdles", integers_text(outcome.hurdles));
  }
  write_attribute(session, trial_id, "scores", scores_text(outcome.scores));
  write_attribute(session, trial_id, "seconds", json_text(space::number_to_json(outcome.seconds)));
}

void set_state(soci::session& session, long long trial_id, const std::string& state) {
  session << "UPDATE trials SET state = :state WHERE trial_id = :trial", soci::use(state),
      soci::use(trial_id);
}

void require_recordable(std::int64_t number, const space::Outcome& outcome) {
  const std::vector<double>& further = outcome.further_values;
  const bool is_without_value =
      outcome.state == space::TrialState::kComplete &&
      (std::isnan(outcome.value) ||
       std::any_of(further.begin(), further.end(), [](double value) { return std::isnan(value); }));
  if (!is_finished(outcome.state) || is_without_value) {
    throw Error(ErrorKind::kInternal, "trial " + std::to_string(number) + " cannot end as " +
                                          to_text(outcome.state) +
                                          (is_without_value ? " without a value" : ""));
  }
}

}  // namespace

long long count_objectives(soci::session& session, long long study_id) {
  long long count = 0;
  session << "SELECT count(*) FROM study_directions WHERE study_id = :study", soci::use(study_id),
      soci::into(count);
  return count;
}

std::optional<TrialRow> find_trial(soci::session& session, long long study_id,
                                   std::int64_t number) {
  TrialRow row;
  const long long wanted = number;
  session << "SELECT trial_id, state FROM trials WHERE study_id = :study AND number = :number",
      soci::use(study_id), soci::use(wanted), soci::into(row.trial_id), soci::into(row.state);
  if (!session.got_data()) return std::nullopt;
  return row;
}

void Study::begin_trial(std::int64_t number, const space::Candidate& candidate,
                        const space::Space& space, const Json& redrawn) {
  impl_->write("begin trial " + std::to_string(number) + " in", [&](soci::session& session) {
    long long next = 0;
    session << "SELECT coalesce(max(number) + 1, 0) FROM trials WHERE study_id = :study",
        soci::use(impl_->study_id), soci::into(next);
    if (next != number) {
      throw Error(ErrorKind::kInternal, "trial " + std::to_string(number) +
                                            " cannot begin: the next trial is " +
                                            std::to_string(next));
    }
    const std::string start = current_time();
    session << "INSERT INTO trials (number, study_id, state, datetime_start)"
               " VALUES (:number, :study, 'RUNNING', :start)",
        soci::use(next), soci::use(impl_->study_id), soci::use(start);
    const long long trial_id = require_trial(session, impl_->study_id, number).trial_id;
    write_params(session, trial_id, candidate.sample, space);
    write_candidate(session, trial_id, candidate, redrawn);
    session << "INSERT INTO nas_attempts"
               " (trial_id, attempts, without_progress, checkpoint_step, stopped_cleanly)"
               " VALUES (:trial, 1, 0, 0, 0)",
        soci::use(trial_id);
  });
}

void Study::resume_trial(std::int64_t number, std::int64_t checkpoint_step) {
  impl_->write("resume trial " + std::to_string(number) + " in", [&](soci::session& session) {
    const TrialRow row = require_state(session, impl_->study_id, number, "WAITING");
    const std::string start = current_time();
    const long long step = checkpoint_step;
    session << "UPDATE trials SET state = 'RUNNING', datetime_start = :start"
               " WHERE trial_id = :trial",
        soci::use(start), soci::use(row.trial_id);
    // The right-hand sides see the row as it was: the step of the attempt before.
    session << "UPDATE nas_attempts SET attempts = attempts + 1,"
               " without_progress = CASE WHEN :step > checkpoint_step THEN 0"
               " WHEN stopped_cleanly = 1 THEN without_progress ELSE without_progress + 1 END,"
               " checkpoint_step = :step, stopped_cleanly = 0 WHERE trial_id = :trial",
        soci::use(step, "step"), soci::use(row.trial_id, "trial");
  });
}

void Study::requeue_trial(std::int64_t number) {
  impl_->write("requeue trial " + std::to_string(number) + " in", [&](soci::session& session) {
    const TrialRow row = require_state(session, impl_->study_id, number, "RUNNING");
    set_state(session, row.trial_id, "WAITING");
    session << "UPDATE nas_attempts SET stopped_cleanly = 1 WHERE trial_id = :trial",
        soci::use(row.trial_id);
  });
}

void Study::report(std::int64_t number, std::int64_t step, double value) {
  impl_->write("write to", [&](soci::session& session) {
    const TrialRow row = require_state(session, impl_->study_id, number, "RUNNING");
    write_intermediate(session, row.trial_id, step, value);
  });
}

void Study::finish_trial(std::int64_t number, const space::Outcome& outcome,
                         const std::vector<double>& constraints, const Json& extra) {
  require_recordable(number, outcome);
  for (const auto& [key, value] : extra.items()) require_free_key(key);
  impl_->write("finish trial " + std::to_string(number) + " in", [&](soci::session& session) {
    const TrialRow row = require_state(session, impl_->study_id, number, "RUNNING");
    const long long objectives = count_objectives(session, impl_->study_id);
    const auto values = static_cast<long long>(outcome.further_values.size()) + 1;
    if (outcome.state == space::TrialState::kComplete && values != objectives) {
      throw Error(ErrorKind::kInternal, "trial " + std::to_string(number) + " has " +
                                            std::to_string(values) + " values for " +
                                            std::to_string(objectives) + " objectives");
    }
    write_outcome(session, row.trial_id, objectives, outcome);
    write_constraints(session, row.trial_id, constraints);
    for (const auto& [key, value] : extra.items()) {
      write_attribute(session, row.trial_id, key, json_text(value));
    }
    const std::string state = to_text(outcome.state);
    const std::string end = current_time();
    session << "UPDATE trials SET state = :state, datetime_complete = :end WHERE trial_id = :trial",
        soci::use(state), soci::use(end), soci::use(row.trial_id);
  });
}

void Study::set_trial_attribute(std::int64_t number, const std::string& key, const Json& value) {
  require_free_key(key);
  const std::string text = json_text(value);
  impl_->write("write to", [&](soci::session& session) {
    write_attribute(session, require_trial(session, impl_->study_id, number).trial_id, key, text);
  });
}

}  // namespace nas::store
