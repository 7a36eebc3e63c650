#include "nn/python_text.hpp"

#include <gtest/gtest.h>

namespace nas::nn {
namespace {

TEST(PythonText, OperationsAreAtensButFactoriesAreTorchs) {
  EXPECT_EQ(python_line("    v1 = torch.linear(torch.relu(x), self.v1.weight)"),
            "    v1 = aten.linear(aten.relu(x), self.v1.weight)");
  EXPECT_EQ(python_line("torch.triu(torch.ones([n, n], dtype=11, device=s.device), 1)"),
            "aten.triu(torch.ones([n, n], dtype=torch.bool, device=s.device), 1)");
}

TEST(PythonText, DtypesAreNames) {
  EXPECT_EQ(python_line("torch.arange(n, dtype=7)"), "torch.arange(n, dtype=torch.float64)");
  EXPECT_EQ(python_line("torch.cumsum(x, -2, dtype=6)"), "aten.cumsum(x, -2, dtype=torch.float32)");
  EXPECT_EQ(python_line("f(x, dtype=kind)"), "f(x, dtype=kind)");
}

TEST(PythonText, SizesAreComparedSymbolically) {
  EXPECT_EQ(python_line("steps = max(-n, min(n, steps))"),
            "steps = torch.sym_max(-n, torch.sym_min(n, steps))");
  EXPECT_EQ(python_line("max(min(a, b), c)"), "torch.sym_max(torch.sym_min(a, b), c)");
  EXPECT_EQ(python_line("y = x.max() + torch.max(x) + maximum(x) + my_min(x)"),
            "y = x.max() + aten.max(x) + maximum(x) + my_min(x)");
}

TEST(PythonText, LayersAreAList) {
  EXPECT_EQ(python_line("    x = self.layer12.forward(x, self.table.weight)"),
            "    x = self.layers[12](x, self.table.weight)");
  EXPECT_EQ(python_line("    x = self.layers_norm(x, self.layer)"),
            "    x = self.layers_norm(x, self.layer)");
}

TEST(PythonText, LiteralsStay) {
  EXPECT_EQ(python_line("torch.gelu(x, approximate=\"torch.max(\")"),
            "aten.gelu(x, approximate=\"torch.max(\")");
  EXPECT_EQ(python_line("x = \"open"), "x = \"open");
}

TEST(PythonText, MethodsAndWhatTheyCall) {
  const std::vector<Method> methods = python_methods(R"(
def shift(self, x: Tensor) -> Tensor:
    return self.pad(x, self.steps)

def pad(self, x: Tensor, steps: int) -> Tensor:
    return torch.constant_pad_nd(x, [steps, -steps], 0.0)
)");
  ASSERT_EQ(methods.size(), 2U);
  EXPECT_EQ(methods[0].name, "shift");
  EXPECT_EQ(methods[0].lines.size(), 2U);
  EXPECT_EQ(called_methods(methods[0]), std::set<std::string>{"pad"});
  EXPECT_EQ(methods[1].lines[1], "    return aten.constant_pad_nd(x, [steps, -steps], 0.0)");
  EXPECT_TRUE(called_methods(methods[1]).empty());
}

}  // namespace
}  // namespace nas::nn
