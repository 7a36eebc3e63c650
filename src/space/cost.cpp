#include "nas/space/cost.hpp"

#include <array>
#include <limits>
#include <span>

#include "nas/core/error.hpp"
#include "nas/space/primitive.hpp"
#include "nas/space/primitive_fields.hpp"
#include "nas/space/relative_positions.hpp"

namespace nas::space {

namespace {

/// fp32 weight, gradient and two moments of AdamW.
constexpr double kTrainingBytesPerParam = 16;

/// Log-probabilities of the loss, their gradient and the logits' gradient, fp32.
constexpr double kLossBytesPerLogit = 12;

/// A lone norm over [batch, seq, model_dim].
Program norm_program(NormKind kind) {
  Program program;
  const char* name = kind == NormKind::kRmsNorm ? "rms_norm" : "layer_norm";
  program.nodes.push_back(make_node(primitive_index(name)));
  program.output = 1;
  return program;
}

ProgramCost checked_cost(const Program& program, const Dims& dims, CheckedProgram& scratch) {
  // What a model kind forbids is not the cost's business.
  CheckRules rules;
  rules.allowed = TimeMixing::kBidirectional;
  rules.max_nodes = std::numeric_limits<int>::max();
  const Rejection rejection = check(program, rules, scratch);
  NAS_ASSERT(rejection.kind == Rejection::Kind::kNone);
  return cost_of(program, scratch, dims);
}

void add(ProgramCost& sum, const ProgramCost& term) {
  sum.params += term.params;
  sum.flops += term.flops;
  sum.saved_elements += term.saved_elements;
}

/// All layers; a layer equal to an earlier one costs what that one does.
ProgramCost layers_cost(const Architecture& architecture, const CostPoint& point,
                        CheckedProgram& scratch) {
  ProgramCost sum;
  std::vector<ProgramCost> costs;
  costs.reserve(architecture.layers.size());
  for (std::size_t i = 0; i < architecture.layers.size(); ++i) {
    std::size_t equal = 0;
    while (equal < i && architecture.layers[equal] != architecture.layers[i]) ++equal;
    costs.push_back(equal < i ? costs[equal]
                              : checked_cost(architecture.layers[i].program,
                                             layer_dims(architecture, i, point.batch, point.seq),
                                             scratch));
    add(sum, costs.back());
  }
  return sum;
}

}  // namespace

ProgramCost cost_of(const Program& program, const CheckedProgram& checked, const Dims& dims) {
  ProgramCost cost;
  const std::size_t inputs = program.inputs.size();
  for (std::size_t i = 0; i < program.nodes.size(); ++i) {
    if (!checked.live[inputs + i]) continue;
    const Node& node = program.nodes[i];
    const PrimitiveSpec& spec = spec_of(node);
    const std::array<Shape, kMaxInputs> operands = {checked.shapes[node.inputs[0]],
                                                    checked.shapes[node.inputs[1]]};
    const NodeContext context{node,
                              {operands.data(), static_cast<std::size_t>(spec.arity)},
                              checked.shapes[inputs + i],
                              dims};
    if (spec.parameters != nullptr && !spec.shares_parameters) {
      const ParameterList list = spec.parameters(context);
      for (std::size_t k = 0; k < static_cast<std::size_t>(list.count); ++k) {
        cost.params += list.items[k].elements();
      }
    }
    cost.flops += spec.flops(context);
    cost.saved_elements += static_cast<double>(dims.elements(context.output));
    if (spec.saved_elements != nullptr) cost.saved_elements += spec.saved_elements(context);
  }
  return cost;
}

Cost cost_of(const Architecture& architecture, const CostPoint& point) {
  const ModelSpec& model = architecture.model;
  const double tokens = static_cast<double>(point.batch) * static_cast<double>(point.seq);
  const auto model_dim = static_cast<double>(model.model_dim);
  const auto vocab_size = static_cast<double>(model.vocab_size);
  const bool has_position_table = model.positions == Positions::kLearned;

  CheckedProgram scratch;
  ProgramCost body = layers_cost(architecture, point, scratch);
  Dims dims;
  dims.batch = point.batch;
  dims.seq = point.seq;
  dims.model_dim = model.model_dim;
  add(body, checked_cost(norm_program(model.final_norm), dims, scratch));

  Cost cost;
  cost.decoder_params = body.params;
  cost.embedding_params = model.vocab_size * model.model_dim * (model.tied_head ? 1 : 2) +
                          (has_position_table ? model.max_len * model.model_dim : 0) +
                          kRelativeBuckets * relative_bias_heads(architecture);
  cost.params = cost.decoder_params + cost.embedding_params;
  // A look-up is no arithmetic; adding the positions is one add, the head is a product.
  cost.flops_per_token =
      body.flops / tokens + (has_position_table ? model_dim : 0) + 2 * model_dim * vocab_size;
  // The embedded tokens are the first layer's input, kept like every other value.
  cost.activation_bytes =
      static_cast<double>(point.bytes_per_value) * (body.saved_elements + tokens * model_dim);
  cost.peak_bytes = kTrainingBytesPerParam * static_cast<double>(cost.params) +
                    cost.activation_bytes + kLossBytesPerLogit * tokens * vocab_size;
  return cost;
}

}  // namespace nas::space
