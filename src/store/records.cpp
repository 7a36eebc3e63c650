#include "store/records.hpp"

#include <array>
#include <charconv>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <ctime>
#include <limits>
#include <nlohmann/json.hpp>
#include <string_view>

#include "nas/core/error.hpp"
#include "nas/space/outcome_json.hpp"
#include "nas/space/text.hpp"

namespace nas::store {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

[[noreturn]] void damaged(const std::string& where, const std::string& what) {
  throw Error(ErrorKind::kStudy, where + " does not hold what nas writes there: " + what);
}

/// Parses `text` and reads it with `read`; every fault becomes an Error(kStudy) about `where`.
template <class Read>
auto decoded(const std::string& text, const std::string& where, Read&& read) {
  const Json json = parse_stored_json(text, where);
  try {
    return read(json);
  } catch (const Json::exception& fault) {
    damaged(where, fault.what());
  } catch (const Error& fault) {
    damaged(where, fault.what());
  }
}

[[noreturn]] void unexpected(const Json& json, const std::string& wanted) {
  throw Error(ErrorKind::kStudy, json_text(json) + " is no " + wanted);
}

const Json& array_in(const Json& json) {
  if (!json.is_array()) unexpected(json, "array");
  return json;
}

std::int64_t integer_in(const Json& json) {
  if (!json.is_number_integer()) unexpected(json, "integer");
  return json.get<std::int64_t>();
}

std::vector<std::int64_t> integers_in(const Json& json) {
  std::vector<std::int64_t> numbers;
  for (const Json& number : array_in(json)) numbers.push_back(integer_in(number));
  return numbers;
}

space::MutationKind mutation_kind(const std::string& name) {
  using enum space::MutationKind;
  for (const auto kind : {kInsert, kDelete, kDeleteInsert, kField, kSwap, kChoice, kBank}) {
    if (name == space::to_text(kind)) return kind;
  }
  throw Error(ErrorKind::kStudy, "\"" + name + "\" is no kind of mutation");
}

}  // namespace

NumberColumns number_columns(double value) {
  if (std::isfinite(value)) return {value, soci::i_ok, "FINITE"};
  if (std::isnan(value)) return {0, soci::i_null, "NAN"};
  return {0, soci::i_null, value > 0 ? "INF_POS" : "INF_NEG"};
}

double number_of(const NumberColumns& columns, const std::string& where) {
  if (columns.type == "FINITE" && columns.indicator == soci::i_ok) return columns.value;
  if (columns.type == "NAN") return kNan;
  if (columns.type == "INF_POS") return kInfinity;
  if (columns.type == "INF_NEG") return -kInfinity;
  damaged(where, "a number of type \"" + columns.type + "\"");
}

std::string current_time() {
  using std::chrono::duration_cast;
  using std::chrono::microseconds;
  using std::chrono::system_clock;
  const system_clock::time_point now = system_clock::now();
  const std::time_t seconds = system_clock::to_time_t(now);
  const auto fraction =
      duration_cast<microseconds>(now - system_clock::from_time_t(seconds)).count();
  std::tm local{};
  ::localtime_r(&seconds, &local);
  std::array<char, 32> text{};
  const std::size_t size = std::strftime(text.data(), text.size(), "%Y-%m-%d %H:%M:%S.", &local);
  const std::string digits = std::to_string(fraction);
  return std::string(text.data(), size) + std::string(6 - digits.size(), '0') + digits;
}

std::string json_text(const Json& json) {
  constexpr int kOneLine = -1;
  constexpr bool kAsciiOnly = false;
  return json.dump(kOneLine, ' ', kAsciiOnly, Json::error_handler_t::replace);
}

std::string sample_text(const space::Sample& sample) {
  Json json = Json::object();
  json["choices"] = sample.choices;
  json["programs"] = Json::array();
  for (std::size_t slot = 0; slot < sample.programs.size(); ++slot) {
    json["programs"].push_back(space::genotype_to_json(sample, slot));
  }
  return json_text(json);
}

