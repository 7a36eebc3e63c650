#include "nn/primitive.hpp"

namespace nas::nn {

PrimitiveImpl abs_impl();
PrimitiveImpl abs_root_impl();
PrimitiveImpl add_impl();
PrimitiveImpl branched_conv_impl();
PrimitiveImpl causal_conv_impl();
PrimitiveImpl causal_depthwise_conv_impl();
PrimitiveImpl cos_impl();
PrimitiveImpl cumulative_mean_impl();
PrimitiveImpl cumulative_product_impl();
PrimitiveImpl cumulative_sum_impl();
PrimitiveImpl divide_impl();
PrimitiveImpl exp_impl();
PrimitiveImpl fit_features_impl();
PrimitiveImpl gelu_impl();
PrimitiveImpl layer_norm_impl();
PrimitiveImpl linear_impl();
PrimitiveImpl log_abs_impl();
PrimitiveImpl mask_impl();
PrimitiveImpl matmul_impl();
PrimitiveImpl matmul_nt_impl();
PrimitiveImpl matmul_tn_impl();
PrimitiveImpl maximum_impl();
PrimitiveImpl mean_time_impl();
PrimitiveImpl merge_branches_impl();
PrimitiveImpl merge_heads_impl();
PrimitiveImpl minimum_impl();
PrimitiveImpl multiply_impl();
PrimitiveImpl negate_impl();
PrimitiveImpl recip_impl();
PrimitiveImpl reduce_impl();
PrimitiveImpl reduce_time_impl();
PrimitiveImpl relative_bias_impl();
PrimitiveImpl relu_impl();
PrimitiveImpl repeat_branches_impl();
PrimitiveImpl rms_norm_impl();
PrimitiveImpl rope_impl();
PrimitiveImpl scale_const_impl();
PrimitiveImpl scale_learned_impl();
PrimitiveImpl shift_const_impl();
PrimitiveImpl shift_learned_impl();
PrimitiveImpl shift_time_impl();
PrimitiveImpl sigmoid_impl();
PrimitiveImpl sign_impl();
PrimitiveImpl silu_impl();
PrimitiveImpl sin_impl();
PrimitiveImpl softmax_impl();
PrimitiveImpl split_branches_impl();
PrimitiveImpl split_heads_impl();
PrimitiveImpl square_impl();
PrimitiveImpl subtract_impl();
PrimitiveImpl tanh_impl();
PrimitiveImpl transpose_impl();

const std::vector<PrimitiveImpl>& primitive_impls() {
  static const std::vector<PrimitiveImpl> table = {
      abs_impl(),
      abs_root_impl(),
      add_impl(),
      branched_conv_impl(),
      causal_conv_impl(),
      causal_depthwise_conv_impl(),
      cos_impl(),
      cumulative_mean_impl(),
      cumulative_product_impl(),
      cumulative_sum_impl(),
      divide_impl(),
      exp_impl(),
      fit_features_impl(),
      gelu_impl(),
      layer_norm_impl(),
      linear_impl(),
      log_abs_impl(),
      mask_impl(),
      matmul_impl(),
      matmul_nt_impl(),
      matmul_tn_impl(),
      maximum_impl(),
      mean_time_impl(),
      merge_branches_impl(),
      merge_heads_impl(),
      minimum_impl(),
      multiply_impl(),
      negate_impl(),
      recip_impl(),
      reduce_impl(),
      reduce_time_impl(),
      relative_bias_impl(),
      relu_impl(),
      repeat_branches_impl(),
      rms_norm_impl(),
      rope_impl(),
      scale_const_impl(),
      scale_learned_impl(),
      shift_const_impl(),
      shift_learned_impl(),
      shift_time_impl(),
      sigmoid_impl(),
      sign_impl(),
      silu_impl(),
      sin_impl(),
      softmax_impl(),
      split_branches_impl(),
      split_heads_impl(),
      square_impl(),
      subtract_impl(),
      tanh_impl(),
      transpose_impl(),
  };
  return table;
}

}  // namespace nas::nn
