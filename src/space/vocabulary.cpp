#include "nas/space/vocabulary.hpp"

#include <algorithm>
#include <set>

namespace nas::space {

namespace {

std::vector<std::string> primer_primitives() {
  std::set<std::string> names{"reduce_time"};
  for (const PrimerOperation& operation : primer_operations()) names.insert(operation.primitive);
  return {names.begin(), names.end()};
}

std::vector<VocabularyGroup> make_groups() {
  return {
      {"causal",
       "elementwise functions, norms, attention and the usual ways to look back",
       {"abs",
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
        "tanh"}},
      {"primer", "the 39 operations of Primer's vocabulary", primer_primitives()},
  };
}

}  // namespace

const std::vector<VocabularyGroup>& vocabulary_groups() {
  static const std::vector<VocabularyGroup> groups = make_groups();
  return groups;
}

const VocabularyGroup* find_vocabulary_group(const std::string& name) {
  const std::vector<VocabularyGroup>& groups = vocabulary_groups();
  const auto found = std::find_if(groups.begin(), groups.end(),
                                  [&](const VocabularyGroup& group) { return group.name == name; });
  return found == groups.end() ? nullptr : &*found;
}

const std::vector<PrimerOperation>& primer_operations() {
  static const std::vector<PrimerOperation> operations = {
      {"ADD", "add", ""},
      {"DIFFERENCE", "subtract", ""},
      {"DIVIDE", "divide", ""},
      {"MULTIPLY", "multiply", ""},
      {"MAX", "maximum", ""},
      {"MIN", "minimum", ""},
      {"MAT MUL", "matmul", ""},
      {"T-MAT MUL", "matmul_nt", ""},
      {"ABS ROOT", "abs_root", ""},
      {"SQUARE", "square", ""},
      {"EXP", "exp", ""},
      {"LOG", "log_abs", ""},
      {"ABS", "abs", ""},
      {"RECIP", "recip", ""},
      {"SIGN", "sign", ""},
      {"COS", "cos", ""},
      {"SIN", "sin", ""},
      {"TANH", "tanh", ""},
      {"SIGMOID", "sigmoid", ""},
      {"C MUL", "scale_const", ""},
      {"SCALE", "scale_learned", ""},
      {"SHIFT", "shift_learned", ""},
      {"RED MEAN", "reduce", "op=mean"},
      {"RED SUM", "reduce", "op=sum"},
      {"RED MIN", "reduce", "op=min"},
      {"RED MAX", "reduce", "op=max"},
      {"RED PROD", "reduce", "op=prod"},
      {"CONV 1X1", "linear", ""},
      {"CONV 3X1", "causal_conv", "width=3"},
      {"CONV 7X1", "causal_conv", "width=7"},
      {"CONV 15X1", "causal_conv", "width=15"},
      {"CONV 31X1", "causal_conv", "width=31"},
      {"DCONV 3X1", "causal_depthwise_conv", "width=3"},
      {"DCONV 7X1", "causal_depthwise_conv", "width=7"},
      {"DCONV 15X1", "causal_depthwise_conv", "width=15"},
      {"DCONV 31X1", "causal_depthwise_conv", "width=31"},
      {"MASK", "mask", ""},
      {"CUM PROD", "cumulative_product", ""},
      {"CUM SUM", "cumulative_sum", ""},
  };
  return operations;
}

}  // namespace nas::space
