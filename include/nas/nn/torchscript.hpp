#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "nas/nn/model.hpp"

namespace nas::nn {

/// TorchScript text of an architecture: the methods of the model's module and of each layer's.
/// ATen operations only; batch and seq are read at run time, so it runs at any size.
struct TorchscriptSource {
  std::string model;                ///< forward; calls self.layer0.forward(x), ...
  std::vector<std::string> layers;  ///< forward and the methods that its expressions call
};

[[nodiscard]] TorchscriptSource torchscript_source(const space::Architecture& architecture);

/// Saves the model as a TorchScript file that torch.jit.load runs with nothing of ours:
/// forward(tokens: [batch, seq] int64) -> logits [batch, seq, vocab] float32, computed in float32.
/// The parameter "layers.0.v3.weight" is "layer0.v3.weight" there. Written atomically.
/// `texts` are kept in the file by name, beside the model (torch.jit.load's _extra_files).
/// A compile error is wrapped with the architecture's hash and the layer: Error(kInternal).
void save_torchscript(const Model& model, const std::string& path,
                      const std::map<std::string, std::string>& texts = {});

/// Runs a TorchScript file on tokens [batch, seq] int64 and returns its logits. Throws Error(kData)
/// when the file cannot be loaded.
class TorchscriptModel {
 public:
  /// `texts`: names of the texts to read from the file.
  explicit TorchscriptModel(const std::string& path, const std::string& device = "cpu",
                            const std::vector<std::string>& texts = {});
  ~TorchscriptModel();
  [[nodiscard]] at::Tensor forward(const at::Tensor& tokens) const;
  /// One of the texts asked for; empty when the file has none of that name.
  [[nodiscard]] const std::string& text(const std::string& name) const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace nas::nn
