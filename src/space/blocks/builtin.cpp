#include "space/blocks/block_text.hpp"

namespace nas::space {

const Registry<BlockSpec>& blocks() {
  static const Registry<BlockSpec> table = [] {
    Registry<BlockSpec> all("block");
    all.add("geglu", geglu_block());
    all.add("gelu", gelu_block());
    all.add("mdha", mdha_block());
    all.add("mdha_shared_qk", mdha_shared_qk_block());
    all.add("relu", relu_block());
    all.add("softmax_attention", softmax_attention_block());
    all.add("squared_relu", squared_relu_block());
    all.add("swish_glu", swish_glu_block());
    all.add("t5_attention", t5_attention_block());
    return all;
  }();
  return table;
}

}  // namespace nas::space
