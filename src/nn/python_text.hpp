#pragma once

#include <set>
#include <string>
#include <vector>

namespace nas::nn {

/// A method of a class: its name and its lines, "def name(self, ...):" first, without the
/// indentation of the class.
struct Method {
  std::string name;
  std::vector<std::string> lines;
  bool operator==(const Method&) const = default;
};

/// The methods in TorchScript text, each line as Python.
[[nodiscard]] std::vector<Method> python_methods(const std::string& torchscript);

/// A line of TorchScript as Python that runs by itself. Four things differ: `torch.<op>` is an
/// operation of ATen (aten.<op>, but for those that only make a tensor, whose names and arguments
/// torch shares); a dtype is a name and not its number; max and min of sizes are torch.sym_max and
/// torch.sym_min, which torch.export follows; a layer is one of a list (self.layers[0](x)).
[[nodiscard]] std::string python_line(const std::string& torchscript);

/// Names of the methods that a method calls on self.
[[nodiscard]] std::set<std::string> called_methods(const Method& method);

}  // namespace nas::nn
