#include "nas/nn/safetensors.hpp"

#include <ATen/ops/empty.h>

#include <array>
#include <cstring>
#include <utility>

#include "nas/core/error.hpp"
#include "nas/core/files.hpp"
#include "nn/safetensors_bytes.hpp"
#include "nn/safetensors_format.hpp"

namespace nas::nn {

void write_safetensors(const std::string& path, const std::vector<NamedTensor>& tensors,
                       const std::map<std::string, std::string>& metadata) {
  SafetensorsHeader header;
  header.metadata = metadata;
  std::uint64_t offset = 0;
  for (const NamedTensor& named : tensors) {
    const std::uint64_t bytes = named.tensor.nbytes();
    header.entries.push_back({named.name, named.tensor.scalar_type(), named.tensor.sizes().vec(),
                              offset, offset + bytes});
    offset += bytes;
  }
  const std::string text = safetensors_header_text(header);
  std::array<char, 8> length{};
  for (std::size_t i = 0; i < length.size(); ++i) {
    length[i] = static_cast<char>((std::uint64_t{text.size()} >> (8 * i)) & 0xFF);
  }
  write_file_atomically(path, [&](const std::function<void(const void*, std::size_t)>& sink) {
    sink(length.data(), length.size());
    sink(text.data(), text.size());
    for (const NamedTensor& named : tensors) {
      const at::Tensor values = named.tensor.detach().cpu().contiguous();
      sink(values.const_data_ptr(), values.nbytes());
    }
  });
}

const at::Tensor* SafetensorsFile::find(const std::string& name) const {
  for (const NamedTensor& named : tensors) {
    if (named.name == name) return &named.tensor;
  }
  return nullptr;
}

SafetensorsFile read_safetensors_bytes(std::string_view bytes, const std::string& where) {
  SafetensorsHeader header = parse_safetensors_header(bytes, where);
  SafetensorsFile file;
  file.metadata = std::move(header.metadata);
  for (SafetensorsEntry& entry : header.entries) {
    at::Tensor tensor = at::empty(entry.sizes, entry.dtype);
    const std::string_view source =
        bytes.substr(header.data_begin + entry.begin, entry.end - entry.begin);
    if (!source.empty()) std::memcpy(tensor.mutable_data_ptr(), source.data(), source.size());
    file.tensors.push_back({std::move(entry.name), std::move(tensor)});
  }
  return file;
}

SafetensorsFile read_safetensors(const std::string& path) {
  const MappedFile map(path);
  const auto* const data = reinterpret_cast<const char*>(map.data());
  return read_safetensors_bytes({data, map.size()}, path);
}

}  // namespace nas::nn
