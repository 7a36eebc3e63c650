#pragma once

#include <c10/core/ScalarType.h>

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace nas::nn {

/// One tensor of a safetensors header.
struct SafetensorsEntry {
  std::string name;
  at::ScalarType dtype = at::kFloat;
  std::vector<std::int64_t> sizes;
  std::uint64_t begin = 0;  ///< byte offset in the file's data part
  std::uint64_t end = 0;
};

/// A checked header: entries in the order of their bytes, which fill the data part without holes
/// or overlaps, each of the length its type and sizes need.
struct SafetensorsHeader {
  std::vector<SafetensorsEntry> entries;
  std::map<std::string, std::string> metadata;
  std::uint64_t data_begin = 0;  ///< byte offset in the file
};

/// Reads the header of a whole file's bytes. Throws Error(kData) that begins with `where`.
/// Source: https://github.com/huggingface/safetensors, "Format"; we refuse headers above 16 MiB
/// (there: 100 MB), more than 16 axes, and types that write_safetensors does not write.
[[nodiscard]] SafetensorsHeader parse_safetensors_header(std::string_view bytes,
                                                         const std::string& where);

/// Header text, padded with spaces so that the data part is aligned to 8 bytes.
[[nodiscard]] std::string safetensors_header_text(const SafetensorsHeader& header);

}  // namespace nas::nn
