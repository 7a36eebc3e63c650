#include "worker_messages.hpp"

#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>
#include <stdexcept>

#include "nas/space/blocks.hpp"
#include "nas/space/presets.hpp"
#include "nas/space/text.hpp"
#include "support/error_of.hpp"

namespace nas::engine {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

Json passed_on(const Json& message) { return message_from_line(message_line(message)); }

Error passed_on(const std::exception_ptr& failure) {
  return error_from_json(passed_on(error_to_json(failure)));
}

space::Architecture small_architecture() {
  space::ShortLayer layer;
  layer.mixer = space::block_program("mdha", space::Slot::kMixer, {});
  layer.feed_forward = space::block_program("squared_relu", space::Slot::kFeedForward, {});
  space::Architecture architecture;
  architecture.model.model_dim = 16;
  architecture.layers.assign(2, {2, 32, space::layer_program(layer)});
  return architecture;
}

TEST(WorkerMessages, ARequestArrivesBitForBit) {
  const space::Architecture architecture = small_architecture();
  run::EvaluationRequest request;
  request.architecture = &architecture;
  request.repeat = 4'000'000'000;
  request.folder = "runs/a \"b\"\n";
  request.hurdle_bars = {0.1 + 0.2, kNan, kInfinity, -kInfinity, -0.0, 5e-324};
  ReceivedRequest received = request_from_json(passed_on(request_to_json(request)));
  EXPECT_EQ(to_json(received.architecture), to_json(architecture));
  EXPECT_EQ(hash_of(received.architecture), hash_of(architecture));
  EXPECT_EQ(received.request.repeat, request.repeat);
  EXPECT_EQ(received.request.folder, request.folder);
  ASSERT_EQ(received.request.hurdle_bars.size(), request.hurdle_bars.size());
  for (std::size_t i = 0; i < request.hurdle_bars.size(); ++i) {
    const double bar = received.request.hurdle_bars[i];
    if (i == 1) {
      EXPECT_TRUE(std::isnan(bar));
    } else {
      EXPECT_EQ(std::bit_cast<std::uint64_t>(bar),
                std::bit_cast<std::uint64_t>(request.hurdle_bars[i]));
    }
  }
  EXPECT_FALSE(received.wants_scalars);
  request.on_scalar = [](const std::string&, std::int64_t, double) {};
  EXPECT_TRUE(request_from_json(passed_on(request_to_json(request))).wants_scalars);
}

TEST(WorkerMessages, AResultArrivesBitForBit) {
  run::EvaluationResult result;
  result.outcome.state = space::TrialState::kComplete;
  result.outcome.value = 0.1 + 0.2;
  result.outcome.intermediate = {{5, kNan}, {10, -kInfinity}};
  result.outcome.scores = {{"val_bpb", 1.0 / 3.0, "bits/byte", kNan, "windows"}};
  (*result.extra)["weights_hash"] = "00ff";
  const run::EvaluationResult again = result_from_json(passed_on(result_to_json(result)));
  EXPECT_EQ(again.outcome.state, result.outcome.state);
  EXPECT_EQ(again.outcome.value, result.outcome.value);
  ASSERT_EQ(again.outcome.intermediate.size(), 2U);
  EXPECT_TRUE(std::isnan(again.outcome.intermediate[0].second));
  EXPECT_EQ(again.outcome.intermediate[1], result.outcome.intermediate[1]);
  ASSERT_EQ(again.outcome.scores.size(), 1U);
  EXPECT_EQ(again.outcome.scores[0].value, 1.0 / 3.0);
  EXPECT_TRUE(std::isnan(again.outcome.scores[0].spread));
  EXPECT_EQ(*again.extra, *result.extra);
}

TEST(WorkerMessages, AnErrorKeepsItsKind) {
  using enum ErrorKind;
  for (const ErrorKind kind :
       {kUsage, kConfig, kData, kDevice, kIo, kInfeasible, kFailures, kStudy, kInternal}) {
    const Error again = passed_on(std::make_exception_ptr(Error(kind, "what\nhappened")));
    EXPECT_EQ(again.kind(), kind);
    EXPECT_STREQ(again.what(), "what\nhappened");
  }
  const Error foreign = passed_on(std::make_exception_ptr(std::runtime_error("a bug")));
  EXPECT_EQ(foreign.kind(), kInternal);
  EXPECT_STREQ(foreign.what(), "internal error: a bug");
}

TEST(WorkerMessages, AreOneLineWhateverTheyHold) {
  EXPECT_EQ(message_line({{"text", "two\nlines"}}).find('\n'), std::string::npos);
  EXPECT_EQ(lenient_message_line({{"text", "a\xff"}}), "{\"text\":\"a\xEF\xBF\xBD\"}");
  EXPECT_EQ(test::error_of([] {
              return message_line({{"folder", "a\xff"}});
            })->kind(),
            ErrorKind::kUsage);
  EXPECT_EQ(test::error_of([] { return message_from_line("{\"job\""); })->kind(),
            ErrorKind::kInternal);
}

TEST(WorkerMessages, LoggingIsDoneWhereItArrives) {
  std::string received;
  set_log_receiver([&](LogLevel level, std::string_view message, bool once) {
    received += std::to_string(static_cast<int>(level)) + std::string(message) + (once ? "!" : ".");
  });
  log_from_json(passed_on(log_to_json(LogLevel::kInfo, "a fact", false)).at("log"));
  log_from_json(
      passed_on(log_to_json(LogLevel::kWarning, "a warning of this test", true)).at("log"));
  set_log_receiver(nullptr);
  EXPECT_EQ(received, "1a fact.2a warning of this test!");
}

}  // namespace
}  // namespace nas::engine
