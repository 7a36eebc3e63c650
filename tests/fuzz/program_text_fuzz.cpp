#include <cstddef>
#include <cstdint>
#include <string_view>

#include "nas/core/error.hpp"
#include "nas/space/canonical.hpp"
#include "nas/space/check.hpp"
#include "nas/space/text.hpp"
#include "text_fuzzer.hpp"

namespace {

/// What reads must survive a round trip; what is accepted must have a canonical form.
void read(std::string_view text) {
  using namespace nas::space;  // NOLINT(google-build-using-namespace)
  const Program program = program_from_text(text, "fuzz");
  NAS_ASSERT(program_from_text(to_text(program), "fuzz") == program);
  CheckedProgram checked;
  const CheckRules rules;
  const Rejection rejection = check(program, rules, checked);
  if (rejection.kind != Rejection::Kind::kNone) {
    NAS_ASSERT(!explain(rejection, program, rules).empty());
    return;
  }
  const Program once = canonical(program);
  NAS_ASSERT(canonical(once) == once);
  NAS_ASSERT(hash_of(program) == hash_canonical(once));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  return nas::fuzz::read_text(data, size, read);
}
