#include "nas/nn/model.hpp"

#include <ATen/core/grad_mode.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/linear.h>
#include <ATen/ops/zeros.h>

#include <algorithm>
#include <cmath>
#include <iterator>
#include <map>
#include <optional>
#include <utility>

#include "nas/core/error.hpp"
#include "nas/ops/embed.hpp"
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
  LayerPlan plan;                      ///< from embeddings to the final norm's result
  ops::EmbeddingTables tables;
  at::Tensor head;                 ///< the embedding when tied
  std::vector<at::Tensor> narrow;  ///< bfloat16 copies of the parameters, or nothing
  at::Tensor narrow_head;          ///< defined where there are copies
  mutable TimeTables time_tables;  ///< a cache

  explicit Impl(const at::Device& device) : time_tables(device) {}

  void make_parameters(const ModelParameters& wanted);
  void attach(const ModelParameters& wanted, std::vector<LayerPlan> layers);
  void refresh_narrow() const;
  /// [batch, seq] -> [batch, seq, model_dim], normalised, of rows of one document each.
  [[nodiscard]] at::Tensor last_state_of_rows(const at::Tensor& tokens) const;
  /// [batch, seq] -> [batch, seq, model_dim], normalised: what the head reads.
  [[nodiscard]] at::Tensor last_state(const at::Tensor& tokens, const DocumentPieces* pieces) const;
  [[nodiscard]] at::Tensor logits(const at::Tensor& tokens, const DocumentPieces* pieces) const;
  [[nodiscard]] at::Tensor loss(const at::Tensor& tokens, const at::Tensor& targets,
                                const DocumentPieces* pieces, ops::LossGradient gradient) const;
  /// The head's weight in the dtype of x.
  [[nodiscard]] at::Tensor head_for(const at::Tensor& x) const;
};

