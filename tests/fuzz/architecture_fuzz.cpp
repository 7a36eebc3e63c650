#include <cstddef>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <string_view>

#include "nas/core/error.hpp"
#include "nas/space/architecture.hpp"
#include "nas/space/cost.hpp"
#include "text_fuzzer.hpp"

namespace {

/// Larger ones are no other code, only slow to make canonical under the sanitizers.
constexpr std::size_t kMaxLayers = 16;

/// What reads is valid, survives a round trip and can be hashed and costed.
void read(std::string_view text) {
  using namespace nas::space;  // NOLINT(google-build-using-namespace)
  nas::JsonPositions positions("fuzz");
  const nas::Json json = nas::parse_json(text, positions);
  const Architecture architecture = architecture_from_json(json, positions);
  const nas::Json written = to_json(architecture);
  NAS_ASSERT(architecture_from_json(written, positions) == architecture);
  if (architecture.layers.size() > kMaxLayers) return;
  NAS_ASSERT(hash_of(canonical(architecture)) == hash_of(architecture));
  NAS_ASSERT(cost_of(architecture, CostPoint{}).params > 0);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  return nas::fuzz::read_text(data, size, read);
}
