#include "nas/nn/python_source.hpp"
#include "nas/run/version.hpp"
#include "verbs.hpp"

namespace nas::engine {

std::string python_module(const space::Architecture& architecture) {
  return std::string(
             "\"\"\"A model as PyTorch code: a class for each different layer and a line "
             "for each node of its program,\n"
             "with the node as nas writes it behind it. NasModel() draws new first values."
             "\n\nWritten by nas ") +
         run::kVersion +
         ".\n\"\"\"\n"
         "from __future__ import annotations\n\n"
         "import math\n\n"
         "import torch\n"
         "from torch import Tensor, nn\n\n" +
         nn::python_source(architecture) + "\n";
}

}  // namespace nas::engine
