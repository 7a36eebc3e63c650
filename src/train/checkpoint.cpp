#include "train/checkpoint.hpp"

#include <ATen/Functions.h>
#include <ATen/core/grad_mode.h>

#include <charconv>
#include <filesystem>
#include <map>
#include <nlohmann/json.hpp>
#include <system_error>

#include "nas/config/fields.hpp"
#include "nas/config/run_config.hpp"
#include "nas/core/error.hpp"
#include "nas/core/hash.hpp"
#include "nas/core/log.hpp"
#include "nas/core/units.hpp"
#include "nas/nn/safetensors.hpp"

namespace nas::train {
namespace {

constexpr const char* kFormat = "2";
constexpr const char* kWeights = "weights.";

void add_line(std::string& text, const std::string& key, const std::string& value) {
  text += key + "=" + value + "\n";
}

void add_line(std::string& text, const std::string& key, std::int64_t value) {
  add_line(text, key, std::to_string(value));
}

/// Everything of the configuration that decides the bits of a training.
std::string training_text(config::TrainingConfig training) {
  // Another way to say how many steps there are is the same training.
  if (!training.budget.seconds) training.budget = {};
  Json json = config::write_fields([&](config::Fields& fields) { describe(fields, training); });
  config::erase_undeciding_keys(json);
  for (const char* key :
       {"hurdles", "checkpoint_every", "timeout_seconds", "fuse", "precision", "check_causality"}) {
    json.erase(key);
  }
  return json.dump() + "\n";
}

/// A file's whole number under a key; nothing when it is not there or not one.
std::optional<std::int64_t> whole_number(const std::map<std::string, std::string>& metadata,
                                         const std::string& key) {
  const auto found = metadata.find(key);
  if (found == metadata.end()) return std::nullopt;
  const std::string& text = found->second;
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || value < 0) return std::nullopt;
  return value;
}

at::Tensor doubles(const std::vector<double>& values) { return at::tensor(values, at::kDouble); }

/// [2 + 2 n] float64: loss_sum, seconds, then step and value of each intermediate value. As a
/// tensor, because its bits survive.
at::Tensor progress_tensor(const Progress& progress) {
  std::vector<double> values{progress.loss_sum, progress.seconds};
  for (const auto& [step, value] : progress.intermediate) {
    values.push_back(static_cast<double>(step));
    values.push_back(value);
  }
  return doubles(values);
}

std::optional<Progress> read_progress(const nn::SafetensorsFile& file) {
  const std::optional<std::int64_t> step = whole_number(file.metadata, "step");
  const std::optional<std::int64_t> count = whole_number(file.metadata, "loss_count");
  const at::Tensor* values = file.find("progress");
  if (!step || !count || values == nullptr || values->scalar_type() != at::kDouble ||
      values->dim() != 1 || values->numel() < 2 || values->numel() % 2 != 0) {
    return std::nullopt;
  }
  const at::Tensor* hurdles = file.find("hurdles");
  if (hurdles == nullptr || hurdles->scalar_type() != at::kLong || hurdles->dim() != 1) {
    return std::nullopt;
  }
  const double* numbers = values->const_data_ptr<double>();
  Progress progress{*step, numbers[0], *count, {}, numbers[1], {}};
  const std::int64_t* met = hurdles->const_data_ptr<std::int64_t>();
  progress.hurdles.assign(met, met + hurdles->numel());
  for (std::int64_t i = 2; i < values->numel(); i += 2) {
    progress.intermediate.emplace_back(static_cast<std::int64_t>(numbers[i]), numbers[i + 1]);
  }
  return progress;
}

std::vector<nn::NamedTensor> weights_in(const nn::SafetensorsFile& file) {
  std::vector<nn::NamedTensor> weights;
  for (const nn::NamedTensor& tensor : file.tensors) {
    if (tensor.name.starts_with(kWeights)) {
      weights.push_back({tensor.name.substr(std::string_view(kWeights).size()), tensor.tensor});
    }
  }
  return weights;
}

bool has_state(const nn::SafetensorsFile& file, const Optimizer& optimizer) {
  for (const nn::NamedTensor& part : optimizer.state()) {
    const at::Tensor* stored = file.find(part.name);
    if (stored == nullptr || stored->sizes() != part.tensor.sizes()) return false;
  }
  return true;
}

void restore_state(const nn::SafetensorsFile& file, const Optimizer& optimizer) {
  const at::NoGradGuard no_grad;
  for (const nn::NamedTensor& part : optimizer.state()) {
    part.tensor.copy_(*file.find(part.name));
  }
}

/// The file, or nothing with a warning when it is torn.
std::optional<nn::SafetensorsFile> read_or_warn(const std::string& path) {
  std::error_code ignored;
  if (!std::filesystem::exists(path, ignored)) return std::nullopt;
  try {
    return nn::read_safetensors(path);
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::kData) throw;
    log_warning("the checkpoint is ignored, the training starts again: " +
                std::string(error.what()));
    return std::nullopt;
  }
}

