#pragma once

#include <string>

#include "nas/space/architecture.hpp"

namespace nas::nn {

/// An architecture as readable Python: a class for each different layer, a line for each node of
/// its program with the node's text as its comment, and the class NasModel, whose call takes tokens
/// [batch, seq] int64 to logits [batch, seq, vocab_size]. Its state dictionary has the names of
/// Model::parameters(); a new NasModel draws its first values by the same rules, not the same
/// draws.
///
/// The statements are torchscript_source's, so a primitive needs no Python of its own: operations
/// are those of torch.ops.aten, the namespace that TorchScript's `torch.<op>` names. The text uses
/// the names `math`, `torch`, `nn` (torch.nn) and `Tensor`, which stand for the file that holds it
/// to import, after `from __future__ import annotations`.
[[nodiscard]] std::string python_source(const space::Architecture& architecture);

}  // namespace nas::nn
