#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>

#include "config/allowed.hpp"
#include "nas/config/run_config.hpp"

namespace nas::config {
namespace {

const char* const kAbsent = "(absent)";

/// Keys of `training` that change no result.
constexpr std::array kUndecidingKeys{"tensorboard", "capture"};

std::string joined(const std::string& parent, const std::string& name) {
  return parent.empty() ? name : parent + "." + name;
}

void compare(const Json* before, const Json* after, const std::string& key,
             std::vector<std::string>& lines) {
  if (before != nullptr && after != nullptr && *before == *after) return;
  const std::string label = key.empty() ? "configuration" : key;
  const bool objects =
      before != nullptr && after != nullptr && before->is_object() && after->is_object();
  const bool lists = before != nullptr && after != nullptr && before->is_array() &&
                     after->is_array() && before->size() == after->size();
  if (objects) {
    const std::size_t lines_before = lines.size();
    for (const auto& [name, value] : before->items()) {
      const auto other = after->find(name);
      compare(&value, other != after->end() ? &*other : nullptr, joined(key, name), lines);
    }
    for (const auto& [name, value] : after->items()) {
      if (!before->contains(name)) compare(nullptr, &value, joined(key, name), lines);
    }
    // The order of a space's choices is the order of their draws.
    if (lines.size() == lines_before) lines.push_back(label + ": the same keys in another order");
    return;
  }
  if (lists) {
    for (std::size_t i = 0; i < before->size(); ++i) {
      compare(&(*before)[i], &(*after)[i], joined(key, std::to_string(i)), lines);
    }
    return;
  }
  lines.push_back(label + ": " + (before != nullptr ? shown(*before) : kAbsent) + " -> " +
                  (after != nullptr ? shown(*after) : kAbsent));
}

}  // namespace

std::vector<std::string> config_difference(const Json& before, const Json& after) {
  std::vector<std::string> lines;
  compare(&before, &after, "", lines);
  return lines;
}

void erase_undeciding_keys(Json& training) {
  for (const char* key : kUndecidingKeys) training.erase(key);
}

bool is_budget_key(const std::string& dotted_key) {
  return dotted_key == "name" || dotted_key == "device" || dotted_key == "budget" ||
         dotted_key == "verify" || dotted_key.starts_with("budget.") ||
         dotted_key.starts_with("verify.") ||
         std::ranges::any_of(kUndecidingKeys, [&](const char* key) {
           return dotted_key == std::string("training.") + key;
         });
}

}  // namespace nas::config