std::string value_of(const std::map<std::string, std::string>& metadata, const std::string& key) {
  const auto found = metadata.find(key);
  return found == metadata.end() ? "" : found->second;
}

}  // namespace

std::string training_identity(const TrainingRequest& request) {
  std::string text = training_text(request.training);
  add_line(text, "architecture", space::hash_of(request.architecture).hex());
  add_line(text, "seed", std::to_string(request.seed));
  add_line(text, "repeat", std::to_string(request.repeat));
  add_line(text, "dataset", request.dataset->hash().hex());
  const std::string& device = request.lowering.device;
  add_line(text, "device", device.substr(0, device.find(':')));
  add_line(text, "fuse", std::int64_t{request.lowering.fuse});
  add_line(text, "bf16", std::int64_t{request.lowering.bf16});
  add_line(text, "deterministic", std::int64_t{request.lowering.deterministic});
  for (const std::int64_t step : request.hurdle_steps) add_line(text, "hurdle", step);
  for (const double at : request.hurdle_seconds) add_line(text, "hurdle", format_exact(at));
  return hash_text(text).hex();
}

void save_checkpoint(const std::string& path, const std::string& identity, const nn::Model& model,
                     const Optimizer& optimizer, const Progress& progress) {
  std::vector<nn::NamedTensor> tensors = optimizer.state();
  for (const nn::NamedTensor& parameter : model.parameters()) {
    tensors.push_back({kWeights + parameter.name, parameter.tensor.detach()});
  }
  tensors.push_back({"progress", progress_tensor(progress)});
  tensors.push_back({"hurdles", at::tensor(progress.hurdles, at::kLong)});
  nn::write_safetensors(path, tensors,
                        {{"nas_checkpoint", kFormat},
                         {"identity", identity},
                         {"step", std::to_string(progress.step)},
                         {"loss_count", std::to_string(progress.loss_count)}});
}

std::optional<Progress> load_checkpoint(const std::string& path, const std::string& identity,
                                        nn::Model& model, Optimizer& optimizer) {
  const std::optional<nn::SafetensorsFile> file = read_or_warn(path);
  if (!file) return std::nullopt;
  const auto ignore = [&](const std::string& why) {
    log_warning("the checkpoint " + path + " is ignored, the training starts again: " + why);
    return std::nullopt;
  };
  const std::string format = value_of(file->metadata, "nas_checkpoint");
  if (format != kFormat) return ignore("it has format \"" + format + "\", not " + kFormat);
  if (value_of(file->metadata, "identity") != identity) {
    return ignore("it belongs to another training");
  }
  std::optional<Progress> progress = read_progress(*file);
  if (!progress || !has_state(*file, optimizer)) return ignore("it is incomplete");
  try {
    model.load(weights_in(*file));  // all or nothing
  } catch (const Error& error) {
    return ignore(error.what());
  }
  restore_state(*file, optimizer);
  optimizer.resume_at(progress->step);
  return progress;
}

std::int64_t checkpoint_step(const std::string& path) {
  std::error_code ignored;
  if (path.empty() || !std::filesystem::exists(path, ignored)) return 0;
  try {
    return whole_number(nn::read_safetensors(path).metadata, "step").value_or(0);
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::kData) throw;
    return 0;  // torn: the training starts again
  }
}

}  // namespace nas::train
