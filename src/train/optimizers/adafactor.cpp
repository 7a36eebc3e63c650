#include <ATen/Functions.h>
#include <ATen/TensorOperators.h>
#include <ATen/core/grad_mode.h>

#include <cmath>
#include <optional>

#include "nas/core/error.hpp"
#include "train/builtin.hpp"
#include "train/optimizer.hpp"

namespace nas::train {
namespace {

/// The two axes over which a second moment is kept factored.
struct FactoredAxes {
  std::int64_t row = 0;     ///< the largest axis; v_row has all axes but `column`
  std::int64_t column = 0;  ///< the second largest; v_column has all axes but `row`
};

/// The two largest axes, the earlier one of equals first; nothing when one of them is smaller than
/// `least` or there are not two.
std::optional<FactoredAxes> factored_axes(at::IntArrayRef sizes, std::int64_t least) {
  const auto axes = static_cast<std::int64_t>(sizes.size());
  if (axes < 2) return std::nullopt;
  const auto size = [&](std::int64_t axis) { return sizes[static_cast<std::size_t>(axis)]; };
  FactoredAxes found{0, 1};
  if (size(1) > size(0)) found = {1, 0};
  for (std::int64_t axis = 2; axis < axes; ++axis) {
    if (size(axis) > size(found.row)) {
      found = {axis, found.row};
    } else if (size(axis) > size(found.column)) {
      found.column = axis;
    }
  }
  if (size(found.column) < least) return std::nullopt;
  return found;
}

/// [] float32: sqrt of the mean square.
at::Tensor root_mean_square(const at::Tensor& tensor) { return tensor.square().mean().sqrt(); }

/// With g the gradient, t the step from 1, lr its rate, b = 1 - t^-decay_rate, mean_R and mean_C
/// over the rows and the columns of a matrix, and RMS the root mean square:
///   v_row := b v_row + (1 - b) mean_C(g^2 + epsilon1)
///   v_column := b v_column + (1 - b) mean_R(g^2 + epsilon1)
///   v = v_row v_column^T / mean(v_row)
///   v := b v + (1 - b) (g^2 + epsilon1)            instead, where it is not factored
///   u = g / sqrt(v)
///   u := u / max(1, RMS(u) / clip_threshold)
///   a = lr max(epsilon2, RMS(w))                   or lr, without the parameter's scale
///   m := momentum m + (1 - momentum) a u           or m = a u, without momentum
///   w := w - m
/// Source: Shazeer and Stern 2018 (arXiv:1804.04235), algorithms 4 to 6, as Mesh TensorFlow has
/// them for T5: the rate comes from the schedule, vectors and matrices with a small axis are not
/// factored, of more than two axes the two largest are, and the momentum is of scaled updates.
class Adafactor final : public Optimizer {
 public:
  Adafactor(const config::OptimizerConfig& options,
            const std::vector<nn::TrainedTensor>& parameters);

  [[nodiscard]] at::Tensor gradient_norm() const override;
  void step(const at::Tensor& norm, const at::Tensor& learning_rate) override;
  [[nodiscard]] std::int64_t steps_done() const override { return step_.item<std::int64_t>(); }
  [[nodiscard]] std::vector<nn::NamedTensor> state() const override;
  void resume_at(std::int64_t steps_done) override { step_.fill_(steps_done); }

 private:
  struct Parameter {
    std::string name;
    at::Tensor weight;
    std::optional<FactoredAxes> axes;
    at::Tensor v_row, v_column;  ///< where there are axes
    at::Tensor v;                ///< elsewhere
    at::Tensor momentum;         ///< undefined without
  };
  /// decay: [] float64, the share that the moments keep.
  void update(Parameter& parameter, const at::Tensor& gradient, const at::Tensor& decay,
              const at::Tensor& learning_rate) const;
  /// g / sqrt(v), with the moments of this step.
  [[nodiscard]] at::Tensor scaled_gradient(Parameter& parameter, const at::Tensor& gradient,
                                           const at::Tensor& decay) const;

