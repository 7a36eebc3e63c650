#include "nas/core/built_program.hpp"

#include <gtest/gtest.h>

#include "nas/core/error.hpp"

namespace nas {
namespace {

TEST(BuiltProgram, IsFoundByNameOrAnError) {
  EXPECT_TRUE(built_program("nas_core_tests").ends_with("/nas_core_tests"));
  EXPECT_THROW(static_cast<void>(built_program("no-such-program")), Error);
}

}  // namespace
}  // namespace nas
