#include "nas/space/primitive.hpp"

#include <algorithm>
#include <string_view>

#include "nas/core/error.hpp"

namespace nas::space {

std::vector<std::int64_t> ParameterShape::axes() const {
  std::vector<std::int64_t> used;
  for (const std::int64_t size : sizes) {
    if (size != 0) used.push_back(size);
  }
  return used;
}

std::int64_t ParameterShape::elements() const {
  std::int64_t product = 1;
  for (const std::int64_t size : sizes) product *= size != 0 ? size : 1;
  return product;
}

std::optional<std::uint16_t> find_primitive(std::string_view name) {
  const std::vector<PrimitiveSpec>& table = primitives();
  const auto found = std::lower_bound(
      table.begin(), table.end(), name,
      [](const PrimitiveSpec& spec, std::string_view wanted) { return spec.name < wanted; });
  if (found == table.end() || found->name != name) return std::nullopt;
  return static_cast<std::uint16_t>(found - table.begin());
}

std::uint16_t primitive_index(std::string_view name) {
  if (const auto index = find_primitive(name)) return *index;
  std::vector<std::string> known;
  known.reserve(primitives().size());
  for (const PrimitiveSpec& spec : primitives()) known.push_back(spec.name);
  std::string message = "unknown primitive \"" + std::string(name) + "\"";
  const std::string near = nearest_name(name, known.data(), known.size());
  if (!near.empty()) message += ", did you mean \"" + near + "\"?";
  throw Error(ErrorKind::kConfig, message + " (`nas list primitives` shows all)");
}

Node make_node(std::uint16_t primitive, ValueIndex first, ValueIndex second) {
  Node node;
  node.primitive = primitive;
  const PrimitiveSpec& spec = primitives()[primitive];
  node.inputs[0] = first;
  if (spec.arity > 1) node.inputs[1] = second;
  for (std::size_t i = 0; i < spec.fields.size(); ++i) node.fields[i] = spec.fields[i].fallback;
  return node;
}

}  // namespace nas::space
