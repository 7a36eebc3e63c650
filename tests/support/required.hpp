#pragma once

#include <optional>
#include <stdexcept>
#include <string>
#include <utility>

namespace nas::test {

/// What an optional holds; a test that needs it ends with "no <what>" where it holds nothing.
template <class T>
T required(std::optional<T> found, const std::string& what) {
  if (!found) throw std::runtime_error("no " + what);
  return *std::move(found);
}

}  // namespace nas::test
