#include "nas/nn/torchscript.hpp"

#include <torch/csrc/jit/api/module.h>
#include <torch/csrc/jit/serialization/import.h>

#include <sstream>
#include <utility>

#include "nas/core/error.hpp"
#include "nas/core/files.hpp"

namespace nas::nn {

namespace {

/// The child of a module, made when it is not there.
torch::jit::Module child_of(torch::jit::Module& parent, const std::string& name) {
  if (parent.hasattr(name)) return parent.attr(name).toModule();
  const auto parent_name = parent.type()->name();
  TORCH_INTERNAL_ASSERT(parent_name.has_value(), "modules of a script have names");
  torch::jit::Module child(parent_name->qualifiedName() + "." + name,
                           parent._ivalue()->compilation_unit());
  parent.register_module(name, child);
  return child;
}

/// "layers.0.v3.weight" -> {"layer0", "v3", "weight"}: a name must not be a number.
std::vector<std::string> exported_path(const std::string& name) {
  std::vector<std::string> parts;
  std::istringstream stream(name);
  for (std::string part; std::getline(stream, part, '.');) parts.push_back(part);
  if (parts[0] == "layers") {
    parts[1] = "layer" + parts[1];
    parts.erase(parts.begin());
  }
  return parts;
}

void register_parameters(torch::jit::Module& root, const Model& model) {
  for (const NamedTensor& parameter : model.parameters()) {
    const std::vector<std::string> path = exported_path(parameter.name);
    torch::jit::Module module = root;
    for (std::size_t i = 0; i + 1 < path.size(); ++i) module = child_of(module, path[i]);
    const at::Tensor values = parameter.tensor.detach().cpu().clone();
    module.register_parameter(path.back(), values, /*is_buffer=*/false);
  }
}

void define(torch::jit::Module& module, const std::string& source, const std::string& what) {
  try {
    module.define(source);
  } catch (const std::exception& error) {
    throw Error(ErrorKind::kInternal,
                what + " does not compile as TorchScript:\n" + error.what() + "\n" + source);
  }
}

torch::jit::Module module_of(const Model& model) {
  const TorchscriptSource source = torchscript_source(model.architecture());
  const std::string name = "architecture " + space::hash_of(model.architecture()).hex();
  const auto unit = std::make_shared<torch::jit::CompilationUnit>();
  torch::jit::Module root("__torch__.nas.Model", unit);
  register_parameters(root, model);
  for (std::size_t layer = 0; layer < source.layers.size(); ++layer) {
    const std::string layer_name = "layer" + std::to_string(layer);
    torch::jit::Module module = child_of(root, layer_name);
    define(module, source.layers[layer], name + ", layer " + std::to_string(layer));
  }
  define(root, source.model, name);
  root.eval();
  return root;
}

}  // namespace

void save_torchscript(const Model& model, const std::string& path,
                      const std::map<std::string, std::string>& texts) {
  const torch::jit::ExtraFilesMap extra_files(texts.begin(), texts.end());
  std::ostringstream bytes;
  module_of(model).save(bytes, extra_files);
  write_file_atomically(path, bytes.view());
}

struct TorchscriptModel::Impl {
  torch::jit::Module module;
  torch::jit::ExtraFilesMap texts;
};

TorchscriptModel::TorchscriptModel(const std::string& path, const std::string& device,
                                   const std::vector<std::string>& texts)
    : impl_(std::make_unique<Impl>()) {
  for (const std::string& name : texts) impl_->texts.emplace(name, "");
  try {
    impl_->module = torch::jit::load(path, at::Device(resolve_device(device)), impl_->texts);
    impl_->module.eval();
  } catch (const c10::Error& error) {
    throw Error(ErrorKind::kData, path + " cannot be loaded as a TorchScript file: " +
                                      error.what_without_backtrace());
  }
}

TorchscriptModel::~TorchscriptModel() = default;

const std::string& TorchscriptModel::text(const std::string& name) const {
  return impl_->texts.at(name);
}

at::Tensor TorchscriptModel::forward(const at::Tensor& tokens) const {
  const at::NoGradGuard no_grad;
  return impl_->module.forward({tokens}).toTensor();
}

}  // namespace nas::nn
