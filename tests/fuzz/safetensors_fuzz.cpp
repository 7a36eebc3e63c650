// Any bytes are read as a safetensors file or refused with Error(kData); nothing else may happen. A
// header that was read is written and read again: the same tensors.

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "nas/core/error.hpp"
#include "nn/safetensors_bytes.hpp"
#include "nn/safetensors_format.hpp"

namespace {

void require(bool holds) {
  if (!holds) std::abort();
}

void require_round_trip(std::string_view bytes) {
  const nas::nn::SafetensorsHeader header = nas::nn::parse_safetensors_header(bytes, "input");
  const std::string text = nas::nn::safetensors_header_text(header);
  std::string again;
  for (int i = 0; i < 8; ++i) again += static_cast<char>((text.size() >> (8 * i)) & 0xFF);
  again += text;
  again += bytes.substr(header.data_begin);
  const nas::nn::SafetensorsHeader second = nas::nn::parse_safetensors_header(again, "written");
  require(second.metadata == header.metadata);
  require(second.entries.size() == header.entries.size());
  for (std::size_t i = 0; i < header.entries.size(); ++i) {
    require(second.entries[i].name == header.entries[i].name);
    require(second.entries[i].sizes == header.entries[i].sizes);
    require(second.entries[i].begin == header.entries[i].begin);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  try {
    const nas::nn::SafetensorsFile file = nas::nn::read_safetensors_bytes(bytes, "input");
    std::size_t total = 0;
    for (const nas::nn::NamedTensor& named : file.tensors) total += named.tensor.nbytes();
    require(total <= size);
    require_round_trip(bytes);
  } catch (const nas::Error& error) {
    require(error.kind() == nas::ErrorKind::kData);
  }
  return 0;
}
