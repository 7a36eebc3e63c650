#include "nas/core/hash.hpp"

#include <fcntl.h>
#include <unistd.h>
#include <xxhash.h>

#include <cerrno>
#include <vector>

#include "core/system_error.hpp"
#include "nas/core/error.hpp"

namespace nas {
namespace {

Hash128 from_xxh(XXH128_hash_t value) { return Hash128{value.high64, value.low64}; }

}  // namespace

std::string Hash128::hex() const {
  static constexpr char kDigits[] = "0123456789abcdef";
  std::string text(32, '0');
  for (std::size_t i = 0; i < 16; ++i) {
    text[15 - i] = kDigits[(high >> (4 * i)) & 15U];
    text[31 - i] = kDigits[(low >> (4 * i)) & 15U];
  }
  return text;
}

Hash128 hash_bytes(const void* data, std::size_t size) {
  return from_xxh(XXH3_128bits(data, size));
}

struct StreamingHash::State {
  XXH3_state_t* xxh = XXH3_createState();
};

StreamingHash::StreamingHash() : state_(std::make_unique<State>()) {
  NAS_ASSERT(state_->xxh != nullptr && XXH3_128bits_reset(state_->xxh) == XXH_OK);
}

StreamingHash::~StreamingHash() { XXH3_freeState(state_->xxh); }

void StreamingHash::add(const void* data, std::size_t size) {
  if (size == 0) return;
  NAS_ASSERT(XXH3_128bits_update(state_->xxh, data, size) == XXH_OK);
}

Hash128 StreamingHash::value() const { return from_xxh(XXH3_128bits_digest(state_->xxh)); }

Hash128 hash_file(const std::string& path) {
  const detail::Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (file.get() < 0) throw detail::io_error("read", path, errno);
  StreamingHash hash;
  std::vector<char> block(std::size_t{1} << 20);
  while (true) {
    const ssize_t count = ::read(file.get(), block.data(), block.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) throw detail::io_error("read", path, errno);
    if (count == 0) return hash.value();
    hash.add(block.data(), static_cast<std::size_t>(count));
  }
}

}  // namespace nas
