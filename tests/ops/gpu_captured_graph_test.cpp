#include <ATen/Functions.h>
#include <c10/cuda/CUDACachingAllocator.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <thread>

#include "nas/ops/captured_graph.hpp"
#include "nas/ops/step_record.hpp"
#include "nas/ops/windows.hpp"
#include "support/gpu.hpp"

namespace nas::ops {
namespace {

const std::string kDevice = "cuda:0";

at::TensorOptions on_device() { return at::TensorOptions().device(at::Device(kDevice)); }

std::int64_t allocated_bytes() {
  const auto stats = c10::cuda::CUDACachingAllocator::getDeviceStats(0);
  return stats.allocated_bytes[static_cast<std::size_t>(c10::CachingAllocator::StatType::AGGREGATE)]
      .current;
}

class GpuCapturedGraph : public testing::Test {
 protected:
  void SetUp() override { NAS_TEST_REQUIRE_GPU(); }
};

TEST_F(GpuCapturedGraph, DoesAtEachReplayWhatWasRecordedAndNothingBefore) {
  const StreamLease stream(kDevice);
  const at::Tensor sum = at::zeros({4}, on_device());
  const at::Tensor term = at::ones({4}, on_device());
  const GraphMemory memory(kDevice);
  const CapturedGraph graph(memory, [&] { sum.add_(term.mul(2)); });
  EXPECT_GE(graph.node_count(), 2);
  EXPECT_EQ(sum.sum().item<float>(), 0);
  for (int i = 0; i < 3; ++i) graph.replay();
  EXPECT_EQ(sum.sum().item<float>(), 24);
  term.fill_(5);
  graph.replay();
  EXPECT_EQ(sum.sum().item<float>(), 64);
}

TEST_F(GpuCapturedGraph, RecordsAutograd) {
  const StreamLease stream(kDevice);
  const at::Tensor weight = at::full({8, 8}, 0.5, on_device()).requires_grad_(true);
  const at::Tensor x = at::ones({3, 8}, on_device());
  const at::Tensor gradient = at::zeros({8, 8}, on_device());
  const auto work = [&] {
    x.matmul(weight).square().sum().backward();
    gradient.copy_(weight.grad());
    weight.mutable_grad().reset();
  };
  work();
  const at::Tensor expected = gradient.clone();
  gradient.zero_();
  const GraphMemory memory(kDevice);
  const CapturedGraph graph(memory, work);
  graph.replay();
  EXPECT_TRUE(at::equal(gradient, expected));
}

TEST_F(GpuCapturedGraph, WorkThatThrowsLeavesTheStreamUsable) {
  const StreamLease stream(kDevice);
  const at::Tensor x = at::ones({4}, on_device());
  const GraphMemory memory(kDevice);
  EXPECT_THROW(CapturedGraph(memory, [&] { throw std::runtime_error("no"); }), std::runtime_error);
  // Asking the device for a number is no recordable work.
  EXPECT_THROW(CapturedGraph(memory, [&] { (void)x.sum().item<float>(); }), c10::Error);
  EXPECT_EQ(x.sum().item<float>(), 4);
  const CapturedGraph graph(memory, [&] { x.add_(1); });
  graph.replay();
  EXPECT_EQ(x.sum().item<float>(), 8);
}

TEST_F(GpuCapturedGraph, MemoryGoesBackAndIsSharedByGraphsInTurn) {
  const StreamLease stream(kDevice);
  const std::int64_t before = allocated_bytes();
  {
    const GraphMemory memory(kDevice);
    const at::Tensor out = at::zeros({1 << 20}, on_device());
    const auto work = [&] { out.add_(at::ones({1 << 20}, on_device()).mul(3)); };
    for (int i = 0; i < 5; ++i) {
      const CapturedGraph graph(memory, work);
      graph.replay();
    }
    EXPECT_EQ(out[0].item<float>(), 15);
  }
  EXPECT_EQ(allocated_bytes(), before);
}

TEST_F(GpuCapturedGraph, AStreamIsLentAgainWithItsMemory) {
  const auto reserved = [] {
    const auto stats = c10::cuda::CUDACachingAllocator::getDeviceStats(0);
    return stats
        .reserved_bytes[static_cast<std::size_t>(c10::CachingAllocator::StatType::AGGREGATE)]
        .current;
  };
  std::int64_t after_first = 0;
  for (int round = 0; round < 4; ++round) {
    std::jthread([] {
      const StreamLease stream(kDevice);
      const at::Tensor out = at::zeros({1 << 20}, on_device());
      const CapturedGraph graph(stream.memory(),
                                [&] { out.add_(at::ones({1 << 24}, on_device()).sum()); });
      graph.replay();
      EXPECT_EQ(out[0].item<float>(), 1 << 24);
    }).join();
    if (round == 0) after_first = reserved();
  }
  EXPECT_EQ(reserved(), after_first);
  const std::int64_t before = reserved();
  release_idle_streams(kDevice);
  c10::cuda::CUDACachingAllocator::emptyCache();
  EXPECT_LT(reserved(), before - (std::int64_t{1} << 26));
}

TEST_F(GpuCapturedGraph, ThreadsCaptureAndReplaySideBySide) {
  std::vector<float> sums(6);
  {
    std::vector<std::jthread> threads;
    threads.reserve(sums.size());
    for (std::size_t i = 0; i < sums.size(); ++i) {
      threads.emplace_back([&, i] {
        const StreamLease stream(kDevice);
        const at::Tensor sum = at::zeros({1000}, on_device());
        for (int round = 0; round < 5; ++round) {
          const GraphMemory memory(kDevice);
          const CapturedGraph graph(
              memory, [&] { sum.add_(at::full({1000}, static_cast<double>(i), on_device())); });
          for (int k = 0; k < 20; ++k) graph.replay();
        }
        sums[i] = sum.sum().item<float>();
      });
    }
  }
  for (std::size_t i = 0; i < sums.size(); ++i) {
    EXPECT_EQ(sums[i], 100'000.0F * static_cast<float>(i));
  }
}

TEST_F(GpuCapturedGraph, WindowsAreDrawnAnewAtEachReplay) {
  const StreamLease stream(kDevice);
  const at::Tensor tokens = at::arange(70'000, on_device().dtype(at::kInt));
  const at::Tensor step = at::zeros({}, on_device().dtype(at::kLong));
  const at::Tensor windows = at::zeros({5, 33}, on_device().dtype(at::kLong));
  const WindowKey key{0x123456789ABCDEF0U, Purpose::kTest, 77};
  const GraphMemory memory(kDevice);
  const CapturedGraph graph(memory, [&] {
    gather_windows(key, step, tokens, windows);
    step.add_(1);
  });
  for (std::uint32_t number = 0; number < 10; ++number) {
    graph.replay();
    const at::Tensor found = windows.cpu();
    for (std::uint32_t row = 0; row < 5; ++row) {
      const PhiloxCounter words = draw({key.seed, key.purpose, key.subject, number}, row);
      const double share = (static_cast<double>(words[1]) + words[0] * 0x1p-32) * 0x1p-32;
      const auto first = found[row][0].item<std::int64_t>();
      // Positions are far fewer than the 53 bits of a double.
      EXPECT_EQ(first, static_cast<std::int64_t>(share * (70'000 - 32)));
      EXPECT_EQ(found[row][32].item<std::int64_t>(), first + 32);
    }
  }
}

TEST_F(GpuCapturedGraph, AStepIsRecorded) {
  const StreamLease stream(kDevice);
  constexpr std::int64_t kNone = std::numeric_limits<std::int64_t>::max();
  const StepRecord record{
      at::full({}, 6, on_device().dtype(at::kLong)), at::zeros({4}, on_device()),
      at::full({}, kNone, on_device().dtype(at::kLong)),
      at::arange(9, on_device().dtype(at::kFloat)), at::full({}, 6.0, on_device())};
  const auto scalar = [](double value) { return at::full({}, value, on_device()); };
  record_step(record, scalar(1.5), scalar(2.0));
  EXPECT_EQ(record.step.item<std::int64_t>(), 7);
  EXPECT_EQ(record.losses[2].item<float>(), 1.5F);
  EXPECT_EQ(record.first_bad.item<std::int64_t>(), kNone);
  EXPECT_EQ(record.rate.item<float>(), 7);
  record_step(record, scalar(2.5), scalar(INFINITY));
  EXPECT_EQ(record.losses[3].item<float>(), 2.5F);
  EXPECT_EQ(record.first_bad.item<std::int64_t>(), 8);
  record_step(record, scalar(NAN), scalar(1.0));
  EXPECT_TRUE(std::isnan(record.losses[0].item<float>()));
  EXPECT_EQ(record.first_bad.item<std::int64_t>(), 8);
  EXPECT_EQ(record.step.item<std::int64_t>(), 9);
  // There is no rate after the last step's.
  EXPECT_EQ(record.rate.item<float>(), 8);
}

}  // namespace
}  // namespace nas::ops
