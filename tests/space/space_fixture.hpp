#pragma once

#include <string>

#include "nas/core/json.hpp"
#include "nas/space/space.hpp"

namespace nas::test {

/// A space from the text of its JSON, as if it were the file s.json with the space at its root.
inline space::Space read_space(const std::string& text, const space::ModelSpec& model = {}) {
  JsonPositions positions("s.json");
  const Json json = parse_json(text, positions);
  return space::Space::from_json(json, model, positions, "");
}

/// Two layers whose whole program evolves, with one choice.
inline const std::string kEvolvingLayer = R"({
  "layers": 2, "model_dim": 64, "heads": 4, "inner_dim": {"choice": [128, 256]},
  "layer": {"program": {"vocabulary": "causal", "max_nodes": 40, "sample_mutations": 3,
    "initial": {"mixer": "softmax_attention", "feed_forward": "relu"}}}})";

/// A hand-made stack with choices of every kind, no rules.
inline const std::string kChoices = R"({
  "layers": 2, "model_dim": {"choice": [32, 64]}, "heads": {"per_layer": {"choice": [2, 4]}},
  "inner_dim": {"int": {"min": 64, "max": 128, "step": 32}},
  "norm": {"choice": ["layer_norm", "rms_norm"], "initial": "rms_norm"},
  "mixer": {"choice": ["mdha", "softmax_attention"]},
  "feed_forward": {"per_layer": {"choice": ["relu", "gelu", "squared_relu"]}}})";

}  // namespace nas::test