  config::OptimizerConfig options_;
  std::vector<Parameter> parameters_;
  std::vector<nn::TrainedTensor> trained_;  ///< as parameters_
  at::Tensor step_;                         ///< [] int64 on the device
};

Adafactor::Adafactor(const config::OptimizerConfig& options,
                     const std::vector<nn::TrainedTensor>& parameters)
    : options_(options), trained_(parameters) {
  const at::NoGradGuard no_grad;
  NAS_ASSERT(!parameters.empty());
  step_ = at::zeros({}, at::TensorOptions(at::kLong).device(parameters.front().tensor.device()));
  for (const nn::TrainedTensor& given : parameters) {
    Parameter parameter;
    parameter.name = given.name;
    parameter.weight = given.tensor;
    parameter.axes = factored_axes(given.tensor.sizes(), options.min_dim_size_to_factor);
    if (parameter.axes) {
      const auto without = [&](std::int64_t axis) {
        const at::Tensor part = given.tensor.detach().select(axis, 0);
        return at::zeros(part.sizes(), part.options());
      };
      parameter.v_row = without(parameter.axes->column);
      parameter.v_column = without(parameter.axes->row);
    } else {
      parameter.v = at::zeros_like(given.tensor);
    }
    if (options.momentum > 0) parameter.momentum = at::zeros_like(given.tensor);
    parameters_.push_back(std::move(parameter));
  }
}

at::Tensor Adafactor::gradient_norm() const {
  const at::NoGradGuard no_grad;
  return at::linalg_vector_norm(at::stack(at::_foreach_norm(gradients_of(trained_))));
}

void Adafactor::step(const at::Tensor&, const at::Tensor& learning_rate) {
  const at::NoGradGuard no_grad;
  step_.add_(1);
  const at::Tensor decay = 1.0 - step_.to(at::kDouble).pow(-options_.decay_rate);
  const std::vector<at::Tensor> gradients = gradients_of(trained_);
  for (std::size_t i = 0; i < parameters_.size(); ++i) {
    update(parameters_[i], gradients[i], decay, learning_rate);
  }
  drop_gradients(trained_);
  refresh_narrow(trained_);
}

void Adafactor::update(Parameter& parameter, const at::Tensor& gradient, const at::Tensor& decay,
                       const at::Tensor& learning_rate) const {
  at::Tensor change = scaled_gradient(parameter, gradient, decay);
  change.div_(at::clamp_min(root_mean_square(change) / options_.clip_threshold, 1.0));
  if (options_.multiply_by_parameter_scale) {
    change.mul_(at::clamp_min(root_mean_square(parameter.weight), options_.epsilon2));
  }
  change.mul_(learning_rate);
  if (parameter.momentum.defined()) {
    parameter.momentum.mul_(options_.momentum).add_(change, 1.0 - options_.momentum);
    change = parameter.momentum;
  }
  parameter.weight.sub_(change);
}

at::Tensor Adafactor::scaled_gradient(Parameter& parameter, const at::Tensor& gradient,
                                      const at::Tensor& decay) const {
  const at::Tensor rest = 1.0 - decay;
  const at::Tensor square = gradient.square().add_(options_.epsilon1);
  if (!parameter.axes) {
    parameter.v.mul_(decay).add_(square * rest);
    return gradient / parameter.v.sqrt();
  }
  const auto [row, column] = *parameter.axes;
  parameter.v_row.mul_(decay).add_(square.mean(column) * rest);
  parameter.v_column.mul_(decay).add_(square.mean(row) * rest);
  // Each factor by itself: the product of two small means would leave float32's range.
  const at::Tensor rows = parameter.v_row.unsqueeze(column);
  const at::Tensor columns = parameter.v_column.unsqueeze(row);
  const at::Tensor row_share = rows / rows.mean(row, /*keepdim=*/true);
  return gradient / row_share.sqrt() / columns.sqrt();
}

std::vector<nn::NamedTensor> Adafactor::state() const {
  std::vector<nn::NamedTensor> state;
  for (const Parameter& parameter : parameters_) {
    const auto add = [&](const char* what, const at::Tensor& tensor) {
      if (tensor.defined()) state.push_back({what + parameter.name, tensor});
    };
    add("v_row.", parameter.v_row);
    add("v_column.", parameter.v_column);
    add("v.", parameter.v);
    add("momentum.", parameter.momentum);
  }
  return state;
}

}  // namespace

OptimizerFactory adafactor_optimizer() {
  OptimizerFactory factory;
  factory.help = "second moments factored over rows and columns, updates clipped, no momentum";
  factory.source = "Shazeer and Stern 2018 (arXiv:1804.04235)";
  factory.make =
      [](const config::OptimizerConfig& options,
         const std::vector<nn::TrainedTensor>& parameters) -> std::unique_ptr<Optimizer> {
    return std::make_unique<Adafactor>(options, parameters);
  };
  return factory;
}

}  // namespace nas::train
