#include "nn/models.hpp"

#include <ATen/core/grad_mode.h>
#include <ATen/ops/empty.h>

#include <numeric>

#include "nas/core/philox.hpp"
#include "nas/space/blocks.hpp"
#include "nas/space/dna.hpp"
#include "nas/space/mutation.hpp"
#include "nn/fusion.hpp"
#include "nn/initialise.hpp"
#include "support/required.hpp"

namespace nas::test {

namespace {

space::Architecture two_layers(const std::string& mixer, const std::string& feed_forward) {
  space::ShortLayer layer;
  layer.mixer = space::block_program(mixer, space::Slot::kMixer, {});
  layer.feed_forward = space::block_program(feed_forward, space::Slot::kFeedForward, {});
  space::Architecture architecture;
  architecture.model.vocab_size = 40;
  architecture.model.model_dim = 24;
  architecture.layers.assign(2, {3, 56, space::layer_program(layer)});
  return architecture;
}

}  // namespace

space::Architecture vanilla_architecture() { return two_layers("softmax_attention", "gelu"); }
space::Architecture primer_architecture() { return two_layers("mdha", "squared_relu"); }

space::Architecture small_architecture(const space::Program& program, std::size_t layers) {
  space::Architecture architecture;
  architecture.model.vocab_size = 16;
  architecture.model.model_dim = 8;
  architecture.layers.assign(layers, {2, 12, program});
  return architecture;
}

nn::LayerPlan small_layer(const space::Program& program, bool fuse, std::uint64_t seed) {
  const space::Architecture architecture = space::canonical(small_architecture(program));
  std::vector<nn::LayerParameter> parameters;
  nn::LayerPlan plan = nn::plan_layer(architecture, 0, parameters);
  std::vector<at::Tensor> tensors;
  for (const nn::LayerParameter& parameter : parameters) {
    const at::Tensor values = at::empty(parameter.shape.axes());
    const auto count = static_cast<std::size_t>(values.numel());
    nn::draw_initial_values(values, parameter.initial, seed, 0, parameter.name);
    DrawCursor cursor({seed, Purpose::kTest, 3 + tensors.size(), 0});
    for (std::size_t i = 0; i < count; ++i) {
      values.mutable_data_ptr<float>()[i] += static_cast<float>(0.2 * cursor.normal());
    }
    tensors.push_back(values);
  }
  nn::attach_parameters(plan, tensors);
  if (fuse) nn::fuse(plan, nn::FusionTarget::kCpu);
  nn::plan_releases(plan);
  return plan;
}

space::Architecture dna_model(const space::Program& program) {
  return {{.vocab_size = 16, .model_dim = kDnaModelDim}, {{4, 4 * kDnaModelDim, program}}};
}

space::Program walked_dna(std::uint64_t walk) {
  space::DnaRules dna_rules;
  dna_rules.operations.resize(space::dna_operations().size());
  std::iota(dna_rules.operations.begin(), dna_rules.operations.end(), std::uint16_t{0});
  space::MutationRules rules;
  rules.check.max_nodes = 256;
  space::Dna dna = space::primer_transformer(4, kDnaModelDim, space::Positions::kRope);
  for (std::uint32_t step = 0; step < 1 + walk % 12; ++step) {
    DrawCursor cursor({31, Purpose::kTest, walk, step});
    space::Dna child;
    space::MutationKind kind{};
    if (space::mutate_dna(dna, dna_rules, rules, cursor, child, kind)) dna = child;
  }
  return required(space::lower(dna), "program");
}

at::Tensor random_tokens(std::int64_t batch, std::int64_t seq, std::int64_t vocab,
                         std::uint64_t seed) {
  DrawCursor cursor({seed, Purpose::kTest, 1, 0});
  at::Tensor tokens = at::empty({batch, seq}, at::kLong);
  auto* const values = tokens.mutable_data_ptr<std::int64_t>();
  for (std::int64_t i = 0; i < tokens.numel(); ++i) {
    values[i] = cursor.below(static_cast<std::uint32_t>(vocab));
  }
  return tokens;
}

void disturb(nn::Model& model, double std, std::uint64_t seed) {
  const at::NoGradGuard no_grad;
  DrawCursor cursor({seed, Purpose::kTest, 2, 0});
  for (const nn::NamedTensor& parameter : model.parameters()) {
    auto* const values = parameter.tensor.mutable_data_ptr<float>();
    for (std::int64_t i = 0; i < parameter.tensor.numel(); ++i) {
      values[i] += static_cast<float>(std * cursor.normal());
    }
  }
}

}  // namespace nas::test
