#include "data/built_program.hpp"

#include <gtest/gtest.h>

#include "nas/core/error.hpp"

namespace nas::data {
namespace {

TEST(BuiltProgram, IsFoundByNameOrAnError) {
  EXPECT_TRUE(built_program("nas-sentencepiece").ends_with("/nas-sentencepiece"));
  EXPECT_THROW(static_cast<void>(built_program("no-such-program")), Error);
}

}  // namespace
}  // namespace nas::data
