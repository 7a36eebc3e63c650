#include "nn/safetensors_format.hpp"

#include <c10/core/ScalarType.h>

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>
#include <utility>

#include "nas/core/error.hpp"
#include "nas/core/json.hpp"

namespace nas::nn {

namespace {

constexpr std::uint64_t kLengthBytes = 8;
constexpr std::uint64_t kLongestHeader = std::uint64_t{16} << 20;
constexpr std::uint64_t kMostElements = std::uint64_t{1} << 60;
constexpr std::size_t kMostAxes = 16;
constexpr const char* kMetadataKey = "__metadata__";

struct TypeName {
  const char* name;
  at::ScalarType type;
};

constexpr std::array kTypes{
    TypeName{"F32", at::kFloat}, TypeName{"F64", at::kDouble}, TypeName{"BF16", at::kBFloat16},
    TypeName{"F16", at::kHalf},  TypeName{"I64", at::kLong},   TypeName{"I32", at::kInt},
    TypeName{"U8", at::kByte},
};

[[noreturn]] void fail(const std::string& where, const std::string& what) {
  throw Error(ErrorKind::kData, where + ": " + what);
}

std::uint64_t little_endian(std::string_view bytes) {
  std::uint64_t value = 0;
  for (std::size_t i = 0; i < kLengthBytes; ++i) {
    value |= std::uint64_t{static_cast<unsigned char>(bytes[i])} << (8 * i);
  }
  return value;
}

Json parse_object(std::string_view text, const std::string& where) {
  Json json;
  try {
    json = parse_stored_json(text, where);
  } catch (const Error& error) {
    throw Error(ErrorKind::kData, std::string("safetensors header of ") + error.what());
  }
  if (!json.is_object()) fail(where, "the safetensors header is no JSON object");
  return json;
}

/// The member of a tensor's description, or a failure that names both.
const Json& member(const Json& json, const char* key, const std::string& where) {
  const auto found = json.find(key);
  if (found == json.end()) fail(where, std::string("\"") + key + "\" is missing");
  return *found;
}

at::ScalarType type_of(const Json& json, const std::string& where) {
  std::string allowed;
  for (const TypeName& type : kTypes) {
    if (json.is_string() && json.get_ref<const std::string&>() == type.name) return type.type;
    allowed += std::string(allowed.empty() ? "" : ", ") + type.name;
  }
  fail(where, "dtype " + json.dump(-1, ' ', true, Json::error_handler_t::replace) +
                  " is not one of " + allowed);
}

/// Sizes whose product, counted without zeros, cannot overflow.
std::vector<std::int64_t> sizes_of(const Json& json, const std::string& where) {
  if (!json.is_array() || json.size() > kMostAxes) {
    fail(where, "shape is no array of at most " + std::to_string(kMostAxes) + " sizes");
  }
  std::vector<std::int64_t> sizes;
  std::uint64_t product = 1;
  for (const Json& size : json) {
    if (!size.is_number_unsigned()) fail(where, "a size is no whole number >= 0");
    const auto value = size.get<std::uint64_t>();
    if (value != 0 && product > kMostElements / value) fail(where, "the shape is too large");
    if (value != 0) product *= value;
    sizes.push_back(static_cast<std::int64_t>(value));
  }
  return sizes;
}

std::uint64_t bytes_of(const SafetensorsEntry& entry) {
  std::uint64_t elements = 1;
  for (const std::int64_t size : entry.sizes) elements *= static_cast<std::uint64_t>(size);
  return elements * c10::elementSize(entry.dtype);
}

SafetensorsEntry entry_of(const std::string& name, const Json& json, std::uint64_t data_size,
                          const std::string& file) {
  const std::string where = file + ": tensor \"" + name + "\"";
  if (!json.is_object()) fail(where, "its description is no JSON object");
  SafetensorsEntry entry;
  entry.name = name;
  entry.dtype = type_of(member(json, "dtype", where), where);
  entry.sizes = sizes_of(member(json, "shape", where), where);
  const Json& offsets = member(json, "data_offsets", where);
  if (!offsets.is_array() || offsets.size() != 2 || !offsets[0].is_number_unsigned() ||
      !offsets[1].is_number_unsigned()) {
    fail(where, "data_offsets are not two whole numbers >= 0");
  }
  entry.begin = offsets[0].get<std::uint64_t>();
  entry.end = offsets[1].get<std::uint64_t>();
  if (entry.begin > entry.end || entry.end > data_size) {
    fail(where, "data_offsets [" + std::to_string(entry.begin) + ", " + std::to_string(entry.end) +
                    "] do not lie in the file's " + std::to_string(data_size) + " bytes of data");
  }
  if (entry.end - entry.begin != bytes_of(entry)) {
    fail(where, "has " + std::to_string(entry.end - entry.begin) + " bytes; its shape needs " +
                    std::to_string(bytes_of(entry)));
  }
  return entry;
}

void read_metadata(const Json& json, SafetensorsHeader& header, const std::string& where) {
  if (!json.is_object()) fail(where, "__metadata__ is no JSON object");
  for (const auto& [key, value] : json.items()) {
    if (!value.is_string()) fail(where, "__metadata__ \"" + key + "\" is no string");
    header.metadata[key] = value.get<std::string>();
  }
}

void require_no_holes(const SafetensorsHeader& header, std::uint64_t data_size,
                      const std::string& where) {
  std::uint64_t expected = 0;
  for (const SafetensorsEntry& entry : header.entries) {
    if (entry.begin != expected) {
      fail(where, "tensor \"" + entry.name + "\" begins at byte " + std::to_string(entry.begin) +
                      " of the data, the one before it ends at " + std::to_string(expected));
    }
    expected = entry.end;
  }
  if (expected != data_size) {
    fail(where, std::to_string(data_size - expected) + " bytes after the last tensor");
  }
}

}  // namespace

SafetensorsHeader parse_safetensors_header(std::string_view bytes, const std::string& where) {
  if (bytes.size() < kLengthBytes) {
    fail(where, "no safetensors file: shorter than the 8 bytes of the header's length");
  }
  const std::uint64_t length = little_endian(bytes);
  if (length > kLongestHeader) {
    fail(where, "the header's length is " + std::to_string(length) + " bytes; at most " +
                    std::to_string(kLongestHeader) + " are read");
  }
  if (length > bytes.size() - kLengthBytes) {
    fail(where, "the file ends inside the header of " + std::to_string(length) + " bytes");
  }
  SafetensorsHeader header;
  header.data_begin = kLengthBytes + length;
  const std::uint64_t data_size = bytes.size() - header.data_begin;
  const Json json = parse_object(bytes.substr(kLengthBytes, length), where);
  for (const auto& [name, value] : json.items()) {
    if (name == kMetadataKey) {
      read_metadata(value, header, where);
    } else {
      header.entries.push_back(entry_of(name, value, data_size, where));
    }
  }
  // Empty tensors share their offset with the one that follows, so the end decides too.
  std::stable_sort(header.entries.begin(), header.entries.end(),
                   [](const SafetensorsEntry& a, const SafetensorsEntry& b) {
                     return std::pair(a.begin, a.end) < std::pair(b.begin, b.end);
                   });
  require_no_holes(header, data_size, where);
  return header;
}

std::string safetensors_header_text(const SafetensorsHeader& header) {
  Json json = Json::object();
  if (!header.metadata.empty()) json[kMetadataKey] = header.metadata;
  for (const SafetensorsEntry& entry : header.entries) {
    const auto* const type = std::find_if(kTypes.begin(), kTypes.end(),
                                          [&](const TypeName& t) { return t.type == entry.dtype; });
    if (type == kTypes.end() || entry.name == kMetadataKey || json.contains(entry.name)) {
      throw Error(ErrorKind::kInternal, "the tensor \"" + entry.name +
                                            "\" cannot be written: its name is taken or its type " +
                                            c10::toString(entry.dtype) + " is not supported");
    }
    json[entry.name] = {
        {"dtype", type->name}, {"shape", entry.sizes}, {"data_offsets", {entry.begin, entry.end}}};
  }
  std::string text;
  try {
    text = json.dump();
  } catch (const Json::exception& error) {
    throw Error(ErrorKind::kData,
                std::string("a tensor's name or the metadata is not UTF-8: ") + error.what());
  }
  text.resize((text.size() + kLengthBytes - 1) / kLengthBytes * kLengthBytes, ' ');
  return text;
}

}  // namespace nas::nn
