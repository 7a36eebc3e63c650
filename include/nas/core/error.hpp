#pragma once

#include <cstddef>
#include <stdexcept>
#include <string>
#include <string_view>

namespace nas {

/// What kind of fault an Error reports; decides the program's exit code.
enum class ErrorKind {
  kUsage,       ///< a wrong command line (exit 2)
  kConfig,      ///< a wrong configuration, program or architecture text (exit 2)
  kData,        ///< a corpus or table that cannot be used (exit 2)
  kDevice,      ///< a device that is missing or failed (exit 1)
  kIo,          ///< reading or writing failed (exit 1)
  kInfeasible,  ///< no architecture satisfies the constraints (exit 3)
  kFailures,    ///< too many trials failed (exit 5)
  kStudy,       ///< the study is damaged, foreign, newer than this program, or locked (exit 6)
  kInternal,    ///< our bug (exit 1)
};

/// The one exception of the program. The message says what, the value, where it came from and
/// what is allowed: `search.parallelism = 0 (primer.json:12:20): must be in [1, 64]`.
class Error : public std::runtime_error {
 public:
  Error(ErrorKind kind, const std::string& message) : std::runtime_error(message), kind_(kind) {}
  [[nodiscard]] ErrorKind kind() const { return kind_; }

 private:
  ErrorKind kind_;
};

/// Exit code of the program for an error of this kind.
[[nodiscard]] int exit_code(ErrorKind kind);

/// The known name nearest to `given` by edit distance, or an empty string when none is near
/// enough to be a typing error. `known` is any range of strings.
[[nodiscard]] std::string nearest_name(std::string_view given, const std::string* known,
                                       std::size_t count);

namespace detail {
[[noreturn]] void assertion_failed(const char* expression, const char* file, int line);
}  // namespace detail

}  // namespace nas

/// Always on. For our own bugs only: a user's fault throws Error.
#define NAS_ASSERT(expression)         \
  ((expression) ? static_cast<void>(0) \
                : ::nas::detail::assertion_failed(#expression, __FILE__, __LINE__))
