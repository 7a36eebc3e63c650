#include "nas/space/space.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "nas/core/error.hpp"
#include "nas/space/text.hpp"
#include "space/json_reader.hpp"
#include "space/lexer.hpp"
#include "space/program_reader.hpp"
#include "space/space_normal_form.hpp"
#include "space/space_slot.hpp"
#include "space/space_template.hpp"

namespace nas::space {
namespace {

constexpr double kMaxCounted = 1e6;

/// Counts up through the choices in use like an odometer, the last choice fastest. A choice of
/// depth comes first, so that the parts it leaves out stay where they are.
class Odometer {
 public:
  Odometer(const SpaceTemplate& parts, const std::vector<Choice>& choices, const Sample& initial)
      : template_(parts), choices_(choices), initial_(initial) {}

  /// Calls `visit` for each combination, rules not applied, until it returns false.
  void run(const std::function<bool(const Sample&)>& visit) {
    sample_ = initial_;
    static_cast<void>(turn(0, visit));
  }

 private:
  bool turn(std::size_t choice, const std::function<bool(const Sample&)>& visit) {
    if (choice == choices_.size()) return visit(sample_);
    if (!template_.is_used(template_.choice_layer[choice], template_.depth_of(sample_))) {
      return turn(choice + 1, visit);
    }
    bool goes_on = true;
    for (std::size_t option = 0; goes_on && option < choices_[choice].options.size(); ++option) {
      sample_.choices[choice] = static_cast<std::uint16_t>(option);
      goes_on = turn(choice + 1, visit);
    }
    sample_.choices[choice] = initial_.choices[choice];
    return goes_on;
  }

  const SpaceTemplate& template_;
  const std::vector<Choice>& choices_;
  const Sample& initial_;
  Sample sample_;
};

/// Combinations of the choices in use at one depth.
double combinations(const SpaceTemplate& parts, const std::vector<Choice>& choices,
                    std::size_t depth) {
  double product = 1;
  for (std::size_t i = 0; i < choices.size(); ++i) {
    const bool is_depth = parts.depth.choice == i;
    if (!is_depth && parts.is_used(parts.choice_layer[i], depth)) {
      product *= static_cast<double>(choices[i].options.size());
    }
  }
  return product;
}

}  // namespace

Space::Size Space::size() const {
  Size size;
  size.has_programs = !slots_.empty();
  size.finite = 0;
  for (const std::int64_t depth : template_->depth.values) {
    size.finite += combinations(*template_, choices_, static_cast<std::size_t>(depth));
  }
  if (size.finite > kMaxCounted) return size;
  size.finite = 0;
  size.exact = true;
  const Sample first = initial();
  Odometer(*template_, choices_, first).run([&](const Sample& sample) {
    if (!template_->broken_rule(sample)) size.finite += 1;
    return true;
  });
  return size;
}

Sample Space::initial() const {
  Sample sample;
  for (const Choice& choice : choices_) sample.choices.push_back(choice.initial);
  for (const ProgramSlot& slot : slots_) {
    sample.programs.push_back(slot.initial);
    sample.dnas.push_back(slot.dna_initial);
  }
  return sample;
}

void Space::enumerate(const std::function<bool(const Sample&)>& visit) const {
  if (!slots_.empty()) {
    throw Error(ErrorKind::kConfig, "the space cannot be enumerated: \"" + slots_[0].name +
                                        "\" is an evolving program");
  }
  const Sample first = initial();
  Odometer(*template_, choices_, first).run([&](const Sample& sample) {
    return template_->broken_rule(sample) ? true : visit(sample);
  });
}

std::string Space::broken_rule(const Sample& sample) const {
  const std::optional<std::size_t> rule = template_->broken_rule(sample);
  return rule ? template_->rule_text(*rule) : "";
}

Architecture Space::architecture(const Sample& sample) const {
  Architecture result;
  result.model = template_->model;
  result.model.model_dim = template_->model_dim.value(sample);
  const std::size_t depth = template_->depth_of(sample);
  result.layers.reserve(depth);
  for (std::size_t i = 0; i < depth; ++i) {
    const LayerTemplate& layer = template_->layers[i];
    LayerSpec& spec = result.layers.emplace_back();
    spec.heads = layer.heads.value(sample);
    spec.inner_dim = layer.inner_dim.value(sample);
    spec.program = template_->layer_program(layer, sample);
  }
  return result;
}

void reset_unused(const SpaceTemplate& parts, const std::vector<Choice>& choices,
                  const std::vector<ProgramSlot>& slots, Sample& sample) {
  const std::size_t depth = parts.depth_of(sample);
  for (std::size_t i = 0; i < choices.size(); ++i) {
    if (!parts.is_used(parts.choice_layer[i], depth)) sample.choices[i] = choices[i].initial;
  }
  for (std::size_t i = 0; i < slots.size(); ++i) {
    if (parts.is_used(parts.slot_layer[i], depth)) continue;
    sample.programs[i] = slots[i].initial;
    sample.dnas[i] = slots[i].dna_initial;
  }
}

Json Space::to_json(const Sample& sample) const {
  Json choices = Json::object();
  for (std::size_t i = 0; i < choices_.size(); ++i) {
    choices[choices_[i].name] = choices_[i].options[sample.choices[i]];
  }
  Json programs = Json::object();
  for (std::size_t i = 0; i < slots_.size(); ++i) {
    programs[slots_[i].name] = genotype_to_json(sample, i);
  }
  Json json = Json::object();
  json["choices"] = std::move(choices);
  json["programs"] = std::move(programs);
  return json;
}

Sample Space::sample_from_json(const Json& json) const {
  const JsonPositions nowhere;
  Mistakes mistakes(nowhere);
  Sample sample = initial();
  ObjectReader reader(json, "", mistakes);
  if (const Json* choices = reader.require("choices")) {
    ObjectReader options(*choices, "/choices", mistakes);
    for (std::size_t i = 0; i < choices_.size(); ++i) {
      const Json* given = options.require(choices_[i].name);
      if (given == nullptr) continue;
      const auto& known = choices_[i].options;
      const auto found = std::find(known.begin(), known.end(), *given);
      if (found == known.end()) {
        mistakes.add(options.pointer_to(choices_[i].name), *given, "is no option of this space");
      } else {
        sample.choices[i] = static_cast<std::uint16_t>(found - known.begin());
      }
    }
    options.finish();
  }
  if (const Json* programs = reader.require("programs")) {
    ObjectReader given(*programs, "/programs", mistakes);
    for (std::size_t i = 0; i < slots_.size(); ++i) {
      const Json* lines = given.require(slots_[i].name);
      if (lines == nullptr) continue;
      const std::string pointer = given.pointer_to(slots_[i].name);
      if (slots_[i].dna) {
        if (const auto dna = read_dna(*lines, slots_[i].rules.check, pointer, mistakes)) {
          sample.dnas[i] = dna->dna;
          sample.programs[i] = dna->program;
        }
      } else if (const auto program = read_program(*lines, pointer, mistakes)) {
        require_accepted(*program, slots_[i].rules.check, pointer, mistakes);
        sample.programs[i] = *program;
      }
    }
    given.finish();
  }
  reader.finish();
  mistakes.throw_if_any();
  reset_unused(*template_, choices_, slots_, sample);
  return sample;
}

}  // namespace nas::space