space::Sample sample_of(const std::string& text, const std::string& where) {
  return decoded(text, where, [&](const Json& json) {
    space::Sample sample;
    for (const Json& option : array_in(json.at("choices"))) {
      sample.choices.push_back(static_cast<std::uint16_t>(integer_in(option)));
    }
    for (const Json& program : array_in(json.at("programs"))) {
      space::add_genotype(program, where, sample);
    }
    return sample;
  });
}

std::string architecture_text(const space::Architecture& architecture) {
  return json_text(space::to_json(architecture));
}

space::Architecture architecture_of(const std::string& text, const std::string& where) {
  return decoded(text, where, [&](const Json& json) {
    return space::architecture_from_json(json, JsonPositions(where));
  });
}

std::string hash_text_of(const Hash128& hash) { return json_text(hash.hex()); }

Hash128 hash_of_text(const std::string& text, const std::string& where) {
  constexpr std::size_t kDigits = 32;
  const std::string digits = string_of(text, where);
  const char* begin = digits.data();
  const char* middle = begin + kDigits / 2;
  Hash128 hash;
  if (digits.size() == kDigits) {
    const auto high = std::from_chars(begin, middle, hash.high, 16);
    const auto low = std::from_chars(middle, begin + kDigits, hash.low, 16);
    if (high.ptr == middle && low.ptr == begin + kDigits) return hash;
  }
  damaged(where, "\"" + digits + "\" is no hash of 32 hexadecimal digits");
}

std::string integers_text(const std::vector<std::int64_t>& numbers) { return json_text(numbers); }

std::vector<std::int64_t> integers_of(const std::string& text, const std::string& where) {
  return decoded(text, where, integers_in);
}

std::string changes_text(const std::vector<space::Change>& changes) {
  Json json = Json::array();
  for (const space::Change& change : changes) {
    Json entry = Json::object();
    entry["kind"] = space::to_text(change.kind);
    entry["where"] = change.where;
    json.push_back(std::move(entry));
  }
  return json_text(json);
}

std::vector<space::Change> changes_of(const std::string& text, const std::string& where) {
  return decoded(text, where, [](const Json& json) {
    std::vector<space::Change> changes;
    for (const Json& entry : array_in(json)) {
      changes.push_back({mutation_kind(entry.at("kind").get<std::string>()),
                         entry.at("where").get<std::string>()});
    }
    return changes;
  });
}

std::string scores_text(const space::Scores& scores) {
  Json json = Json::array();
  for (const space::Score& score : scores) json.push_back(space::score_to_json(score));
  return json_text(json);
}

space::Scores scores_of(const std::string& text, const std::string& where) {
  return decoded(text, where, [](const Json& json) {
    space::Scores scores;
    for (const Json& score : array_in(json)) scores.push_back(space::score_from_json(score));
    return scores;
  });
}

std::string string_of(const std::string& text, const std::string& where) {
  return decoded(text, where, [](const Json& json) { return json.get<std::string>(); });
}

std::vector<std::string> strings_of(const std::string& text, const std::string& where) {
  return decoded(text, where,
                 [](const Json& json) { return array_in(json).get<std::vector<std::string>>(); });
}

std::int64_t integer_of(const std::string& text, const std::string& where) {
  return decoded(text, where, integer_in);
}

double real_of(const std::string& text, const std::string& where) {
  return decoded(text, where, space::number_from_json);
}

std::string outcome_text(const space::Outcome& outcome) {
  return json_text(space::outcome_to_json(outcome));
}

space::Outcome outcome_of(const std::string& text, const std::string& where) {
  return decoded(text, where, space::outcome_from_json);
}

space::TrialState state_of(const std::string& text, const std::string& where) {
  try {
    return space::trial_state_from_text(text);
  } catch (const Error& fault) {
    damaged(where, fault.what());
  }
}

}  // namespace nas::store
