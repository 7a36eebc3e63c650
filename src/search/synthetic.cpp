#include "nas/search/synthetic.hpp"

#include <algorithm>
#include <cmath>

#include "nas/core/philox.hpp"
#include "nas/space/primitive.hpp"

namespace nas::search {
namespace {

using space::Node;
using space::Program;

/// What the objective sees of a program; every entry in [0, 1]. Anything else is neutral.
struct Features {
  double squares = 0;          ///< halves: square nodes
  double convolutions = 0;     ///< thirds: causal_depthwise_conv nodes
  double scales = 0;           ///< halves: scale_learned nodes
  double gates = 0;            ///< halves: sigmoid nodes
  double rms_norms = 0;        ///< halves: rms_norm nodes
  double mean = 0;             ///< a cumulative_mean
  double squared_relu = 0;     ///< a square whose operand is a relu: order matters here
  double convolved_heads = 0;  ///< a split_heads whose operand is a causal_depthwise_conv
};

struct Known {
  std::uint16_t conv, mean, relu, rms_norm, scale_learned, sigmoid, split_heads, square;
};

const Known& known() {
  static const Known table{space::primitive_index("causal_depthwise_conv"),
                           space::primitive_index("cumulative_mean"),
                           space::primitive_index("relu"),
                           space::primitive_index("rms_norm"),
                           space::primitive_index("scale_learned"),
                           space::primitive_index("sigmoid"),
                           space::primitive_index("split_heads"),
                           space::primitive_index("square")};
  return table;
}

bool made_by(const Program& program, space::ValueIndex value, std::uint16_t primitive) {
  return !program.is_input(value) && program.node_of(value).primitive == primitive;
}

Features features_of(const Program& program) {
  const Known& is = known();
  int squares = 0, convolutions = 0, scales = 0, gates = 0, norms = 0, means = 0;
  bool squared_relu = false;
  bool convolved_heads = false;
  for (const Node& node : program.nodes) {
    squares += node.primitive == is.square;
    convolutions += node.primitive == is.conv;
    scales += node.primitive == is.scale_learned;
    gates += node.primitive == is.sigmoid;
    norms += node.primitive == is.rms_norm;
    means += node.primitive == is.mean;
    squared_relu |= node.primitive == is.square && made_by(program, node.inputs[0], is.relu);
    convolved_heads |=
        node.primitive == is.split_heads && made_by(program, node.inputs[0], is.conv);
  }
  const auto share = [](int count, int full) { return std::min(count, full) / double(full); };
  return {share(squares, 2), share(convolutions, 3), share(scales, 2),     share(gates, 2),
          share(norms, 2),   share(means, 1),        double(squared_relu), double(convolved_heads)};
}

/// The final value: main effects, two pairs that help only together, and one that hurts alone
/// (gates without squares), so that climbing one step at a time is not enough.
double final_value(const Features& f) {
  return 2.0 - 0.15 * f.squares - 0.20 * f.convolutions - 0.10 * f.scales - 0.10 * f.rms_norms -
         0.05 * f.mean - 0.05 * f.squared_relu - 0.05 * f.convolved_heads -
         0.25 * f.squares * f.convolutions - 0.25 * f.gates * f.scales +
         0.10 * f.gates * (1.0 - f.squares);
}

constexpr double kIdealRatio = 4.0;  ///< inner_dim / model_dim without penalty

}  // namespace

SyntheticObjective::SyntheticObjective(std::uint64_t seed, const Options& options)
    : seed_(seed), options_(options) {}

double SyntheticObjective::value(const space::Architecture& architecture, std::int64_t step,
                                 std::int64_t total_steps, std::uint32_t repeat) const {
  const space::Architecture whole = canonical(architecture);
  double sum = 0;
  for (const space::LayerSpec& layer : whole.layers) {
    const double ratio =
        static_cast<double>(layer.inner_dim) / static_cast<double>(whole.model.model_dim);
    sum +=
        final_value(features_of(layer.program)) + 0.05 * std::abs(std::log2(ratio / kIdealRatio));
  }
  const double final = sum / static_cast<double>(whole.layers.size());
  const double progress =
      total_steps > 0 ? static_cast<double>(step) / static_cast<double>(total_steps) : 1.0;
  const double curve = step >= total_steps ? 0.0 : 2.0 * std::exp(-5.0 * progress);
  if (options_.noise <= 0) return final + curve;
  const Hash128 hash = hash_of(whole);
  DrawCursor cursor(
      {mix(seed_, hash.low), Purpose::kSynthetic, repeat, static_cast<std::uint32_t>(step)});
  return final + curve + options_.noise * cursor.normal();
}

bool SyntheticObjective::fails(const space::Architecture& architecture) const {
  if (options_.fail_share <= 0) return false;
  DrawCursor cursor({mix(seed_, hash_of(architecture).low), Purpose::kSynthetic, 0, 0});
  return cursor.uniform() < options_.fail_share;
}

double SyntheticObjective::optimum() {
  // Linear in each feature alone, so the least value is at a corner of the cube.
  double best = final_value(Features{});
  for (unsigned corner = 0; corner < 256; ++corner) {
    const auto at = [corner](unsigned bit) { return double((corner >> bit) & 1U); };
    best = std::min(best, final_value({at(0), at(1), at(2), at(3), at(4), at(5), at(6), at(7)}));
  }
  return best;
}

}  // namespace nas::search
