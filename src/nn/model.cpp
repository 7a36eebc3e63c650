#include "nas/nn/model.hpp"

#include <ATen/core/grad_mode.h>
#include <ATen/ops/embedding.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/layer_norm.h>
#include <ATen/ops/linear.h>
#include <ATen/ops/rms_norm.h>

#include <cmath>
#include <map>
#include <optional>
#include <utility>

#include "nas/core/error.hpp"
#include "nn/documents.hpp"
#include "nn/fusion.hpp"
#include "nn/initialise.hpp"
#include "nn/layer_plan.hpp"
#include "nn/model_parameters.hpp"

namespace nas::nn {

struct Model::Impl {
  space::Architecture architecture;
  LowerOptions options;
  std::vector<NamedTensor> parameters;
  std::vector<InitialValues> initial;  ///< of each parameter
  std::vector<LayerPlan> layers;
  at::Tensor embedding;
  at::Tensor positions;          ///< undefined unless learned
  at::Tensor relative_bias;      ///< undefined unless t5
  std::vector<at::Tensor> norm;  ///< weight and, of a layer norm, bias
  at::Tensor head;               ///< the embedding when tied
  mutable TimeTables tables;     ///< a cache

  explicit Impl(const at::Device& device) : tables(device) {}

  void make_parameters(const ModelParameters& wanted);
  void attach(const ModelParameters& wanted);
  [[nodiscard]] at::Tensor embed(const at::Tensor& tokens) const;
  /// [batch, seq] -> [batch, seq, model_dim] after the last layer.
  [[nodiscard]] at::Tensor run_layers(const at::Tensor& tokens) const;
  [[nodiscard]] at::Tensor final_norm(const at::Tensor& x) const;
};

namespace {

at::Tensor make_parameter(const space::ParameterShape& shape, const std::string& device) {
  const auto options = at::TensorOptions().dtype(at::kFloat).device(at::Device(device));
  at::Tensor tensor = at::empty(shape.axes(), options);
  tensor.requires_grad_(true);
  return tensor;
}

std::string sizes_text(const at::Tensor& tensor) {
  std::string text = "[";
  for (std::int64_t axis = 0; axis < tensor.dim(); ++axis) {
    text += (axis ? ", " : "") + std::to_string(tensor.size(axis));
  }
  return text + "]";
}

}  // namespace

void Model::Impl::make_parameters(const ModelParameters& wanted) {
  for (const LayerParameter& parameter : wanted.all) {
    parameters.push_back({parameter.name, make_parameter(parameter.shape, options.device)});
    initial.push_back(parameter.initial);
  }
}

void Model::Impl::attach(const ModelParameters& wanted) {
  std::vector<at::Tensor> tensors;
  tensors.reserve(parameters.size());
  for (const NamedTensor& parameter : parameters) tensors.push_back(parameter.tensor);
  const std::span<const at::Tensor> all(tensors);
  embedding = all[wanted.embedding];
  if (wanted.positions) positions = all[*wanted.positions];
  if (wanted.relative_bias) relative_bias = all[*wanted.relative_bias];
  const auto norm_tensors = all.subspan(wanted.norm, wanted.norm_count);
  norm.assign(norm_tensors.begin(), norm_tensors.end());
  head = wanted.head ? all[*wanted.head] : embedding;
  for (std::size_t i = 0; i < layers.size(); ++i) {
    attach_parameters(layers[i], all.subspan(wanted.layers[i], wanted.layer_counts[i]),
                      relative_bias);
    if (options.fuse) fuse(layers[i]);
    plan_releases(layers[i]);
  }
}

at::Tensor Model::Impl::embed(const at::Tensor& tokens) const {
  at::Tensor x = at::embedding(embedding, tokens);
  if (positions.defined()) {
    if (tokens.size(1) > positions.size(0)) {
      throw Error(ErrorKind::kConfig,
                  "a sequence of " + std::to_string(tokens.size(1)) +
                      " tokens is longer than the learned positions (model.max_len = " +
                      std::to_string(positions.size(0)) + ")");
    }
    x = x.add(positions.narrow(0, 0, tokens.size(1)));
  }
  return options.bf16 ? x.to(at::kBFloat16) : x;
}

at::Tensor Model::Impl::run_layers(const at::Tensor& tokens) const {
  at::Tensor x = embed(tokens);
  for (const LayerPlan& layer : layers) x = run_plan(layer, std::move(x), tables);
  return x;
}

at::Tensor Model::Impl::final_norm(const at::Tensor& x) const {
  const at::Tensor wide = x.to(at::kFloat);
  if (architecture.model.final_norm == space::NormKind::kRmsNorm) {
    return at::rms_norm(wide, {wide.size(-1)}, norm[0], kFinalNormEps).to(x.scalar_type());
  }
  return at::layer_norm(wide, {wide.size(-1)}, norm[0], norm[1], kFinalNormEps).to(x.scalar_type());
}

Model::Model(const space::Architecture& architecture, const LowerOptions& options)
    : impl_(std::make_unique<Impl>(at::Device(resolve_device(options.device)))) {
  space::require_valid(architecture, "architecture");
  impl_->architecture = space::canonical(architecture);
  impl_->options = options;
  impl_->options.device = resolve_device(options.device);
  const ModelParameters wanted = list_parameters(impl_->architecture, impl_->layers);
  impl_->make_parameters(wanted);
  impl_->attach(wanted);
}

Model::~Model() = default;
Model::Model(Model&&) noexcept = default;

at::Tensor Model::forward(const at::Tensor& tokens, const at::Tensor& document_starts) const {
  NAS_ASSERT(tokens.dim() == 2 && tokens.scalar_type() == at::kLong);
  NAS_ASSERT(!document_starts.defined() || document_starts.sizes() == tokens.sizes());
  const auto run = [this](const at::Tensor& rows) { return impl_->run_layers(rows); };
  const std::optional<DocumentPieces> pieces = cut_at_documents(document_starts);
  // Pieces of one document see nothing of what fills them up because the model is causal.
  NAS_ASSERT(!pieces ||
             space::allowed_mixing(impl_->architecture.model) == space::TimeMixing::kCausal);
  at::Tensor x = pieces ? map_pieces(*pieces, tokens, run) : run(tokens);
  x = impl_->final_norm(x);
  return at::linear(x, impl_->head.to(x.scalar_type())).to(at::kFloat);
}

const std::vector<NamedTensor>& Model::parameters() const { return impl_->parameters; }
const space::Architecture& Model::architecture() const { return impl_->architecture; }
const LowerOptions& Model::options() const { return impl_->options; }

void Model::initialise(std::uint64_t seed, std::uint32_t repeat) {
  const at::NoGradGuard no_grad;
  for (std::size_t i = 0; i < impl_->parameters.size(); ++i) {
    const NamedTensor& parameter = impl_->parameters[i];
    const bool is_on_cpu = parameter.tensor.is_cpu();
    at::Tensor values =
        is_on_cpu ? parameter.tensor : at::empty(parameter.tensor.sizes(), at::kFloat);
    const auto size = static_cast<std::size_t>(values.numel());
    draw_initial_values({values.mutable_data_ptr<float>(), size}, impl_->initial[i], seed, repeat,
                        parameter.name);
    if (!is_on_cpu) parameter.tensor.copy_(values);
  }
}

void Model::load(const std::vector<NamedTensor>& values) {
  std::map<std::string, at::Tensor> by_name;
  for (const NamedTensor& value : values) {
    if (!by_name.emplace(value.name, value.tensor).second) {
      throw Error(ErrorKind::kData, "the tensor \"" + value.name + "\" is given twice");
    }
  }
  std::vector<at::Tensor> sources;
  for (const NamedTensor& parameter : impl_->parameters) {
    const auto found = by_name.find(parameter.name);
    if (found == by_name.end()) {
      throw Error(ErrorKind::kData,
                  "the tensor \"" + parameter.name + "\" of the model is missing");
    }
    if (found->second.sizes() != parameter.tensor.sizes()) {
      throw Error(ErrorKind::kData, "the tensor \"" + parameter.name + "\" has shape " +
                                        sizes_text(found->second) + "; the model's has " +
                                        sizes_text(parameter.tensor));
    }
    sources.push_back(found->second);
    by_name.erase(found);
  }
  if (!by_name.empty()) {
    throw Error(ErrorKind::kData, "the model has no tensor \"" + by_name.begin()->first + "\"");
  }
  const at::NoGradGuard no_grad;
  for (std::size_t i = 0; i < sources.size(); ++i) {
    impl_->parameters[i].tensor.copy_(sources[i]);
  }
}

Hash128 Model::weights_hash() const {
  StreamingHash hash;
  for (const NamedTensor& parameter : impl_->parameters) {
    const at::Tensor values = parameter.tensor.detach().cpu().contiguous();
    // The sizes delimit the name and the bytes.
    hash.add(parameter.name + sizes_text(values));
    hash.add(values.const_data_ptr(), static_cast<std::size_t>(values.nbytes()));
  }
  return hash.value();
}

}  // namespace nas::nn
