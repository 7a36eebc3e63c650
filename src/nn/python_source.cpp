#include "nas/nn/python_source.hpp"

#include <algorithm>
#include <map>
#include <sstream>
#include <string_view>

#include "nas/core/units.hpp"
#include "nas/nn/torchscript.hpp"
#include "nas/space/text.hpp"
#include "nn/model_parameters.hpp"
#include "nn/python_text.hpp"

namespace nas::nn {

namespace {

constexpr std::string_view kShared = R"(aten = torch.ops.aten


def parameter(sizes, std=0.0, mean=(0.0,)):
    """A trained tensor. Its first values: mean, repeated, plus normal noise."""
    repeated = torch.tensor(mean, dtype=torch.get_default_dtype()).repeat(math.prod(sizes) // len(mean))
    return nn.Parameter(repeated.reshape(sizes) + std * torch.randn(sizes))


class Node(nn.Module):
    """The trained tensors of one node of a program."""

    def __init__(self, **tensors):
        super().__init__()
        for name, tensor in tensors.items():
            self.register_parameter(name, tensor)
)";

/// A layer of the architecture as it will be written.
struct LayerClass {
  std::vector<std::string> fields;  ///< lines of __init__
  Method forward;
  std::vector<Method> methods;     ///< that forward may call
  std::vector<std::size_t> users;  ///< numbers of the layers that it stands for
  [[nodiscard]] std::string name() const { return "Layer" + std::to_string(users.front()); }
};

std::string sizes_text(const space::ParameterShape& shape) {
  std::string text;
  for (const std::int64_t size : shape.sizes) {
    if (size != 0) text += (text.empty() ? "" : ", ") + std::to_string(size);
  }
  return "[" + text + "]";
}

/// A float literal.
std::string real_text(double value) {
  const std::string text = format_exact(value);
  return text.find_first_of(".e") == std::string::npos ? text + ".0" : text;
}

std::string parameter_text(const LayerParameter& parameter) {
  std::string text = "parameter(" + sizes_text(parameter.shape);
  const InitialValues& rule = parameter.initial;
  if (rule.std != 0) text += ", std=" + real_text(rule.std);
  if (rule.mean != std::vector<double>{0}) {
    std::string means;
    for (const double mean : rule.mean) means += (means.empty() ? "" : ", ") + real_text(mean);
    text += ", mean=[" + means + "]";
  }
  return text + ")";
}

/// "self.v3 = Node(weight=parameter([4, 4], std=0.5))" for each owner of tensors among
/// parameters [begin, end), whose names are "<prefix><owner>.<tensor>".
std::vector<std::string> fields_of(const std::vector<LayerParameter>& parameters, std::size_t begin,
                                   std::size_t end, const std::string& prefix) {
  std::vector<std::string> lines;
  std::string last_owner;
  for (std::size_t i = begin; i < end; ++i) {
    const std::string name = parameters[i].name.substr(prefix.size());
    const std::size_t dot = name.find('.');
    const std::string owner = name.substr(0, dot);
    const std::string tensor = name.substr(dot + 1) + "=" + parameter_text(parameters[i]);
    if (owner == last_owner) {
      lines.back().pop_back();
      lines.back() += ", " + tensor + ")";
    } else {
      std::string& line = lines.emplace_back("self.");
      line.append(owner).append(" = Node(").append(tensor).append(")");
    }
    last_owner = owner;
  }
  return lines;
}

/// Text of each node by the name of its value: "v2" -> "relu(v1)".
std::map<std::string, std::string> node_texts(const space::Program& program) {
  std::map<std::string, std::string> texts;
  std::istringstream stream(space::to_text(program));
  for (std::string line; std::getline(stream, line);) {
    const std::size_t equals = line.find(" = ");
    const std::size_t begin = line.find_first_not_of(' ');
    if (equals == std::string::npos) continue;
    texts.emplace(line.substr(begin, equals - begin), line.substr(equals + 3));
  }
  return texts;
}

void add_comments(Method& forward, const space::Program& program) {
  const std::map<std::string, std::string> texts = node_texts(program);
  for (std::string& line : forward.lines) {
    const std::size_t begin = line.find_first_not_of(' ');
    const auto found = texts.find(line.substr(begin, line.find(" = ") - begin));
    if (found != texts.end()) line += "  # " + found->second;
  }
}

LayerClass layer_class(const space::Architecture& architecture, std::size_t layer,
                       const std::string& source, const ModelParameters& parameters) {
  LayerClass result;
  result.users = {layer};
  const std::size_t begin = parameters.layers[layer];
  result.fields = fields_of(parameters.all, begin, begin + parameters.layer_counts[layer],
                            "layers." + std::to_string(layer) + ".");
  result.methods = python_methods(source);
  result.forward = result.methods.front();
  result.methods.erase(result.methods.begin());
  add_comments(result.forward, architecture.layers[layer].program);
  return result;
}

/// One class for layers that are alike.
std::vector<LayerClass> layer_classes(const space::Architecture& architecture,
                                      const TorchscriptSource& source,
                                      const ModelParameters& parameters) {
  std::vector<LayerClass> classes;
  for (std::size_t layer = 0; layer < source.layers.size(); ++layer) {
    LayerClass made = layer_class(architecture, layer, source.layers[layer], parameters);
    const auto same = std::find_if(classes.begin(), classes.end(), [&](const LayerClass& other) {
      return other.forward == made.forward && other.fields == made.fields;
    });
    if (same == classes.end()) {
      classes.push_back(std::move(made));
    } else {
      same->users.push_back(layer);
    }
  }
  return classes;
}

/// Of the methods that layers may call those that they do call, in the order given.
std::vector<Method> needed_methods(const std::vector<LayerClass>& classes) {
  std::map<std::string, Method> known;
  std::set<std::string> needed;
  std::vector<std::string> pending;
  const auto need = [&](const Method& caller) {
    for (const std::string& name : called_methods(caller)) {
      if (needed.insert(name).second) pending.push_back(name);
    }
  };
  for (const LayerClass& layer : classes) {
    for (const Method& method : layer.methods) known.emplace(method.name, method);
    need(layer.forward);
  }
  while (!pending.empty()) {
    const std::string name = pending.back();
    pending.pop_back();
    if (const auto found = known.find(name); found != known.end()) need(found->second);
  }
  std::vector<Method> methods;
  if (classes.empty()) return methods;
  for (const Method& method : classes.front().methods) {
    if (needed.contains(method.name)) methods.push_back(method);
  }
  return methods;
}

std::string method_text(const Method& method) {
  std::string text;
  for (const std::string& line : method.lines) text += "\n    " + line;
  return "\n" + text + "\n";
}

std::string class_text(const std::string& head, const std::string& summary,
                       const std::vector<std::string>& fields, const std::vector<Method>& methods) {
  std::string text = "\n\nclass " + head + ":\n    \"\"\"" + summary + "\"\"\"\n";
  if (!fields.empty()) {
    text += "\n    def __init__(self):\n        super().__init__()\n";
    for (const std::string& field : fields) text += "        " + field + "\n";
  }
  for (const Method& method : methods) text += method_text(method).substr(1);
  return text;
}

std::string layer_summary(const LayerClass& layer, const space::LayerSpec& spec) {
  std::string text = layer.users.size() == 1 ? "Layer " : "Layers ";
  for (std::size_t i = 0; i < layer.users.size(); ++i) {
    text += (i == 0 ? "" : ", ") + std::to_string(layer.users[i]);
  }
  return text + ": heads " + std::to_string(spec.heads) + ", inner_dim " +
         std::to_string(spec.inner_dim) + ".";
}

std::string layer_list(const std::vector<LayerClass>& classes, std::size_t layers) {
  std::vector<std::string> names(layers);
  for (const LayerClass& layer : classes) {
    for (const std::size_t user : layer.users) names[user] = layer.name() + "()";
  }
  std::string text;
  for (const std::string& name : names) text += (text.empty() ? "" : ", ") + name;
  return "self.layers = nn.ModuleList([" + text + "])";
}

std::string model_class(const space::Architecture& architecture, const std::string& source,
                        const std::vector<LayerClass>& classes, const ModelParameters& parameters) {
  const space::ModelSpec& model = architecture.model;
  const std::size_t before = parameters.layers.empty() ? parameters.norm : parameters.layers[0];
  std::vector<std::string> fields = fields_of(parameters.all, 0, before, "");
  fields.push_back(layer_list(classes, architecture.layers.size()));
  for (std::string& field : fields_of(parameters.all, parameters.norm, parameters.all.size(), "")) {
    fields.push_back(std::move(field));
  }
  const std::string vocab = std::to_string(model.vocab_size);
  return class_text("NasModel(nn.Module)",
                    "Tokens [batch, seq] int64 to logits [batch, seq, " + vocab + "].", fields,
                    python_methods(source));
}

}  // namespace

std::string python_source(const space::Architecture& architecture) {
  const space::Architecture lowered = space::canonical(architecture);
  std::vector<LayerPlan> plans;
  const ModelParameters parameters = list_parameters(lowered, plans);
  const TorchscriptSource source = torchscript_source(lowered);
  const std::vector<LayerClass> classes = layer_classes(lowered, source, parameters);
  std::string text(kShared);
  text += class_text("Layer(nn.Module)", "What the layers' programs call.", {},
                     needed_methods(classes));
  for (const LayerClass& layer : classes) {
    text += class_text(layer.name() + "(Layer)",
                       layer_summary(layer, lowered.layers[layer.users.front()]), layer.fields,
                       {layer.forward});
  }
  return text + model_class(lowered, source.model, classes, parameters);
}

}  // namespace nas::nn
