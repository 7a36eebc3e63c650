#include "nas/ops/kernels.hpp"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <thread>

#include "nas/ops/squared_relu.hpp"
#include "support/gpu.hpp"
#include "support/required.hpp"

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

TEST(GpuMemory, HeldBytesAreThoseOfTensorsWithoutWorkspaces) {
  NAS_TEST_REQUIRE_GPU();
  const std::int64_t before = test::required(cuda_held_bytes(0), "LibTorch's functions");
  std::thread([&] {
    // A thread's first product gives cuBLAS a workspace of megabytes.
    const at::Tensor x = at::ones({1024, 1024}, at::TensorOptions(at::kFloat).device("cuda:0"));
    EXPECT_EQ(x.mm(x)[0][0].item<float>(), 1024);
    constexpr std::int64_t kBytes = std::int64_t{4} << 20U;
    EXPECT_EQ(test::required(cuda_held_bytes(0), "LibTorch's functions"), before + kBytes);
  }).join();
  EXPECT_EQ(test::required(cuda_held_bytes(0), "LibTorch's functions"), before);
}

}  // namespace
}  // namespace nas::ops
