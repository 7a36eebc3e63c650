#pragma once

#include "nn/layer_plan.hpp"

namespace nas::nn {

/// What fusing is for: on the CPU it is kept to what pays there.
enum class FusionTarget { kCpu, kCuda };

/// Replaces patterns of a plan's steps by fused ones; values read elsewhere stay as they are.
///
///     matmul(softmax(s), v),  s = matmul_nt(q, k) or scale_const(matmul_nt(q, k))
///
/// with softmax over keys masked by type becomes kAttention, square(relu(x)) kSquaredRelu. For a
/// GPU also
///
///     layer_norm(add(x, y)), rms_norm(add(x, y))                 kNorm, with the sum
///     linear(x), linear(x), ...  without biases                  kProjections
///     causal_depthwise_conv([split_heads](linear(x))), ...       kProjections that convolve and
///                                                   make the values of an attention finite
///     multiply(silu(x), y), gelu(x), chains of element-wise functions        kElementwise
///
/// Changes roundings, which canonicalisation must not: that is why it stands here. Of one layer's
/// plan or of joined ones, which also fuses across layers; runs before plan_releases.
void fuse(LayerPlan& plan, FusionTarget target);

}  // namespace nas::nn
