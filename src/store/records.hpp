#pragma once

#include <soci/soci.h>

#include <optional>
#include <string>
#include <vector>

#include "nas/core/json.hpp"
#include "nas/space/trial.hpp"

/// Between the store's columns and JSON texts and the values of the program. What is read back
/// has the bits that were written. Functions that read throw Error(kStudy) that begins with
/// `where`, such as "runs/a/study.db: trial 12, nas:arch".
namespace nas::store {

/// A real number in a pair of columns: SQLite has no NaN, and Optuna keeps infinities by type too.
struct NumberColumns {
  double value = 0;
  soci::indicator indicator = soci::i_ok;
  std::string type;  ///< FINITE, INF_POS, INF_NEG, NAN
};
[[nodiscard]] NumberColumns number_columns(double value);
[[nodiscard]] double number_of(const NumberColumns& columns, const std::string& where);

/// Local time as SQLAlchemy writes it on SQLite: "2026-11-22 04:31:22.829605".
[[nodiscard]] std::string current_time();

/// JSON text on one line; bytes that are no UTF-8 (in a system's message) become U+FFFD.
[[nodiscard]] std::string json_text(const Json& json);

[[nodiscard]] std::string sample_text(const space::Sample& sample);
[[nodiscard]] space::Sample sample_of(const std::string& text, const std::string& where);

[[nodiscard]] std::string architecture_text(const space::Architecture& architecture);
[[nodiscard]] space::Architecture architecture_of(const std::string& text,
                                                  const std::string& where);

[[nodiscard]] std::string hash_text_of(const Hash128& hash);
[[nodiscard]] Hash128 hash_of_text(const std::string& text, const std::string& where);

[[nodiscard]] std::string integers_text(const std::vector<std::int64_t>& numbers);
[[nodiscard]] std::vector<std::int64_t> integers_of(const std::string& text,
                                                    const std::string& where);

[[nodiscard]] std::string changes_text(const std::vector<space::Change>& changes);
[[nodiscard]] std::vector<space::Change> changes_of(const std::string& text,
                                                    const std::string& where);

[[nodiscard]] std::string scores_text(const space::Scores& scores);
[[nodiscard]] space::Scores scores_of(const std::string& text, const std::string& where);

/// A JSON text that is one string, a list of them, one integer, one real number.
[[nodiscard]] std::string string_of(const std::string& text, const std::string& where);
[[nodiscard]] std::vector<std::string> strings_of(const std::string& text,
                                                  const std::string& where);
[[nodiscard]] std::int64_t integer_of(const std::string& text, const std::string& where);
[[nodiscard]] double real_of(const std::string& text, const std::string& where);

/// A whole outcome, for runs outside the trials.
[[nodiscard]] std::string outcome_text(const space::Outcome& outcome);
[[nodiscard]] space::Outcome outcome_of(const std::string& text, const std::string& where);

[[nodiscard]] space::TrialState state_of(const std::string& text, const std::string& where);

}  // namespace nas::store