namespace {

at::Tensor make_parameter(const space::ParameterShape& shape, const std::string& device) {
  const auto options = at::TensorOptions().dtype(at::kFloat).device(at::Device(device));
  at::Tensor tensor = at::empty(shape.axes(), options);
  tensor.requires_grad_(true);
  return tensor;
}

/// The final norm as a layer.
LayerPlan norm_plan(std::span<const at::Tensor> parameters, bool is_causal) {
  Step norm;
  norm.kind = Step::Kind::kNorm;
  norm.parameters.assign(parameters.begin(), parameters.end());
  norm.eps = kFinalNormEps;
  norm.inputs = {0};
  norm.outputs = {1};
  LayerPlan plan;
  plan.value_count = 2;
  plan.output = 1;
  plan.is_causal = is_causal;
  plan.steps.push_back(std::move(norm));
  return plan;
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

void Model::Impl::attach(const ModelParameters& wanted, std::vector<LayerPlan> layers) {
  std::vector<at::Tensor> tensors;
  tensors.reserve(parameters.size());
  for (const NamedTensor& parameter : parameters) tensors.push_back(parameter.tensor);
  const std::span<const at::Tensor> all(tensors);
  tables.tokens = all[wanted.embedding];
  if (wanted.positions) tables.positions = all[*wanted.positions];
  const at::Tensor relative_bias = wanted.relative_bias ? all[*wanted.relative_bias] : at::Tensor();
  head = wanted.head ? all[*wanted.head] : tables.tokens;
  for (std::size_t i = 0; i < layers.size(); ++i) {
    attach_parameters(layers[i], all.subspan(wanted.layers[i], wanted.layer_counts[i]),
                      relative_bias);
  }
  layers.push_back(
      norm_plan(all.subspan(wanted.norm, wanted.norm_count),
                space::allowed_mixing(architecture.model) == space::TimeMixing::kCausal));
  plan = join(std::move(layers));
  plan.is_deterministic = options.deterministic;
  if (options.fuse) {
    fuse(plan, options.device == "cpu" ? FusionTarget::kCpu : FusionTarget::kCuda);
  }
  plan_releases(plan);
}

void Model::Impl::refresh_narrow() const {
  const at::NoGradGuard no_grad;
  for (std::size_t i = 0; i < narrow.size(); ++i) narrow[i].copy_(parameters[i].tensor);
}

at::Tensor Model::Impl::last_state_of_rows(const at::Tensor& tokens) const {
  if (tables.positions.defined() && tokens.size(1) > tables.positions.size(0)) {
    throw Error(ErrorKind::kConfig,
                "a sequence of " + std::to_string(tokens.size(1)) +
                    " tokens is longer than the learned positions (model.max_len = " +
                    std::to_string(tables.positions.size(0)) + ")");
  }
  const at::ScalarType dtype = options.bf16 ? at::kBFloat16 : at::kFloat;
  const at::Tensor x =
      options.fuse ? ops::embed(tokens, tables, dtype) : ops::embed_plain(tokens, tables, dtype);
  return run_plan(plan, x, time_tables);
}

Model::Model(const space::Architecture& architecture, const LowerOptions& options)
    : impl_(std::make_unique<Impl>(at::Device(resolve_device(options.device)))) {
  space::require_valid(architecture, "architecture");
  impl_->architecture = space::canonical(architecture);
  impl_->options = options;
  impl_->options.device = resolve_device(options.device);
  std::vector<LayerPlan> layers;
  const ModelParameters wanted = list_parameters(impl_->architecture, layers);
  impl_->make_parameters(wanted);
  impl_->attach(wanted, std::move(layers));
}

Model::~Model() = default;
Model::Model(Model&&) noexcept = default;

at::Tensor Model::Impl::head_for(const at::Tensor& x) const {
  return narrow_head.defined() ? narrow_head : head.to(x.scalar_type());
}

at::Tensor Model::Impl::logits(const at::Tensor& tokens, const DocumentPieces* pieces) const {
  const at::Tensor x = last_state(tokens, pieces);
  return at::linear(x, head_for(x)).to(at::kFloat);
}

at::Tensor Model::Impl::loss(const at::Tensor& tokens, const at::Tensor& targets,
                             const DocumentPieces* pieces, ops::LossGradient gradient) const {
  NAS_ASSERT(targets.sizes() == tokens.sizes());
  const at::Tensor x = last_state(tokens, pieces).flatten(0, 1);
  const at::Tensor classes = head_for(x);
  return options.fuse ? ops::linear_cross_entropy(x, classes, targets.flatten(), gradient)
                      : ops::linear_cross_entropy_plain(x, classes, targets.flatten());
}

at::Tensor Model::Impl::last_state(const at::Tensor& tokens, const DocumentPieces* pieces) const {
  NAS_ASSERT(tokens.dim() == 2 && tokens.scalar_type() == at::kLong);
  if (pieces == nullptr) return last_state_of_rows(tokens);
  NAS_ASSERT(pieces->places.numel() == tokens.numel());
  // Pieces of one document see nothing of what fills them up because the model is causal.
  NAS_ASSERT(space::allowed_mixing(architecture.model) == space::TimeMixing::kCausal);
  return map_pieces(*pieces, tokens,
                    [this](const at::Tensor& rows) { return last_state_of_rows(rows); });
}

std::optional<DocumentPieces> Model::pieces_of(const at::Tensor& document_starts) const {
  return cut_at_documents(document_starts, impl_->options.device == "cpu" ? PieceShapes::kFewest
                                                                          : PieceShapes::kFewKinds);
}

at::Tensor Model::forward(const at::Tensor& tokens, const at::Tensor& document_starts) const {
  NAS_ASSERT(!document_starts.defined() || document_starts.sizes() == tokens.sizes());
  const std::optional<DocumentPieces> pieces = pieces_of(document_starts);
  return impl_->logits(tokens, pieces ? &*pieces : nullptr);
}

at::Tensor Model::loss(const at::Tensor& tokens, const at::Tensor& targets,
                       const at::Tensor& document_starts, ops::LossGradient gradient) const {
  NAS_ASSERT(!document_starts.defined() || document_starts.sizes() == tokens.sizes());
  const std::optional<DocumentPieces> pieces = pieces_of(document_starts);
  return impl_->loss(tokens, targets, pieces ? &*pieces : nullptr, gradient);
}

at::Tensor Model::forward_pieces(const at::Tensor& tokens, const DocumentPieces& pieces) const {
  return impl_->logits(tokens, &pieces);
}

at::Tensor Model::loss_of_pieces(const at::Tensor& tokens, const at::Tensor& targets,
                                 const DocumentPieces& pieces, ops::LossGradient gradient) const {
  return impl_->loss(tokens, targets, &pieces, gradient);
}

void Model::make_narrow_copies() {
  if (!impl_->options.bf16 || !impl_->narrow.empty()) return;
  // All in one piece of memory, those that a step reads together one behind the other.
  std::map<const c10::TensorImpl*, std::int64_t> places;
  std::int64_t size = 0;
  const auto place = [&](const at::Tensor& tensor) {
    constexpr std::int64_t kAligned = 16 / sizeof(c10::BFloat16);
    if (places.emplace(tensor.unsafeGetTensorImpl(), size).second) {
      size += (tensor.numel() + kAligned - 1) / kAligned * kAligned;
    }
  };
  for (const Step& step : impl_->plan.steps) std::ranges::for_each(step.parameters, place);
  for (const NamedTensor& parameter : impl_->parameters) place(parameter.tensor);
  const at::Tensor all = at::zeros({size}, impl_->head.options().dtype(at::kBFloat16));
  std::map<const c10::TensorImpl*, at::Tensor> copies;
  for (const NamedTensor& parameter : impl_->parameters) {
    const at::Tensor& wide = parameter.tensor;
    const std::int64_t first = places.at(wide.unsafeGetTensorImpl());
    const at::Tensor copy = all.narrow(0, first, wide.numel()).view(wide.sizes()).detach();
    copy.requires_grad_(true);
    copies.emplace(wide.unsafeGetTensorImpl(), copy);
    impl_->narrow.push_back(copy);
  }
  impl_->refresh_narrow();
  const auto copy_of = [&](const at::Tensor& tensor) {
    return copies.at(tensor.unsafeGetTensorImpl());
  };
  impl_->narrow_head = copy_of(impl_->head);
  for (Step& step : impl_->plan.steps) {
    std::ranges::transform(step.parameters, std::back_inserter(step.narrow), copy_of);
  }
}

std::vector<TrainedTensor> Model::trained() const {
  std::vector<TrainedTensor> all;
  all.reserve(impl_->parameters.size());
  for (std::size_t i = 0; i < impl_->parameters.size(); ++i) {
    const NamedTensor& parameter = impl_->parameters[i];
    all.push_back({parameter.name, parameter.tensor,
                   impl_->narrow.empty() ? at::Tensor() : impl_->narrow[i]});
  }
  return all;
}

const std::vector<NamedTensor>& Model::parameters() const { return impl_->parameters; }
const space::Architecture& Model::architecture() const { return impl_->architecture; }
const LowerOptions& Model::options() const { return impl_->options; }

void Model::initialise(std::uint64_t seed, std::uint32_t repeat) {
  const at::NoGradGuard no_grad;
  for (std::size_t i = 0; i < impl_->parameters.size(); ++i) {
    const NamedTensor& parameter = impl_->parameters[i];
    draw_initial_values(parameter.tensor, impl_->initial[i], seed, repeat, parameter.name);
  }
  impl_->refresh_narrow();
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
  impl_->refresh_narrow();
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
