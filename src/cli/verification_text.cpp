#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "command.hpp"
#include "nas/core/units.hpp"

namespace nas::cli {
namespace {

Json number_or_null(double value) { return std::isfinite(value) ? Json(value) : Json(nullptr); }

std::string verdict_line(const run::Comparison& comparison) {
  if (std::isnan(comparison.difference)) return "verdict   " + comparison.verdict;
  std::string line = "verdict   " + comparison.verdict + ": difference " +
                     format_significant(comparison.difference, 3);
  if (std::isnan(comparison.low)) return line + ", no interval from one training";
  return line + ", 95 % interval [" + format_significant(comparison.low, 3) + ", " +
         format_significant(comparison.high, 3) + "]";
}

bool is_winner(const run::Verification& verification, const run::VerifiedRole& role) {
  return verification.winner && role.trial == *verification.winner && role.role != "random";
}

Json comparison_json(const run::Comparison& comparison) {
  return {{"against", comparison.against},
          {"difference", number_or_null(comparison.difference)},
          {"interval_95", {number_or_null(comparison.low), number_or_null(comparison.high)}},
          {"choices", comparison.choices},
          {"verdict", comparison.verdict}};
}

/// Says that another than the search's leader won; empty when the leader did.
std::string upset_line(const run::Verification& verification) {
  if (!verification.winner || verification.roles.front().trial == *verification.winner) return "";
  return "winner    trial " + std::to_string(*verification.winner) +
         ": over fresh seeds its mean is the best of the trials that were trained again; the "
         "search's own seeds had put trial " +
         std::to_string(verification.roles.front().trial) + " first";
}

/// The role whose mean is most probably the best; null when nothing says.
const run::VerifiedRole* likeliest(const run::Verification& verification) {
  const auto found = std::max_element(
      verification.roles.begin(), verification.roles.end(),
      [](const auto& a, const auto& b) { return a.best_probability < b.best_probability; });
  return found == verification.roles.end() || std::isnan(found->best_probability) ? nullptr
                                                                                  : &*found;
}

}  // namespace

std::string role_text(const run::Verification& verification, const run::VerifiedRole& role) {
  if (role.trial < 0) return role.role;
  const std::string trial = std::to_string(role.trial) + ")";
  if (role.role == "random") return "random (its trial " + trial;
  if (role.role == "winner" && verification.winner && *verification.winner != role.trial) {
    return "leader (trial " + trial;
  }
  return role.role + " (trial " + trial;
}

std::vector<std::string> verdict_lines(const run::Verification& verification) {
  std::vector<std::string> lines;
  if (const std::string line = upset_line(verification); !line.empty()) lines.push_back(line);
  if (verification.initial) lines.push_back(verdict_line(*verification.initial));
  if (verification.random) lines.push_back(verdict_line(*verification.random));
  const run::VerifiedRole* best = likeliest(verification);
  if (best != nullptr && (best->role == "random" || best->trial != verification.winner)) {
    lines.push_back("likeliest " + role_text(verification, *best) +
                    " has the best mean with probability " +
                    format_significant(best->best_probability, 2));
  }
  return lines;
}

std::vector<std::string> verification_lines(const run::Verification& verification) {
  std::vector<std::string> lines;
  if (verification.missing > 0) {
    lines.push_back("verifying " + std::to_string(verification.planned - verification.missing) +
                    " of " + std::to_string(verification.planned) +
                    " trainings with fresh seeds are done; nas resume goes on");
  }
  for (const run::VerifiedRole& role : verification.roles) {
    std::string line =
        "verified  " + role_text(verification, role) + ": " + verification.metric + " " +
        format_significant(role.mean, 6) +
        (role.values.size() > 1 ? " +- " + format_significant(role.deviation, 2) : "") + " over " +
        std::to_string(role.values.size()) + " fresh seeds";
    if (role.failed > 0) line += ", " + std::to_string(role.failed) + " failed";
    if (!std::isnan(role.best_probability)) {
      line += ", best with probability " + format_significant(role.best_probability, 2);
    }
    lines.push_back(line);
  }
  for (std::string& line : verdict_lines(verification)) lines.push_back(std::move(line));
  return lines;
}

Json verification_to_json(const run::Verification& verification) {
  Json roles = Json::array();
  for (const run::VerifiedRole& role : verification.roles) {
    roles.push_back({{"role", role.role},
                     {"trial", role.trial >= 0 ? Json(role.trial) : Json(nullptr)},
                     {"is_winner", is_winner(verification, role)},
                     {"hash", role.hash},
                     {"values", role.values},
                     {"failed", role.failed},
                     {"mean", number_or_null(role.mean)},
                     {"deviation", number_or_null(role.deviation)},
                     {"interval_95", {number_or_null(role.low), number_or_null(role.high)}},
                     {"best_probability", number_or_null(role.best_probability)}});
  }
  Json json =
      verification.initial
          ? comparison_json(*verification.initial)
          : Json{{"difference", nullptr}, {"interval_95", {nullptr, nullptr}}, {"verdict", ""}};
  json["metric"] = verification.metric;
  json["winner"] = verification.winner ? Json(*verification.winner) : Json(nullptr);
  json["planned"] = verification.planned;
  json["missing"] = verification.missing;
  json["roles"] = std::move(roles);
  json["random_search"] =
      verification.random ? comparison_json(*verification.random) : Json(nullptr);
  return json;
}

}  // namespace nas::cli
