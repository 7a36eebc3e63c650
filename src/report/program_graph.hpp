#pragma once

#include <string>
#include <vector>

#include "nas/space/architecture.hpp"

namespace nas::report {

/// A canonical program and the layers that have it at one size.
struct LayerProgram {
  std::string title;  ///< "layers 0 to 1: heads 4, inner_dim 256"
  std::string text;
};

/// The layers of the canonical architecture; neighbours that are equal are one.
[[nodiscard]] std::vector<LayerProgram> distinct_programs(const space::Architecture& architecture);

/// A graph in Graphviz's language: each program is a cluster, nodes with trained parameters are
/// filled, and nodes that the first of `before` does not have (program_diff.hpp) are framed.
[[nodiscard]] std::string graph_text(const std::vector<LayerProgram>& programs,
                                     const std::vector<LayerProgram>& before);

}  // namespace nas::report
