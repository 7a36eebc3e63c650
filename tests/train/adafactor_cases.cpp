// Steps of Adafactor for adafactor_test.py: weights before, gradients and weights after, in a
// folder.

#include <ATen/Functions.h>

#include <cmath>
#include <iostream>
#include <nlohmann/json.hpp>

#include "nas/config/run_config.hpp"
#include "nas/core/philox.hpp"
#include "nas/nn/safetensors.hpp"
#include "train/optimizer.hpp"

namespace nas::train {
namespace {

constexpr std::uint32_t kSteps = 50;

struct Case {
  const char* name;
  config::OptimizerConfig options;
};

std::vector<Case> cases() {
  config::OptimizerConfig as_t5;
  config::OptimizerConfig factored = as_t5;
  factored.min_dim_size_to_factor = 2;
  config::OptimizerConfig with_momentum = factored;
  with_momentum.momentum = 0.9;
  config::OptimizerConfig absolute = factored;
  absolute.multiply_by_parameter_scale = false;
  absolute.clip_threshold = 0.25;
  absolute.decay_rate = 0.5;
  absolute.epsilon1 = 1e-3;
  return {{"as_t5", as_t5},
          {"factored", factored},
          {"with_momentum", with_momentum},
          {"absolute", absolute}};
}

at::Tensor normal_tensor(at::IntArrayRef sizes, std::uint64_t subject, std::uint32_t step,
                         double scale) {
  at::Tensor tensor = at::empty(sizes, at::kFloat);
  DrawCursor cursor({2028, Purpose::kTest, subject, step});
  float* out = tensor.mutable_data_ptr<float>();
  for (std::int64_t i = 0; i < tensor.numel(); ++i) {
    out[i] = static_cast<float>(scale * cursor.normal());
  }
  return tensor;
}

void write_case(const Case& described, const std::string& folder) {
  const std::vector<std::vector<std::int64_t>> shapes = {{130, 140}, {40, 150}, {6, 4}, {3, 5, 4},
                                                         {33},       {1},       {7, 1}, {}};
  std::vector<nn::NamedTensor> file;
  std::vector<nn::TrainedTensor> parameters;
  for (std::size_t i = 0; i < shapes.size(); ++i) {
    const std::string name = "p" + std::to_string(i);
    // The last but one starts at zero, as biases do.
    const at::Tensor weight = normal_tensor(shapes[i], i, 0, i == 6 ? 0.0 : 0.1);
    file.push_back({"before." + name, weight.clone()});
    parameters.push_back({name, weight.clone().requires_grad_(true)});
  }
  const auto optimizer = builtin_optimizers().at("adafactor").make(described.options, parameters);
  for (std::uint32_t t = 1; t <= kSteps; ++t) {
    for (std::size_t i = 0; i < parameters.size(); ++i) {
      // Sizes that change over orders of magnitude; now and then no gradient at all.
      const double scale = t % 10 == 0 ? 0.0 : std::pow(10.0, static_cast<double>(t % 7) - 4.0);
      const at::Tensor gradient = normal_tensor(shapes[i], 100 + i, t, scale);
      file.push_back({"gradient." + std::to_string(t) + "." + parameters[i].name, gradient});
      parameters[i].tensor.mutable_grad() = gradient.clone();
    }
    const double rate = 0.02 / std::sqrt(static_cast<double>(t));
    optimizer->step(optimizer->gradient_norm(), at::scalar_tensor(rate, at::kDouble));
  }
  for (const nn::TrainedTensor& parameter : parameters) {
    file.push_back({"after." + parameter.name, parameter.tensor.detach()});
  }
  config::TrainingConfig training;
  training.optimizer = described.options;
  training.optimizer.name = "adafactor";
  const Json options =
      config::write_fields([&](config::Fields& fields) { describe(fields, training); });
  nn::write_safetensors(
      folder + "/" + described.name + ".safetensors", file,
      {{"options", options["optimizer"].dump()}, {"steps", std::to_string(kSteps)}});
}

}  // namespace
}  // namespace nas::train

int main(int argc, char** argv) {
  if (argc != 2) {
    std::cerr << "usage: " << argv[0] << " FOLDER\n";
    return 2;
  }
  for (const auto& described : nas::train::cases()) nas::train::write_case(described, argv[1]);
  return 0;
}
