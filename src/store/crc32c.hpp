#pragma once

#include <cstdint>
#include <string_view>

namespace nas::store {

/// CRC-32C (Castagnoli polynomial, reflected, as in RFC 3720 appendix B.4).
[[nodiscard]] std::uint32_t crc32c(std::string_view bytes);

}  // namespace nas::store
