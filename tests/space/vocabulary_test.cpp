#include "nas/space/vocabulary.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>

#include "nas/space/primitive.hpp"
#include "nas/space/text.hpp"
#include "space/space_fixture.hpp"
#include "support/error_of.hpp"

namespace nas::space {
namespace {

std::vector<std::string> vocabulary_of(const std::string& json,
                                       Positions positions = Positions::kRope) {
  ModelSpec model;
  model.positions = positions;
  const Space read = test::read_space(
      R"({"layers": 1, "model_dim": 32, "heads": 4, "inner_dim": 64,
          "layer": {"program": {"vocabulary": )" +
          json + R"(, "initial": {"mixer": "mdha", "feed_forward": "relu"}}}})",
      model);
  std::vector<std::string> names;
  for (const std::uint16_t primitive : read.slots()[0].rules.vocabulary) {
    names.push_back(primitives()[primitive].name);
  }
  return names;
}

// A study of an earlier version reads "causal" as these 29, whatever was added since.
TEST(Vocabulary, CausalNeverChanges) {
  const std::vector<std::string> frozen = {"abs",
                                           "add",
                                           "causal_depthwise_conv",
                                           "cumulative_mean",
                                           "exp",
                                           "gelu",
                                           "layer_norm",
                                           "linear",
                                           "matmul",
                                           "matmul_nt",
                                           "maximum",
                                           "merge_heads",
                                           "minimum",
                                           "multiply",
                                           "negate",
                                           "relu",
                                           "rms_norm",
                                           "rope",
                                           "scale_const",
                                           "scale_learned",
                                           "shift_learned",
                                           "shift_time",
                                           "sigmoid",
                                           "silu",
                                           "softmax",
                                           "split_heads",
                                           "square",
                                           "subtract",
                                           "tanh"};
  EXPECT_EQ(vocabulary_of("\"causal\""), frozen);
}

TEST(Vocabulary, PrimerHasThirtyNineOperations) {
  std::set<std::string> names;
  for (const PrimerOperation& operation : primer_operations()) names.insert(operation.name);
  EXPECT_EQ(names.size(), 39U);
  EXPECT_EQ(primer_operations().size(), 39U);
}

TEST(Vocabulary, PrimersOperationsAreWrittenAsTheTableSays) {
  for (const PrimerOperation& operation : primer_operations()) {
    const std::uint16_t primitive = primitive_index(operation.primitive);
    const std::string operands = primitives()[primitive].arity == 2 ? "(x, x" : "(x";
    const std::string fields = operation.fields.empty() ? "" : ", " + operation.fields;
    const Program program = program_from_text("program(x: [batch, seq, model_dim])\n  return " +
                                                  operation.primitive + operands + fields + ")",
                                              operation.name);
    EXPECT_EQ(program.nodes[0].primitive, primitive) << operation.name;
  }
}

TEST(Vocabulary, PrimersGroupHoldsItsOperationsAndReductionsOverTime) {
  const std::vector<std::string> group = vocabulary_of("\"primer\"");
  std::set<std::string> expected{"reduce_time"};
  for (const PrimerOperation& operation : primer_operations()) {
    expected.insert(operation.primitive);
  }
  EXPECT_EQ(std::set<std::string>(group.begin(), group.end()), expected);
  EXPECT_EQ(group.size(), 30U);
}

TEST(Vocabulary, GroupsAndPrimitivesAreJoined) {
  std::vector<std::string> both = vocabulary_of("[\"primer\", \"rope\", \"causal\"]");
  EXPECT_TRUE(std::is_sorted(both.begin(), both.end()));
  EXPECT_EQ(std::count(both.begin(), both.end(), "rope"), 1);
  EXPECT_EQ(both.size(), 42U);  // 29 and 30, 17 of them in both
}

TEST(Vocabulary, RelativeBiasNeedsItsTable) {
  EXPECT_EQ(vocabulary_of("[\"relative_bias\"]", Positions::kT5),
            std::vector<std::string>{"relative_bias"});
  EXPECT_EQ(
      test::message_of([] { return vocabulary_of("[\"relative_bias\"]"); }),
      "layer.program.vocabulary[0] = \"relative_bias\" (s.json:2:48): needs model.positions = "
      "\"t5\"");
}

}  // namespace
}  // namespace nas::space
