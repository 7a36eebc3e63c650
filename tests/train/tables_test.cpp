#include "nas/train/tables.hpp"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "nas/config/run_config.hpp"

namespace nas::train {
namespace {

/// The configuration, which does not link this module, allows what the tables hold.
TEST(Tables, HoldWhatTheConfigurationAllows) {
  const Json training = config::config_schema()["properties"]["training"]["properties"];
  EXPECT_EQ(training["optimizer"]["properties"]["name"]["enum"].get<std::vector<std::string>>(),
            builtin_optimizers().names());
  EXPECT_EQ(training["schedule"]["properties"]["name"]["enum"].get<std::vector<std::string>>(),
            builtin_schedules().names());
}

}  // namespace
}  // namespace nas::train
