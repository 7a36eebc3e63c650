#pragma once

#include "nn/layer_plan.hpp"

namespace nas::nn {

/// Replaces patterns of a plan's steps by fused ones; values read elsewhere stay as they are.
///
///     matmul(softmax(s), v),  s = matmul_nt(q, k) or scale_const(matmul_nt(q, k))
///
/// with softmax over keys masked by type becomes kAttention. Changes roundings, which
/// canonicalisation must not: that is why it stands here. Runs before plan_releases.
void fuse(LayerPlan& plan);

}  // namespace nas::nn
