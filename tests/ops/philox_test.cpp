#include "nas/ops/philox.hpp"

#include <gtest/gtest.h>

#include <cstring>
#include <vector>

#include "nas/core/error.hpp"
#include "nas/ops/cuda.hpp"
#include "nas/ops/kernels.hpp"
#include "support/gpu.hpp"

namespace nas::ops {
namespace {

struct Case {
  DrawKey key;
  std::uint32_t first_index;
  std::int64_t count;
};

/// Every word of the key and counter filled, no draw, one, a part of a block, several blocks, and
/// the last indices.
std::vector<Case> cases() {
  const DrawKey full{0xFEDCBA9876543210ULL, Purpose::kDropout, (1ULL << 56) - 1, 0xFFFFFFFFU};
  return {
      {{0, Purpose::kTest, 0, 0}, 0, 0},
      {{1, Purpose::kTest, 0, 0}, 0, 1},
      {{7, Purpose::kBatchOrder, 3, 5}, 0, 255},
      {{7, Purpose::kBatchOrder, 3, 5}, 100, 257},
      {full, 12345, 100'000},
      {full, 0xFFFFFFFFU - 999, 1000},
  };
}

/// The same words from nas::draw.
std::vector<std::int32_t> expected_words(const Case& c) {
  std::vector<std::int32_t> words;
  for (std::int64_t i = 0; i < c.count; ++i) {
    const PhiloxCounter drawn = draw(c.key, c.first_index + static_cast<std::uint32_t>(i));
    for (const std::uint32_t word : drawn) {
      std::int32_t bits = 0;
      std::memcpy(&bits, &word, sizeof(bits));
      words.push_back(bits);
    }
  }
  return words;
}

void expect_draws(const Case& c, at::Device device) {
  const at::Tensor drawn = philox_draws(c.key, c.first_index, c.count, device);
  EXPECT_EQ(drawn.device().type(), device.type());
  ASSERT_EQ(drawn.sizes(), (std::vector<std::int64_t>{c.count, 4}));
  const at::Tensor on_host = drawn.cpu();
  const auto* const words = on_host.const_data_ptr<std::int32_t>();
  EXPECT_EQ(std::vector<std::int32_t>(words, words + on_host.numel()), expected_words(c));
}

TEST(Philox, DrawsOfATensorAreTheHostsDraws) {
  for (const Case& c : cases()) expect_draws(c, at::kCPU);
}

TEST(Philox, RefusesIndicesBeyond32Bits) {
  EXPECT_THROW(static_cast<void>(philox_draws({}, 0xFFFFFFFFU, 2, at::kCPU)), Error);
}

TEST(GpuPhilox, DeviceDrawsHaveTheHostsBits) {
  NAS_TEST_REQUIRE_GPU();
  ASSERT_TRUE(has_cuda_kernels()) << "built without CUDA kernels";
  for (const Case& c : cases()) expect_draws(c, at::Device(at::kCUDA, 0));
}

}  // namespace
}  // namespace nas::ops
