#include "train/pace.hpp"

#include <algorithm>

namespace nas::train {
namespace {

constexpr double kMostSteps = 1e9;

}  // namespace

bool Pace::is_spent(std::int64_t steps_done, double seconds) const {
  const std::optional<double>& limit = limit_seconds();
  if (limit) return seconds >= *limit && steps_done > 0;
  return steps_done >= request_.training.steps;
}

std::int64_t Pace::total_steps(std::int64_t steps_done, double seconds) const {
  const std::optional<double>& limit = limit_seconds();
  if (!limit) return request_.training.steps;
  const double done = std::max(1.0, static_cast<double>(steps_done));
  const double promised = seconds > 0 ? done * *limit / seconds : kMostSteps;
  return static_cast<std::int64_t>(std::clamp(promised, done, kMostSteps));
}

bool Pace::counts_into_loss(std::int64_t steps_done, double seconds) const {
  const std::optional<double>& limit = limit_seconds();
  if (limit) return seconds >= 0.9 * *limit;
  const std::int64_t total = request_.training.steps;
  return steps_done > total - std::max<std::int64_t>(1, total / 10);
}

std::optional<std::size_t> Pace::hurdle(const Progress& progress, double seconds) const {
  const std::size_t next = progress.hurdles.size();
  std::optional<std::size_t> met;
  for (std::size_t i = next; i < request_.hurdle_bars.size(); ++i) {
    const bool stands = limit_seconds() ? seconds >= request_.hurdle_seconds[i]
                                        : progress.step == request_.hurdle_steps[i];
    if (stands) met = i;
  }
  return met;
}

std::int64_t Pace::curve_interval() const {
  constexpr std::int64_t kPoints = 200;
  constexpr std::int64_t kByTheClock = 10;
  if (limit_seconds()) return kByTheClock;
  return std::max<std::int64_t>(1, request_.training.steps / kPoints);
}

std::string Pace::steps_text(std::int64_t steps_done) const {
  const std::string done = std::to_string(steps_done);
  if (limit_seconds()) return done + " steps";
  return done + " of " + std::to_string(request_.training.steps) + " steps";
}

}  // namespace nas::train
