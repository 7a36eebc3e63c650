#include "nas/profile/latency.hpp"

#include <ATen/Parallel.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>

#include "nas/ops/cuda.hpp"
#include "nas/space/blocks.hpp"
#include "support/gpu.hpp"

namespace nas::profile {
namespace {

using testing::HasSubstr;

nn::Model make_model(std::int64_t model_dim, std::size_t layers, const nn::LowerOptions& options) {
  const space::BlockOptions block_options;
  space::ShortLayer layer;
  layer.mixer = space::block_program("softmax_attention", space::Slot::kMixer, block_options);
  layer.feed_forward = space::block_program("gelu", space::Slot::kFeedForward, block_options);
  space::Architecture architecture;
  architecture.model.model_dim = model_dim;
  architecture.layers.assign(layers, {4, 4 * model_dim, space::layer_program(layer)});
  nn::Model model(architecture, options);
  model.initialise(1, 0);
  return model;
}

config::ProfileConfig profile_of(std::int64_t batch, std::int64_t seq) {
  config::ProfileConfig profile;
  profile.batch = batch;
  profile.seq = seq;
  profile.repeats = 15;
  profile.warmup = 3;
  return profile;
}

TEST(Latency, SaysWhatWasMeasuredAndHow) {
  at::set_num_threads(1);
  const space::Score score = measure_latency(make_model(32, 1, {}), profile_of(2, 16));
  EXPECT_EQ(score.name, "latency_us[b2,s16,fp32,forward,eager,hot,fused]");
  EXPECT_EQ(score.unit, "us");
  EXPECT_GT(score.value, 1);
  EXPECT_LT(score.value, 1e6);
  EXPECT_GE(score.spread, 0);
  EXPECT_EQ(score.protocol,
            "median of 15 forward passes after 3 warm ones; spread: half the interquartile range; "
            "steady clock, 1 threads");
  nn::LowerOptions plain;
  plain.fuse = false;
  EXPECT_THAT(measure_latency(make_model(32, 1, plain), profile_of(1, 8)).name,
              HasSubstr("b1,s8,fp32,forward,eager,hot,plain"));
}

TEST(Latency, AgreesWithAStopwatchAndGrowsWithWork) {
  at::set_num_threads(1);
  const nn::Model small = make_model(32, 1, {});
  const nn::Model large = make_model(256, 4, {});
  const config::ProfileConfig profile = profile_of(4, 64);
  const auto begin = std::chrono::steady_clock::now();
  const space::Score slow = measure_latency(large, profile);
  const std::chrono::duration<double, std::micro> all = std::chrono::steady_clock::now() - begin;
  // 18 passes fit into the time of the call, at least half of them at the median or above.
  EXPECT_LT(slow.value * 7, all.count());
  EXPECT_GT(slow.value, 5 * measure_latency(small, profile).value);
}

TEST(Latency, LeavesGradientsAndParametersAlone) {
  const nn::Model model = make_model(32, 1, {});
  const Hash128 before = model.weights_hash();
  static_cast<void>(measure_latency(model, profile_of(1, 8)));
  EXPECT_EQ(model.weights_hash(), before);
  for (const nn::NamedTensor& parameter : model.parameters()) {
    EXPECT_FALSE(parameter.tensor.grad().defined());
  }
}

TEST(GpuLatency, UsesTheDevicesClock) {
  NAS_TEST_REQUIRE_GPU();
  nn::LowerOptions options;
  options.device = "cuda:0";
  options.bf16 = true;
  const space::Score score = measure_latency(make_model(256, 2, options), profile_of(8, 128));
  EXPECT_EQ(score.name, "latency_us[b8,s128,bf16,forward,eager,hot,fused]");
  EXPECT_THAT(score.protocol, HasSubstr("CUDA events on cuda:0"));
  EXPECT_GT(score.value, 20);
  EXPECT_LT(score.value, 1e5);
}

}  // namespace
}  // namespace nas::profile
