#pragma once

#include "nn/fusion_pass.hpp"

namespace nas::nn {

/// Makes kElementwise of nodes whose primitive is an element-wise function: of the longest chains
/// of equal shape in which every value but the last is read by the chain alone. A chain stands
/// where its last node stood. A square of a relu is left for its own kernel, a lone node for
/// LibTorch's where that is as good.
void fuse_elementwise(Pass& pass);

}  // namespace nas::nn
