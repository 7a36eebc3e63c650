#pragma once

#include <map>
#include <string>
#include <vector>

#include "nas/nn/model.hpp"

namespace nas::nn {

/// Writes tensors (CPU or CUDA, any of float32, float64, bfloat16, float16, int64, int32, uint8)
/// in the safetensors format, atomically: 8 bytes of header length, JSON header, raw
/// little-endian bytes in the order given.
void write_safetensors(const std::string& path, const std::vector<NamedTensor>& tensors,
                       const std::map<std::string, std::string>& metadata);

/// What a file holds; tensors are owned copies on the CPU.
struct SafetensorsFile {
  std::vector<NamedTensor> tensors;
  std::map<std::string, std::string> metadata;
  [[nodiscard]] const at::Tensor* find(const std::string& name) const;
};

/// Reads a file. Hostile input is safe: lengths, offsets, overlaps, shapes and types are checked
/// before anything is allocated. Throws Error(kData) that says what is wrong and where, or
/// Error(kIo).
[[nodiscard]] SafetensorsFile read_safetensors(const std::string& path);

}  // namespace nas::nn
