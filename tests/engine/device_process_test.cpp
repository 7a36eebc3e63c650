#include "device_process.hpp"

#include <gtest/gtest.h>

#include <csignal>
#include <nlohmann/json.hpp>
#include <stdexcept>

#include "nas/core/error.hpp"
#include "support/error_of.hpp"
#include "support/required.hpp"

namespace nas::engine {
namespace {

/// A process that reads the configuration, says it is ready, and goes on with `script`.
Conversation::Program scripted(const std::string& script) {
  return {"/bin/sh", {"sh", "-c", "read config; echo '{\"job\":0,\"ready\":true}'; " + script}};
}

config::RunConfig config_of(const std::string& device) {
  config::RunConfig config;
  config.device = device;
  return config;
}

/// What a test sees of an evaluation.
struct Seen {
  space::Architecture architecture;
  run::EvaluationRequest request;
  std::vector<std::string> calls;

  Seen() {
    request.architecture = &architecture;
    request.on_step = [this](std::int64_t step) {
      calls.push_back("step " + std::to_string(step));
    };
    request.on_value = [this](std::int64_t step, double value) {
      calls.push_back("value " + std::to_string(step) + " " + std::to_string(value));
    };
    request.on_scalar = [this](const std::string& name, std::int64_t step, double value) {
      calls.push_back(name + " " + std::to_string(step) + " " + std::to_string(value));
    };
  }
};

constexpr const char* kResult =
    R"({"outcome":{"state":"FAIL","reason":"nan","detail":"","value":null,"intermediate":[],)"
    R"("scores":[],"seconds":1.5},"extra":{}})";

TEST(DeviceProcess, CallsBackInOrderAndGivesTheResult) {
  DeviceProcess process(config_of("cpu"),
                        scripted("read request; echo '{\"job\":1,\"step\":3}'; "
                                 "echo '{\"job\":1,\"scalar\":[\"loss\",3,\"inf\"]}'; "
                                 "echo '{\"job\":1,\"value\":[4,0.5]}'; "
                                 "echo '{\"job\":1,\"result\":" +
                                 std::string(kResult) + "}'; read nothing"));
  process.wait_until_ready();
  Seen seen;
  const auto result = test::required(process.evaluate(seen.request), "result");
  EXPECT_EQ(result.outcome.reason, "nan");
  EXPECT_EQ(seen.calls, (std::vector<std::string>{"step 3", "loss 3 inf", "value 4 0.500000"}));
}

TEST(DeviceProcess, PassesAWishToStopOn) {
  DeviceProcess process(
      config_of("cpu"),
      scripted("read request; read stop; case $stop in "
               "*'\"job\":1,\"stop\":true'*) echo '{\"job\":1,\"stopped\":true}';; "
               "esac; read nothing"));
  process.wait_until_ready();
  Seen seen;
  seen.request.should_stop = [] { return true; };
  EXPECT_FALSE(process.evaluate(seen.request));
}

TEST(DeviceProcess, StopsWhatNobodyWaitsForAnyMore) {
  DeviceProcess process(
      config_of("cpu"),
      scripted("read request; echo '{\"job\":1,\"step\":1}'; read stop; "
               "echo '{\"job\":1,\"stopped\":true}'; read other; case $stop in "
               "*'\"job\":1,\"stop\":true'*) echo '{\"job\":2,\"latency\":null}';; "
               "esac; read nothing"));
  process.wait_until_ready();
  Seen seen;
  seen.request.on_step = [](std::int64_t) { throw std::runtime_error("the disk is full"); };
  EXPECT_THROW(static_cast<void>(process.evaluate(seen.request)), std::runtime_error);
  EXPECT_FALSE(process.measure_latency(seen.architecture));
}

TEST(DeviceProcess, AnErrorThereIsAnErrorHere) {
  DeviceProcess process(
      config_of("cpu"),
      scripted("read request; "
               "echo '{\"job\":1,\"error\":{\"kind\":\"io\",\"message\":\"no space\"}}'; "
               "read nothing"));
  process.wait_until_ready();
  Seen seen;
  const auto error = test::error_of([&] { return process.evaluate(seen.request); });
  ASSERT_TRUE(error);
  EXPECT_EQ(error->kind(), ErrorKind::kIo);
  EXPECT_STREQ(error->what(), "no space");
}

TEST(DeviceProcess, ItsDeathIsAnErrorThatNamesTheDevice) {
  DeviceProcess process(config_of("cuda:3"), scripted("read request; kill -9 $$"));
  process.wait_until_ready();
  Seen seen;
  const std::string message =
      "the process of device \"cuda:3\" was ended by signal 9 (Killed) before its work was done";
  const auto error = test::error_of([&] { return process.evaluate(seen.request); });
  ASSERT_TRUE(error);
  EXPECT_EQ(error->kind(), ErrorKind::kDevice);
  EXPECT_EQ(error->what(), message);
  EXPECT_EQ(test::message_of([&] { return process.measure_latency(seen.architecture); }), message);
}

TEST(DeviceProcess, WhatMakesItImpossibleIsThrown) {
  DeviceProcess process(
      config_of("cpu"),
      {"/bin/sh",
       {"sh", "-c",
        "read config; echo '{\"job\":0,\"error\":{\"kind\":\"data\",\"message\":\"no text\"}}'"}});
  EXPECT_EQ(test::message_of([&] {
              process.wait_until_ready();
              return 0;
            }),
            "no text");
}

}  // namespace
}  // namespace nas::engine
