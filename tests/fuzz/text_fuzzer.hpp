#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "nas/core/error.hpp"

namespace nas::fuzz {

/// Hands the input to `read` as text, which may refuse it with Error(kConfig) and nothing else.
/// What LLVMFuzzerTestOneInput returns.
inline int read_text(const std::uint8_t* data, std::size_t size, void (*read)(std::string_view)) {
  try {
    read({reinterpret_cast<const char*>(data), size});
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::kConfig) throw;
  }
  return 0;
}

}  // namespace nas::fuzz
