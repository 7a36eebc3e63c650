#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "nas/core/error.hpp"

namespace nas::test {

/// The Error that `action` throws, or null and a failed test when it throws none.
template <class Action>
std::shared_ptr<const Error> error_of(Action&& action) {
  try {
    static_cast<void>(action());
  } catch (const Error& error) {
    return std::make_shared<const Error>(error);
  }
  ADD_FAILURE() << "no nas::Error was thrown";
  return nullptr;
}

/// Its message, empty when none is thrown (and the test has failed).
template <class Action>
std::string message_of(Action&& action) {
  const auto error = error_of(action);
  return error ? error->what() : "";
}

}  // namespace nas::test
