#include "nas/ops/embed.hpp"

#include <ATen/ops/embedding.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/empty_like.h>
#include <ATen/ops/zeros_like.h>
#include <torch/csrc/autograd/custom_function.h>

#include <optional>

#include "nas/core/error.hpp"
#include "nas/ops/philox.hpp"
#include "ops/embed_kernel.hpp"
#include "ops/launch.hpp"

namespace nas::ops {

namespace {

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;
using OptionalTensor = std::optional<at::Tensor>;

EmbedShape shape_of(const at::Tensor& tokens, const at::Tensor& table,
                    const OptionalTensor& positions) {
  return {tokens.size(0), tokens.size(1), table.size(1), table.size(0),
          positions ? positions->size(0) : 0};
}

class Embed : public torch::autograd::Function<Embed> {
 public:
  static at::Tensor forward(AutogradContext* context, const at::Tensor& tokens,
                            const at::Tensor& table, const OptionalTensor& positions,
                            at::ScalarType dtype) {
    EmbedForward embed;
    embed.shape = shape_of(tokens, table, positions);
    at::Tensor y = at::empty({embed.shape.batch, embed.shape.seq, embed.shape.width},
                             table.options().dtype(dtype));
    embed.tokens = tokens.const_data_ptr<std::int64_t>();
    embed.table = table.const_data_ptr<float>();
    embed.positions = positions ? positions->const_data_ptr<float>() : nullptr;
    embed.y = y.mutable_data_ptr();
    if (y.numel() > 0) {
      launch_kernel(table.device(), [&](CUstream_st* stream) {
        return launch_embed_forward(embed, dtype == at::kBFloat16, stream);
      });
    }
    context->save_for_backward({tokens, table, positions.value_or(at::Tensor())});
    return y;
  }

  static variable_list backward(AutogradContext* context, const variable_list& gradients) {
    const variable_list saved = context->get_saved_variables();
    const at::Tensor& tokens = saved[0];
    const OptionalTensor positions = saved[2].defined() ? OptionalTensor(saved[2]) : std::nullopt;
    const at::Tensor y_gradient = gradients[0].contiguous();
    const bool is_empty = y_gradient.numel() == 0;
    const auto like = [&](const at::Tensor& table) {
      return is_empty ? at::zeros_like(table) : at::empty_like(table);
    };
    const at::Tensor table_gradient = like(saved[1]);
    const at::Tensor positions_gradient = positions ? like(*positions) : at::Tensor();
    if (!is_empty) {
      EmbedBackward embed;
      embed.shape = shape_of(tokens, saved[1], positions);
      embed.tokens = tokens.const_data_ptr<std::int64_t>();
      embed.y_gradient = y_gradient.const_data_ptr();
      embed.table_gradient = table_gradient.mutable_data_ptr<float>();
      if (positions) embed.positions_gradient = positions_gradient.mutable_data_ptr<float>();
      launch_kernel(tokens.device(), [&](CUstream_st* stream) {
        return launch_embed_backward(embed, is_bfloat16(y_gradient), stream);
      });
    }
    return {at::Tensor(), table_gradient, positions_gradient, at::Tensor()};
  }
};

}  // namespace

at::Tensor embed(const at::Tensor& tokens, const EmbeddingTables& tables, at::ScalarType dtype) {
  NAS_ASSERT(tokens.dim() == 2 && tables.tokens.dim() == 2);
  NAS_ASSERT(!tables.positions.defined() || tokens.size(1) <= tables.positions.size(0));
  const bool has_kernel = has_kernel_for(tables.tokens) &&
                          tables.tokens.scalar_type() == at::kFloat &&
                          (dtype == at::kFloat || dtype == at::kBFloat16);
  if (!has_kernel) return embed_plain(tokens, tables, dtype);
  const OptionalTensor positions =
      tables.positions.defined() ? OptionalTensor(tables.positions) : std::nullopt;
  return Embed::apply(tokens.contiguous(), tables.tokens, positions, dtype);
}

at::Tensor embed_plain(const at::Tensor& tokens, const EmbeddingTables& tables,
                       at::ScalarType dtype) {
  at::Tensor y = at::embedding(tables.tokens, tokens);
  if (tables.positions.defined()) y = y.add(tables.positions.narrow(0, 0, tokens.size(1)));
  return y.to(dtype);
}

}  // namespace nas::ops
