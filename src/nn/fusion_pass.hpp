#pragma once

#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "nn/layer_plan.hpp"

namespace nas::nn {

[[nodiscard]] inline bool is_node(const Step& step, std::string_view name) {
  return step.kind == Step::Kind::kNode && space::spec_of(step.node).name == name;
}

/// Steps of a plan while patterns are looked for: which step makes a value, how often it is read,
/// and which steps are part of another by now.
class Pass {
 public:
  explicit Pass(LayerPlan& plan)
      : plan_(plan),
        maker_(plan.value_count),
        reads_(plan.value_count, 0),
        is_absorbed_(plan.steps.size(), false) {
    for (std::size_t i = 0; i < plan.steps.size(); ++i) {
      for (const PlanValue output : plan.steps[i].outputs) maker_[output] = i;
      for (const PlanValue input : plan.steps[i].inputs) ++reads_[input];
    }
    ++reads_[plan.output];
  }

  [[nodiscard]] std::size_t size() const { return plan_.steps.size(); }
  [[nodiscard]] Step& step(std::size_t at) { return plan_.steps[at]; }
  [[nodiscard]] const Step& step(std::size_t at) const { return plan_.steps[at]; }
  void absorb(std::size_t at) { is_absorbed_[at] = true; }
  [[nodiscard]] bool is_absorbed(std::size_t at) const { return is_absorbed_[at]; }
  void replace(std::size_t at, Step step) {
    plan_.steps[at] = std::move(step);
    is_absorbed_[at] = false;
  }

  /// The step that makes a value; nothing for the plan's input.
  [[nodiscard]] std::optional<std::size_t> maker(PlanValue value) const { return maker_[value]; }
  /// The same for a value which is read once; nothing for other values.
  [[nodiscard]] std::optional<std::size_t> only_reader(PlanValue value) const {
    return reads_[value] == 1 ? maker_[value] : std::nullopt;
  }
  /// How often a value is read; whoever takes the plan's output reads it too.
  [[nodiscard]] int reads(PlanValue value) const { return reads_[value]; }

  /// Takes the absorbed steps out; the end of a pass.
  void finish() {
    std::vector<Step> kept;
    kept.reserve(plan_.steps.size());
    for (std::size_t i = 0; i < plan_.steps.size(); ++i) {
      if (!is_absorbed_[i]) kept.push_back(std::move(plan_.steps[i]));
    }
    plan_.steps = std::move(kept);
  }

 private:
  LayerPlan& plan_;
  std::vector<std::optional<std::size_t>> maker_;
  std::vector<int> reads_;
  std::vector<bool> is_absorbed_;
};

}  // namespace nas::nn
