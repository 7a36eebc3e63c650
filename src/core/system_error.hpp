#pragma once

#include <string>

#include "nas/core/error.hpp"

namespace nas::detail {

/// "cannot write runs/a/b: No space left on device" as an Error(kIo).
[[nodiscard]] Error io_error(const std::string& action, const std::string& path, int error_number);

/// Owns a file descriptor.
class Descriptor {
 public:
  explicit Descriptor(int value) : value_(value) {}
  ~Descriptor() { close(); }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  [[nodiscard]] int get() const { return value_; }
  /// Closes now; the result of close(2), 0 when already closed.
  int close();
  /// Closes what is held and takes another one.
  void reset(int value) {
    close();
    value_ = value;
  }

 private:
  int value_;
};

}  // namespace nas::detail
