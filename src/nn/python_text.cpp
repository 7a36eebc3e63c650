#include "nn/python_text.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <sstream>
#include <string_view>

#include "nas/core/error.hpp"

namespace nas::nn {

namespace {

/// Operations that take no tensor. In torch.ops.aten they would bind a size to a constant when
/// torch.export looks at it.
constexpr std::array<std::string_view, 9> kFactories = {
    "arange", "empty", "eye", "full", "linspace", "ones", "scalar_tensor", "tensor", "zeros"};

/// By at::ScalarType's numbers, which TorchScript uses for dtypes.
constexpr std::array<std::string_view, 16> kDtypes = {
    "uint8", "int8", "int16", "int32", "int64", "float16", "float32", "float64",
    "",      "",     "",      "bool",  "",      "",        "",        "bfloat16"};

constexpr std::string_view kLayer = "layer";

bool is_word(char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_'; }

std::string_view word_at(std::string_view text, std::size_t at) {
  std::size_t end = at;
  while (end < text.size() && is_word(text[end])) ++end;
  return text.substr(at, end - at);
}

bool is_number(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(),
                                      [](unsigned char c) { return std::isdigit(c) != 0; });
}

/// "torch.<op>" at the beginning of `rest`, in Python; `used` is the length of what it replaces.
std::string operation(std::string_view rest, std::size_t& used) {
  const std::string_view op = word_at(rest, std::string_view("torch.").size());
  used = std::string_view("torch.").size() + op.size();
  const bool is_factory = std::find(kFactories.begin(), kFactories.end(), op) != kFactories.end();
  return (is_factory ? "torch." : "aten.") + std::string(op);
}

/// "dtype=7" at the beginning of `rest`.
std::string dtype(std::string_view rest, std::size_t& used) {
  const std::string_view number = word_at(rest, std::string_view("dtype=").size());
  used = std::string_view("dtype=").size() + number.size();
  if (!is_number(number)) return std::string(rest.substr(0, used));
  const auto index = std::stoul(std::string(number));
  NAS_ASSERT(index < kDtypes.size() && !kDtypes[index].empty());
  return "dtype=torch." + std::string(kDtypes[index]);
}

/// "self.layer3.forward(" at the beginning of `rest`; nothing when that does not stand there.
std::string layer_call(std::string_view rest, std::size_t& used) {
  const std::string_view child = word_at(rest, std::string_view("self.").size());
  if (!child.starts_with(kLayer) || !is_number(child.substr(kLayer.size()))) return "";
  used = std::string_view("self.").size() + child.size();
  constexpr std::string_view kForward = ".forward";
  if (rest.substr(used).starts_with(kForward)) used += kForward.size();
  return "self.layers[" + std::string(child.substr(kLayer.size())) + "]";
}

/// The Python for what `rest` begins with, a word: used is 0 when it stays as it is.
std::string translated(std::string_view rest, std::size_t& used) {
  used = 0;
  if (rest.starts_with("torch.")) return operation(rest, used);
  if (rest.starts_with("dtype=")) return dtype(rest, used);
  if (rest.starts_with("self.")) return layer_call(rest, used);
  for (const std::string_view size_of_two : {"max", "min"}) {
    if (!rest.starts_with(size_of_two) || !rest.substr(size_of_two.size()).starts_with("(")) {
      continue;
    }
    used = size_of_two.size();
    return "torch.sym_" + std::string(size_of_two);
  }
  return "";
}

}  // namespace

std::string python_line(const std::string& torchscript) {
  const std::string_view text = torchscript;
  std::string line;
  for (std::size_t at = 0; at < text.size();) {
    if (text[at] == '"') {  // a literal stays as it is
      const std::size_t end = std::min(text.find('"', at + 1), text.size() - 1) + 1;
      line += text.substr(at, end - at);
      at = end;
      continue;
    }
    const bool begins_word =
        is_word(text[at]) && (at == 0 || (!is_word(text[at - 1]) && text[at - 1] != '.'));
    std::size_t used = 0;
    if (begins_word) line += translated(text.substr(at), used);
    if (used == 0) {
      used = std::max<std::size_t>(1, word_at(text, at).size());
      line += text.substr(at, used);
    }
    at += used;
  }
  return line;
}

std::vector<Method> python_methods(const std::string& torchscript) {
  std::vector<Method> methods;
  std::istringstream stream(torchscript);
  constexpr std::string_view kDef = "def ";
  for (std::string line; std::getline(stream, line);) {
    if (line.empty()) continue;
    if (line.starts_with(kDef)) {
      methods.push_back({std::string(word_at(line, kDef.size())), {}});
    }
    NAS_ASSERT(!methods.empty());
    methods.back().lines.push_back(python_line(line));
  }
  return methods;
}

std::set<std::string> called_methods(const Method& method) {
  constexpr std::string_view kSelf = "self.";
  std::set<std::string> names;
  for (const std::string& line : method.lines) {
    for (std::size_t at = line.find(kSelf); at != std::string::npos;
         at = line.find(kSelf, at + 1)) {
      const std::string_view name = word_at(line, at + kSelf.size());
      const std::size_t end = at + kSelf.size() + name.size();
      if (end < line.size() && line[end] == '(') names.emplace(name);
    }
  }
  return names;
}

}  // namespace nas::nn
