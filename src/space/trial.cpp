#include "nas/space/trial.hpp"

#include <array>

#include "nas/core/error.hpp"
#include "space/lexer.hpp"

namespace nas::space {
namespace {

/// In the order of TrialState.
constexpr std::array<const char*, 5> kNames = {"RUNNING", "WAITING", "COMPLETE", "PRUNED", "FAIL"};

}  // namespace

const char* to_text(TrialState state) { return kNames.at(static_cast<std::size_t>(state)); }

TrialState trial_state_from_text(const std::string& text) {
  for (std::size_t i = 0; i < kNames.size(); ++i) {
    if (text == kNames[i]) return static_cast<TrialState>(i);
  }
  throw Error(ErrorKind::kConfig,
              "trial state " + in_quotes(text) + ": must be one of " +
                  listed(std::vector<std::string>(kNames.begin(), kNames.end())));
}

}  // namespace nas::space
