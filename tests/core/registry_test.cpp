#include "nas/core/registry.hpp"

#include <gtest/gtest.h>

#include "support/error_of.hpp"

namespace nas {
namespace {

Registry<int> numbers() {
  Registry<int> registry("number");
  registry.add("three", 3);
  registry.add("one", 1);
  return registry;
}

TEST(Registry, FindsWhatWasAddedInOrder) {
  const Registry<int> registry = numbers();
  EXPECT_EQ(registry.at("three"), 3);
  EXPECT_EQ(*registry.find("one"), 1);
  EXPECT_EQ(registry.find("two"), nullptr);
  EXPECT_EQ(registry.names(), (std::vector<std::string>{"three", "one"}));
}

TEST(Registry, RefusesASecondEntryOfOneName) {
  Registry<int> registry = numbers();
  const auto error = test::error_of([&] { return registry.add("one", 11), 0; });
  ASSERT_TRUE(error);
  EXPECT_EQ(error->kind(), ErrorKind::kInternal);
  EXPECT_STREQ(error->what(), "number \"one\" is registered twice");
  EXPECT_EQ(registry.at("one"), 1);
}

TEST(Registry, NamesTheKnownAndTheNearest) {
  const Registry<int> registry = numbers();
  const auto error = test::error_of([&] { return registry.at("thre"); });
  ASSERT_TRUE(error);
  EXPECT_EQ(error->kind(), ErrorKind::kConfig);
  EXPECT_STREQ(error->what(),
               "unknown number \"thre\", did you mean \"three\"? (known: three, one)");
  EXPECT_EQ(test::message_of([&] { return registry.at("seventeen"); }),
            "unknown number \"seventeen\" (known: three, one)");
}

}  // namespace
}  // namespace nas
