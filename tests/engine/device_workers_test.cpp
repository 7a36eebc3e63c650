#include "device_workers.hpp"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <thread>

#include "nas/core/built_program.hpp"
#include "nas/core/error.hpp"
#include "nas/engine/engine.hpp"
#include "nas/ops/cuda.hpp"
#include "nas/space/blocks.hpp"
#include "support/error_of.hpp"
#include "support/required.hpp"
#include "support/temporary_folder.hpp"
#include "verbs.hpp"

namespace nas::engine {
namespace {

/// A tiny training on a text in the folder.
config::RunConfig tiny_config(const test::TemporaryFolder& folder) {
  std::string text;
  for (int i = 0; i < 3000; ++i) text += "line " + std::to_string(i * i % 97) + "\n";
  config::RunConfig config;
  config.device = "cpu";
  config.seed = 5;
  config.data.corpus = folder.write("text.txt", text);
  config.data.tokenizer.kind = "bytes";
  config.training.steps = 6;
  config.training.eval_every = 3;
  config.training.batch_size = 2;
  config.training.seq_len = 16;
  config.training.eval_batches = 1;
  config.training.threads = 1;
  return config;
}

space::Architecture architecture_of_width(std::int64_t model_dim) {
  space::ShortLayer layer;
  layer.mixer = space::block_program("softmax_attention", space::Slot::kMixer, {});
  layer.feed_forward = space::block_program("relu", space::Slot::kFeedForward, {});
  space::Architecture architecture;
  architecture.model.vocab_size = 256;
  architecture.model.model_dim = model_dim;
  architecture.layers.assign(1, {2, 2 * model_dim, space::layer_program(layer)});
  return architecture;
}

std::shared_ptr<const run::Evaluator> two_processes(const config::RunConfig& config) {
  return std::make_shared<DeviceWorkers>(
      config, std::vector<std::string>{"cpu", "cpu"}, make_train_evaluator(config),
      Conversation::Program{built_program("nas-engine"), {"nas-engine", kDeviceWorkerArgument}});
}

TEST(DeviceWorkers, GiveWhatOneProcessGivesToSeveralThreads) {
  const test::TemporaryFolder folder;
  const test::ScopedEnvironment cache("XDG_CACHE_HOME", folder / "cache");
  const config::RunConfig config = tiny_config(folder);
  const auto alone = make_train_evaluator(config);
  const auto workers = two_processes(config);
  EXPECT_EQ(workers->environment(), alone->environment());
  constexpr std::size_t kThreads = 4;
  std::vector<Json> expected(kThreads);
  std::vector<Json> found(kThreads);
  const auto evaluate = [](const run::Evaluator& evaluator, std::size_t i) {
    const space::Architecture architecture =
        architecture_of_width(8 * static_cast<std::int64_t>(i + 1));
    Json seen = Json::array();
    run::EvaluationRequest request;
    request.architecture = &architecture;
    request.on_value = [&](std::int64_t step, double value) { seen.push_back({step, value}); };
    const auto result = evaluator.evaluate(request);
    if (!result) return Json();
    return Json{seen, result->outcome.value, *result->extra};
  };
  std::vector<std::thread> threads;
  for (std::size_t i = 0; i < kThreads; ++i) {
    expected[i] = evaluate(*alone, i);
    threads.emplace_back([&, i] { found[i] = evaluate(*workers, i); });
  }
  for (std::thread& thread : threads) thread.join();
  for (std::size_t i = 0; i < kThreads; ++i) EXPECT_EQ(found[i].dump(), expected[i].dump());
}

TEST(DeviceWorkers, AStoppedEvaluationGoesOnInAnotherProcess) {
  const test::TemporaryFolder folder;
  const test::ScopedEnvironment cache("XDG_CACHE_HOME", folder / "cache");
  config::RunConfig config = tiny_config(folder);
  config.training.steps = 400;
  config.training.eval_every = 0;
  const auto workers = two_processes(config);
  const space::Architecture architecture = architecture_of_width(16);
  run::EvaluationRequest request;
  request.architecture = &architecture;
  request.folder = folder.path();
  bool has_begun = false;
  request.on_step = [&](std::int64_t) { has_begun = true; };
  request.should_stop = [&] { return has_begun; };
  EXPECT_FALSE(workers->evaluate(request));
  const std::int64_t step = workers->checkpoint_step(request.folder);
  EXPECT_GT(step, 0);
  EXPECT_LT(step, 400);
  request.should_stop = nullptr;
  const auto result = test::required(two_processes(config)->evaluate(request), "result");
  workers->remove_checkpoint(request.folder);
  EXPECT_EQ(workers->checkpoint_step(request.folder), 0);
  request.folder.clear();
  const auto whole = test::required(make_train_evaluator(config)->evaluate(request), "result");
  EXPECT_EQ(result.outcome.value, whole.outcome.value);
  EXPECT_EQ(*result.extra, *whole.extra);
}

TEST(DevicesOfOneModel, NamesTwoThatDiffer) {
  require_one_model({{"cuda:0", "A"}, {"cuda:1", "A"}});
  const auto error = test::error_of([] {
    require_one_model({{"cuda:0", "A"}, {"cuda:1", "A"}, {"cuda:2", "B"}});
    return 0;
  });
  ASSERT_TRUE(error);
  EXPECT_EQ(error->kind(), ErrorKind::kConfig);
  EXPECT_STREQ(error->what(),
               "device: cuda:0 is A, cuda:2 is B; all must be of one model, on which the results "
               "of a study depend");
}

TEST(DevicesOfOneModel, NamesADeviceThatIsNotThere) {
  config::RunConfig config;
  config.device = "cpu,cpu";
  EXPECT_EQ(devices_of_one_model(config), (std::vector<std::string>{"cpu", "cpu"}));
  config.device = "cuda:0,cuda:99";
  const auto error = test::error_of([&] { return devices_of_one_model(config); });
  ASSERT_TRUE(error);
  EXPECT_EQ(error->kind(), ErrorKind::kDevice);
  const std::string device = ops::cuda_device_count() > 0 ? "cuda:99" : "cuda:0";
  EXPECT_NE(std::string(error->what()).find("device \"" + device + "\""), std::string::npos)
      << error->what();
}

}  // namespace
}  // namespace nas::engine
