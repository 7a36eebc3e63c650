#include "nas/core/error.hpp"

#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "support/error_of.hpp"

namespace nas {
namespace {

TEST(ExitCode, FollowsTheTableOfTheCommandLine) {
  const std::vector<std::pair<ErrorKind, int>> expected{
      {ErrorKind::kUsage, 2},      {ErrorKind::kConfig, 2},   {ErrorKind::kData, 2},
      {ErrorKind::kDevice, 1},     {ErrorKind::kIo, 1},       {ErrorKind::kInternal, 1},
      {ErrorKind::kInfeasible, 3}, {ErrorKind::kFailures, 5}, {ErrorKind::kStudy, 6}};
  for (const auto& [kind, code] : expected) EXPECT_EQ(exit_code(kind), code);
}

std::string nearest(const std::string& given) {
  const std::vector<std::string> known{"parallelism",   "options", "enqueue", "name",
                                       "learning_rate", "beta1",   "beta2"};
  return nearest_name(given, known.data(), known.size());
}

TEST(NearestName, FindsTypingErrors) {
  EXPECT_EQ(nearest("paralelism"), "parallelism");
  EXPECT_EQ(nearest("parallelismm"), "parallelism");
  EXPECT_EQ(nearest("optoins"), "options");
  EXPECT_EQ(nearest("Learning-Rate"), "learning_rate");
  EXPECT_EQ(nearest("nmae"), "name");
}

TEST(NearestName, PrefersTheNearerAndThenTheFirst) {
  EXPECT_EQ(nearest("beta2x"), "beta2");
  EXPECT_EQ(nearest("beta"), "beta1");
}

TEST(NearestName, IsSilentAboutOtherWords) {
  EXPECT_EQ(nearest("population"), "");
  EXPECT_EQ(nearest(""), "");
  EXPECT_EQ(nearest("x"), "");
  EXPECT_EQ(nearest_name("name", nullptr, 0), "");
  EXPECT_EQ(nearest(std::string(100000, 'n')), "");
}

TEST(Assertion, ThrowsAnInternalErrorThatNamesThePlace) {
  const int two = 2;
  EXPECT_NO_THROW(NAS_ASSERT(two == 2));
  const auto error = test::error_of([&] { return NAS_ASSERT(two == 3), 0; });
  ASSERT_TRUE(error);
  EXPECT_EQ(error->kind(), ErrorKind::kInternal);
  const std::string message = error->what();
  EXPECT_NE(message.find("assertion `two == 3` failed at error_test.cpp:"), std::string::npos)
      << message;
}

}  // namespace
}  // namespace nas
