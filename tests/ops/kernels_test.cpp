#include "nas/ops/kernels.hpp"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include "nas/ops/squared_relu.hpp"
#include "support/gpu.hpp"

namespace nas::ops {
namespace {

TEST(Kernels, OldGpusAreRefusedByName) {
  if (!has_cuda_kernels()) GTEST_SKIP() << "built without CUDA kernels";
  EXPECT_EQ(why_no_kernels({"old", 1, 7, 5}), "compute capability 7.5, they need 8.0");
  EXPECT_EQ(why_no_kernels({"A100", 1, 8, 0}), "");
  EXPECT_EQ(why_no_kernels({"H200", 1, 9, 0}), "");
}

TEST(Kernels, AreNotOnTheCpu) { EXPECT_FALSE(has_kernels_on(c10::Device(c10::kCPU))); }

TEST(GpuKernelsFallBack, ForADtypeThatTheyDoNotTakeWithOneWarning) {
  NAS_TEST_REQUIRE_GPU();
  const at::Tensor x = at::randn({33, 7}, at::TensorOptions(at::kHalf).device("cuda:0"));
  testing::internal::CaptureStderr();
  const at::Tensor y = squared_relu(x);
  const at::Tensor again = squared_relu(x);
  const std::string said = testing::internal::GetCapturedStderr();
  EXPECT_TRUE(at::equal(y, squared_relu_plain(x)));
  EXPECT_TRUE(at::equal(y, again));
  const std::size_t first = said.find("with Half");
  EXPECT_NE(first, std::string::npos) << said;
  EXPECT_EQ(said.find("with Half", first + 1), std::string::npos) << said;
}

}  // namespace
}  // namespace nas::ops
