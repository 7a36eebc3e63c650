#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "nas/config/fields.hpp"

namespace nas::config {

// What a study searches for and how sure it must be. The help and range of each member are in its
// declaration, src/config/objectives.cpp.

struct ObjectiveConfig {
  std::string metric = "val_bpb";
  std::string direction = "minimize";  ///< "minimize", "maximize"
  double weight = 1;                   ///< exponent in a weighted product
  std::optional<double> reference;     ///< what the metric is divided by in a weighted product
};

/// Several trainings of each candidate.
struct RepeatConfig {
  std::int64_t seeds = 1;
};

struct ConstraintConfig {
  std::string metric;
  std::optional<double> min;
  std::optional<double> max;
};

struct VerifyConfig {
  std::int64_t top = 1;  ///< 0: off
  std::int64_t repeats = 3;
  bool random_search = false;  ///< beside a random search of equal budget
};

void describe(Fields& fields, ObjectiveConfig& config);
void describe(Fields& fields, RepeatConfig& config);
void describe(Fields& fields, ConstraintConfig& config);
void describe(Fields& fields, VerifyConfig& config);

}  // namespace nas::config
