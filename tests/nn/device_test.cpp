#include <gtest/gtest.h>

#include "nas/nn/model.hpp"
#include "nas/ops/cuda.hpp"
#include "nn/models.hpp"
#include "support/error_of.hpp"

namespace nas::test {
namespace {

TEST(ResolveDevice, KnowsTheCpu) { EXPECT_EQ(nn::resolve_device("cpu"), "cpu"); }

TEST(ResolveDevice, AutoIsAGpuWhereThereIsOne) {
  EXPECT_EQ(nn::resolve_device("auto"), ops::cuda_device_count() > 0 ? "cuda:0" : "cpu");
}

TEST(ResolveDevice, SaysWhatThereIs) {
  for (const std::string& wanted :
       std::vector<std::string>{"cuda:99", "gpu", "", "cuda:", "cuda:0x", "cuda:-1", "cpu:0"}) {
    const auto error = error_of([&] { return nn::resolve_device(wanted); });
    EXPECT_EQ(error->kind(), ErrorKind::kDevice);
    const std::string message = error->what();
    EXPECT_NE(message.find("\"" + wanted + "\""), std::string::npos) << message;
    EXPECT_NE(message.find("cpu"), std::string::npos) << message;
  }
}

TEST(ResolveDevice, CudaWithoutAGpuIsRefused) {
  if (ops::cuda_device_count() > 0) GTEST_SKIP() << "there is a GPU";
  EXPECT_EQ(error_of([] { return nn::resolve_device("cuda"); })->kind(), ErrorKind::kDevice);
  EXPECT_EQ(
      error_of([] { return nn::Model(vanilla_architecture(), {.device = "cuda:0"}); })->kind(),
      ErrorKind::kDevice);
}

}  // namespace
}  // namespace nas::test
