#include "nas/ops/rotate.hpp"
#include "nas/space/primitive_fields.hpp"
#include "nn/primitive.hpp"

namespace nas::nn {

namespace {

at::Tensor forward(const ForwardContext& context) {
  const double base = context.node.node.fields[space::rope_field::kBase];
  const at::Tensor& x = context.inputs[0];
  const TimeTables::Rotation tables = context.tables.rotation(base, x.size(-1) / 2, x.size(-2));
  return ops::rotate(x, tables.cosine, tables.sine);
}

}  // namespace

PrimitiveImpl rope_impl() { return {"rope", forward, nullptr}; }

}  // namespace nas::nn
