#include <cstddef>
#include <cstdint>
#include <string_view>

#include "nas/core/error.hpp"
#include "nas/space/canonical.hpp"
#include "nas/space/check.hpp"
#include "nas/space/dna.hpp"
#include "text_fuzzer.hpp"

namespace {

/// What reads must survive a round trip; what it lowers to is checked like any program.
void read(std::string_view text) {
  using namespace nas::space;  // NOLINT(google-build-using-namespace)
  const Dna dna = dna_from_text(text, "fuzz");
  NAS_ASSERT(fault_of(dna).empty());
  NAS_ASSERT(dna_from_text(to_text(dna), "fuzz") == dna);
  const auto program = lower(dna);
  if (!program) return;
  CheckedProgram checked;
  CheckRules rules;
  rules.max_nodes = kMaxLoweredNodes;
  const Rejection rejection = check(*program, rules, checked);
  if (rejection.kind != Rejection::Kind::kNone) {
    NAS_ASSERT(!explain(rejection, *program, rules).empty());
    return;
  }
  const Program once = canonical(*program);
  NAS_ASSERT(canonical(once) == once);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  return nas::fuzz::read_text(data, size, read);
}
