// Writes what parity_test.py compares with stock PyTorch into a folder:
//   <name>.safetensors  weights by path, tokens, targets, logits, loss, and "grad.<path>";
//   metadata:
//                       each layer's program text ("program.<layer>") and sizes
//   <name>.pt           the TorchScript export
//   python/<n>.safetensors  weights by path, tokens and logits of two sizes; metadata: "source",
//   the
//                       model as Python, and "what", for messages
// usage: nas_nn_parity_cases FOLDER

#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <ATen/core/grad_mode.h>

#include <cstdio>
#include <exception>
#include <filesystem>
#include <set>
#include <stdexcept>

#include "nas/nn/python_source.hpp"
#include "nas/nn/safetensors.hpp"
#include "nas/nn/torchscript.hpp"
#include "nas/space/text.hpp"
#include "nn/models.hpp"
#include "support/random_programs.hpp"

namespace nas::test {
namespace {

constexpr std::int64_t kBatch = 3;
constexpr std::int64_t kSeq = 21;

std::map<std::string, std::string> description(const space::Architecture& architecture) {
  std::map<std::string, std::string> metadata{
      {"layers", std::to_string(architecture.layers.size())},
      {"model_dim", std::to_string(architecture.model.model_dim)},
      {"vocab_size", std::to_string(architecture.model.vocab_size)},
      {"heads", std::to_string(architecture.layers[0].heads)},
      {"inner_dim", std::to_string(architecture.layers[0].inner_dim)},
  };
  for (std::size_t i = 0; i < architecture.layers.size(); ++i) {
    metadata["program." + std::to_string(i)] = space::to_text(architecture.layers[i].program);
  }
  return metadata;
}

void write_case(const std::string& folder, const std::string& name,
                const space::Architecture& architecture, bool fuse) {
  nn::Model model(architecture, {.fuse = fuse});
  model.initialise(1, 0);
  disturb(model, 0.1, 2);
  const std::int64_t vocab = architecture.model.vocab_size;
  const at::Tensor tokens = random_tokens(kBatch, kSeq, vocab, 3);
  const at::Tensor targets = random_tokens(kBatch, kSeq, vocab, 4);
  const at::Tensor logits = model.forward(tokens);
  const at::Tensor loss =
      at::cross_entropy_loss(logits.reshape({-1, vocab}), targets.reshape({-1}));
  loss.backward();

  std::vector<nn::NamedTensor> tensors;
  for (const nn::NamedTensor& parameter : model.parameters()) {
    tensors.push_back({parameter.name, parameter.tensor.detach()});
    tensors.push_back({"grad." + parameter.name, parameter.tensor.grad()});
  }
  tensors.push_back({"tokens", tokens});
  tensors.push_back({"targets", targets});
  tensors.push_back({"logits", logits.detach()});
  tensors.push_back({"loss", loss.detach()});
  const std::string path = folder + "/" + name;
  nn::write_safetensors(path + ".safetensors", tensors, description(model.architecture()));
  nn::save_torchscript(model, path + ".pt");
}

/// Exports of random programs, with logits at two sizes.
void write_exports(const std::string& folder) {
  constexpr std::uint64_t kSeed = 31;
  std::uint64_t made = 0;
  for (std::uint64_t draw = 0; made < 5; ++draw) {
    const space::Program program = random_program(kSeed, draw);
    if (amplifies_rounding(program)) continue;
    const std::uint64_t index = made++;
    nn::Model model(small_architecture(program, 2), {.fuse = false});
    model.initialise(1, 0);
    const at::NoGradGuard no_grad;
    std::vector<nn::NamedTensor> tensors;
    for (const auto& [size, batch, seq] : {std::tuple{"small", 1, 1}, {"large", 4, 50}}) {
      const at::Tensor tokens = random_tokens(batch, seq, 16, index);
      tensors.push_back({std::string("tokens.") + size, tokens});
      tensors.push_back({std::string("logits.") + size, model.forward(tokens)});
    }
    const std::string path = folder + "/export" + std::to_string(index);
    nn::write_safetensors(path + ".safetensors", tensors, {});
    nn::save_torchscript(model, path + ".pt");
  }
}

/// A model as Python with its logits. The plain form of attention is lowered, as the Python has it:
/// some random programs make a difference of rounding large.
void write_python_case(const std::string& path, const space::Architecture& architecture,
                       std::uint64_t index, const std::string& what) {
  const bool amplifies = amplifies_rounding(architecture.layers[0].program);
  nn::Model model(architecture, {.fuse = false});
  model.initialise(1, 0);
  disturb(model, 0.1, index);
  const at::NoGradGuard no_grad;
  std::vector<nn::NamedTensor> tensors;
  for (const nn::NamedTensor& parameter : model.parameters()) tensors.push_back(parameter);
  for (const auto& [size, batch, seq] : {std::tuple{"small", 1, 1}, {"large", 2, 37}}) {
    const at::Tensor tokens = random_tokens(batch, seq, architecture.model.vocab_size, index);
    tensors.push_back({std::string("tokens.") + size, tokens});
    tensors.push_back({std::string("logits.") + size, model.forward(tokens)});
  }
  nn::write_safetensors(path, tensors,
                        {{"source", nn::python_source(architecture)},
                         {"what", what},
                         {"amplifies", amplifies ? "yes" : "no"}});
}

/// All that may stand around the layers.
std::vector<space::Architecture> surroundings() {
  std::vector<space::Architecture> all{vanilla_architecture(), primer_architecture()};
  for (const bool tied : {true, false}) {
    space::Architecture architecture = vanilla_architecture();
    architecture.model.positions = space::Positions::kLearned;
    architecture.model.max_len = 37;
    architecture.model.tied_head = tied;
    architecture.model.final_norm = tied ? space::NormKind::kRmsNorm : space::NormKind::kLayerNorm;
    architecture.layers.push_back(primer_architecture().layers[0]);
    all.push_back(architecture);
  }
  return all;
}

void write_python_cases(const std::string& folder) {
  constexpr std::uint64_t kSeed = 47;
  constexpr std::uint64_t kPrograms = 200;
  std::set<std::uint16_t> tried;
  std::uint64_t number = 0;
  const auto write = [&](const space::Architecture& architecture, const std::string& what) {
    write_python_case(folder + "/" + std::to_string(number) + ".safetensors", architecture, number,
                      what);
    ++number;
  };
  std::uint64_t exact = 0;
  for (std::uint64_t index = 0; exact < kPrograms; ++index) {
    const space::Program program = random_program(kSeed, index);
    const bool amplifies = amplifies_rounding(program);
    // Of those that amplify a rounding every fourth one.
    if (amplifies && index % 4 != 0) continue;
    exact += amplifies ? 0 : 1;
    for (const space::Node& node : program.nodes) tried.insert(node.primitive);
    write(small_architecture(program, 2), "seed " + std::to_string(kSeed) + " index " +
                                              std::to_string(index) + "\n" +
                                              space::to_text(program));
  }
  for (const space::Architecture& architecture : surroundings()) write(architecture, "hand-made");
  constexpr std::uint64_t kWalks = 100;
  for (std::uint64_t walk = 0; walk < kWalks; ++walk) {
    write(dna_model(walked_dna(walk)), "DNA, walk " + std::to_string(walk));
  }
  if (tried.size() != causal_vocabulary().size()) {
    throw std::runtime_error("a primitive is in none of the random programs");
  }
}

}  // namespace
}  // namespace nas::test

int main(int argc, char** argv) {
  if (argc != 2) {
    std::fprintf(stderr, "usage: %s FOLDER\n", argv[0]);
    return 2;
  }
  try {
    using namespace nas::test;
    at::set_num_threads(1);  // the tensors are small
    for (const bool fuse : {true, false}) {
      const std::string suffix = fuse ? "_fused" : "_plain";
      write_case(argv[1], "vanilla" + suffix, vanilla_architecture(), fuse);
      write_case(argv[1], "primer" + suffix, primer_architecture(), fuse);
    }
    write_exports(argv[1]);
    const std::string python = std::string(argv[1]) + "/python";
    std::filesystem::create_directory(python);
    write_python_cases(python);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 1;
  }
  return 0;
}
