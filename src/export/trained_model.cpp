#include "nas/export/trained_model.hpp"

#include "nas/core/error.hpp"
#include "nas/nn/safetensors.hpp"

namespace nas::exporting {

nn::Model trained_model(const space::Architecture& architecture, const std::string& weights_path,
                        const std::string& weights_hash) {
  nn::Model model(architecture, nn::LowerOptions{});
  model.load(nn::read_safetensors(weights_path).tensors);
  const std::string hash = model.weights_hash().hex();
  if (!weights_hash.empty() && weights_hash != hash) {
    throw Error(ErrorKind::kStudy, weights_path + " holds other weights (hash " + hash +
                                       ") than its training ended with (" + weights_hash + ")");
  }
  return model;
}

}  // namespace nas::exporting
