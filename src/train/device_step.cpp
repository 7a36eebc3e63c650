#include "train/device_step.hpp"

#include <ATen/Functions.h>
#include <ATen/core/grad_mode.h>

#include <limits>

#include "nas/core/crash_point.hpp"
#include "nas/core/error.hpp"
#include "train/schedule.hpp"

namespace nas::train {
namespace {

constexpr std::int64_t kNoStep = std::numeric_limits<std::int64_t>::max();

/// Learning rates of all steps; none when only the clock knows how many there are, or for so many
/// steps that the host had better write each.
at::Tensor all_rates(const TrainingRequest& request, const at::TensorOptions& on_device) {
  const config::TrainingConfig& training = request.training;
  std::vector<float> rates;
  constexpr std::int64_t kMostRates = std::int64_t{1} << 24U;
  if (!training.budget.seconds && training.steps <= kMostRates) {
    rates.reserve(static_cast<std::size_t>(training.steps));
    for (std::int64_t step = 0; step < training.steps; ++step) {
      rates.push_back(static_cast<float>(learning_rate(training, training.steps, step)));
    }
  }
  return at::tensor(rates, at::kFloat).to(on_device.device());
}

}  // namespace

DeviceStep::DeviceStep(const TrainingRequest& request, nn::Model& model, Optimizer& optimizer,
                       std::int64_t steps_done, const ops::StreamLease& stream)
    : request_(request),
      model_(model),
      optimizer_(optimizer),
      work_(stream, [this](const nn::DocumentPieces* pieces) { step_of_device(pieces); },
            {request.training.seq_len, request.training.capture,
             [this] { drop_gradients(model_.trained()); }, [this] { prepare(); }}) {
  const config::TrainingConfig& training = request.training;
  const at::TensorOptions on_device(at::Device(model.options().device));
  record_.step = at::full({}, steps_done, on_device.dtype(at::kLong));
  record_.losses = at::zeros({kLossesKept}, on_device.dtype(at::kFloat));
  record_.first_bad = at::full({}, kNoStep, on_device.dtype(at::kLong));
  record_.rates = all_rates(request, on_device);
  record_.rate = at::zeros({}, on_device.dtype(at::kFloat));
  if (record_.rates.numel() > steps_done) record_.rate.copy_(record_.rates[steps_done]);
  windows_ = at::zeros({training.batch_size, training.seq_len + 1}, on_device.dtype(at::kLong));
  gathers_ = gather();
}

bool DeviceStep::gather() const {
  return request_.dataset->gather_train_batch(request_.seed, request_.repeat, record_.step,
                                              windows_);
}

void DeviceStep::prepare() const {
  const at::NoGradGuard no_grad;
  // The whole batch: fewer rows would be a shape that products have not met.
  static_cast<void>(next_token_loss(model_, windows_, nullptr));
}

void DeviceStep::launch(const at::Tensor& tokens, const nn::DocumentPieces* pieces) {
  const at::Tensor loss = next_token_loss(model_, tokens, pieces);
  loss.backward();
  const at::Tensor norm = optimizer_.step_with_norm(record_.rate);
  ops::record_step(record_, loss.detach(), norm);
}

void DeviceStep::step_of_device(const nn::DocumentPieces* pieces) {
  const bool has_gathered = gather();
  NAS_ASSERT(has_gathered);
  launch(windows_, pieces);
}

void DeviceStep::run(std::int64_t step, double learning_rate) {
  if (record_.rates.numel() == 0) record_.rate.fill_(learning_rate);
  const auto number = static_cast<std::uint32_t>(step);
  const std::int64_t batch = request_.training.batch_size;
  crash_point("train");
  if (gathers_) {
    work_.run(model_.pieces_of(
        request_.dataset->train_document_starts(request_.seed, request_.repeat, number, batch)));
    return;
  }
  const data::Windows windows = request_.dataset->train_batch(
      request_.seed, request_.repeat, number, batch, model_.options().device);
  const auto pieces = model_.pieces_of(windows.document_starts);
  launch(windows.tokens, pieces ? &*pieces : nullptr);
}

std::optional<std::string> DeviceStep::first_bad() const {
  const auto step = record_.first_bad.item<std::int64_t>();
  if (step == kNoStep) return std::nullopt;
  return "step " + std::to_string(step) + ": loss or gradient norm is not finite";
}

std::int64_t DeviceStep::poll_interval() const { return 32; }

double DeviceStep::loss_sum(std::int64_t from, std::int64_t to) const {
  NAS_ASSERT(to - from <= kLossesKept);
  double sum = 0;
  for (std::int64_t begin = from; begin < to;) {
    const std::int64_t place = begin % kLossesKept;
    const std::int64_t count = std::min(to - begin, kLossesKept - place);
    const at::Tensor losses = record_.losses.narrow(0, place, count).cpu();
    const float* values = losses.const_data_ptr<float>();
    for (std::int64_t i = 0; i < count; ++i) sum += values[i];
    begin += count;
  }
  return sum;
}

}  // namespace nas::train
