#include "nas/space/primitive.hpp"

namespace nas::space {

PrimitiveSpec abs_spec();
PrimitiveSpec abs_root_spec();
PrimitiveSpec add_spec();
PrimitiveSpec branched_conv_spec();
PrimitiveSpec causal_conv_spec();
PrimitiveSpec causal_depthwise_conv_spec();
PrimitiveSpec cos_spec();
PrimitiveSpec cumulative_mean_spec();
PrimitiveSpec cumulative_product_spec();
PrimitiveSpec cumulative_sum_spec();
PrimitiveSpec divide_spec();
PrimitiveSpec exp_spec();
PrimitiveSpec fit_features_spec();
PrimitiveSpec gelu_spec();
PrimitiveSpec layer_norm_spec();
PrimitiveSpec linear_spec();
PrimitiveSpec log_abs_spec();
PrimitiveSpec mask_spec();
PrimitiveSpec matmul_spec();
PrimitiveSpec matmul_nt_spec();
PrimitiveSpec matmul_tn_spec();
PrimitiveSpec maximum_spec();
PrimitiveSpec mean_time_spec();
PrimitiveSpec merge_branches_spec();
PrimitiveSpec merge_heads_spec();
PrimitiveSpec minimum_spec();
PrimitiveSpec multiply_spec();
PrimitiveSpec negate_spec();
PrimitiveSpec recip_spec();
PrimitiveSpec reduce_spec();
PrimitiveSpec reduce_time_spec();
PrimitiveSpec relative_bias_spec();
PrimitiveSpec relu_spec();
PrimitiveSpec repeat_branches_spec();
PrimitiveSpec rms_norm_spec();
PrimitiveSpec rope_spec();
PrimitiveSpec scale_const_spec();
PrimitiveSpec scale_learned_spec();
PrimitiveSpec shift_const_spec();
PrimitiveSpec shift_learned_spec();
PrimitiveSpec shift_time_spec();
PrimitiveSpec sigmoid_spec();
PrimitiveSpec sign_spec();
PrimitiveSpec silu_spec();
PrimitiveSpec sin_spec();
PrimitiveSpec softmax_spec();
PrimitiveSpec split_branches_spec();
PrimitiveSpec split_heads_spec();
PrimitiveSpec square_spec();
PrimitiveSpec subtract_spec();
PrimitiveSpec tanh_spec();
PrimitiveSpec transpose_spec();

/// Declared in primitive.hpp. An entry's place is Node::primitive, so the order is alphabetical
/// and nothing outside a process stores the number.
const std::vector<PrimitiveSpec>& primitives() {
  static const std::vector<PrimitiveSpec> table = {
      abs_spec(),
      abs_root_spec(),
      add_spec(),
      branched_conv_spec(),
      causal_conv_spec(),
      causal_depthwise_conv_spec(),
      cos_spec(),
      cumulative_mean_spec(),
      cumulative_product_spec(),
      cumulative_sum_spec(),
      divide_spec(),
      exp_spec(),
      fit_features_spec(),
      gelu_spec(),
      layer_norm_spec(),
      linear_spec(),
      log_abs_spec(),
      mask_spec(),
      matmul_spec(),
      matmul_nt_spec(),
      matmul_tn_spec(),
      maximum_spec(),
      mean_time_spec(),
      merge_branches_spec(),
      merge_heads_spec(),
      minimum_spec(),
      multiply_spec(),
      negate_spec(),
      recip_spec(),
      reduce_spec(),
      reduce_time_spec(),
      relative_bias_spec(),
      relu_spec(),
      repeat_branches_spec(),
      rms_norm_spec(),
      rope_spec(),
      scale_const_spec(),
      scale_learned_spec(),
      shift_const_spec(),
      shift_learned_spec(),
      shift_time_spec(),
      sigmoid_spec(),
      sign_spec(),
      silu_spec(),
      sin_spec(),
      softmax_spec(),
      split_branches_spec(),
      split_heads_spec(),
      square_spec(),
      subtract_spec(),
      tanh_spec(),
      transpose_spec(),
  };
  return table;
}

}  // namespace nas::space
