#include "nas/core/child_program.hpp"

#include <gtest/gtest.h>

#include "nas/core/error.hpp"
#include "support/error_of.hpp"

namespace nas {
namespace {

TEST(RunProgram, CarriesInputOutputErrorsAndExitCode) {
  const ProgramResult result = run_program(
      {"/bin/sh", "-c", "cat; echo \"to $1\" >&2; exit 7", "sh", "stderr"}, "in and out");
  EXPECT_EQ(result.output, "in and out");
  EXPECT_EQ(result.errors, "to stderr\n");
  EXPECT_EQ(result.exit_code, 7);
}

TEST(RunProgram, CarriesMoreThanAPipeHolds) {
  const std::string input(std::size_t{3} << 20U, 'x');
  const ProgramResult result = run_program({"/bin/cat"}, input);
  EXPECT_EQ(result.output.size(), input.size());
  EXPECT_EQ(result.exit_code, 0);
}

TEST(RunProgram, FindsANameOnThePath) { EXPECT_EQ(run_program({"cat"}, "text").output, "text"); }

TEST(RunProgram, ReportsASignal) {
  EXPECT_EQ(run_program({"/bin/sh", "-c", "kill -ABRT $$"}, "").exit_code, 128 + 6);
}

TEST(RunProgram, AMissingProgramIsAnError) {
  EXPECT_EQ(test::message_of([] { return run_program({"/no/such/program"}, ""); }),
            "cannot start /no/such/program: No such file or directory");
  EXPECT_EQ(test::message_of([] { return run_program({"no-such-program-on-any-path"}, ""); }),
            "cannot start no-such-program-on-any-path: No such file or directory");
}

}  // namespace
}  // namespace nas
