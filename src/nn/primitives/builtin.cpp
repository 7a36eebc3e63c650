#include "nn/primitive.hpp"

namespace nas::nn {

PrimitiveImpl abs_impl();
PrimitiveImpl add_impl();
PrimitiveImpl causal_depthwise_conv_impl();
PrimitiveImpl cumulative_mean_impl();
PrimitiveImpl exp_impl();
PrimitiveImpl gelu_impl();
PrimitiveImpl layer_norm_impl();
PrimitiveImpl linear_impl();
PrimitiveImpl matmul_impl();
PrimitiveImpl matmul_nt_impl();
PrimitiveImpl matmul_tn_impl();
PrimitiveImpl maximum_impl();
PrimitiveImpl mean_time_impl();
PrimitiveImpl merge_heads_impl();
PrimitiveImpl minimum_impl();
PrimitiveImpl multiply_impl();
PrimitiveImpl negate_impl();
PrimitiveImpl relu_impl();
PrimitiveImpl rms_norm_impl();
PrimitiveImpl rope_impl();
PrimitiveImpl scale_const_impl();
PrimitiveImpl scale_learned_impl();
PrimitiveImpl shift_learned_impl();
PrimitiveImpl shift_time_impl();
PrimitiveImpl sigmoid_impl();
PrimitiveImpl silu_impl();
PrimitiveImpl softmax_impl();
PrimitiveImpl split_heads_impl();
PrimitiveImpl square_impl();
PrimitiveImpl subtract_impl();
PrimitiveImpl tanh_impl();
PrimitiveImpl transpose_impl();

const std::vector<PrimitiveImpl>& primitive_impls() {
  static const std::vector<PrimitiveImpl> table = {
      abs_impl(),
      add_impl(),
      causal_depthwise_conv_impl(),
      cumulative_mean_impl(),
      exp_impl(),
      gelu_impl(),
      layer_norm_impl(),
      linear_impl(),
      matmul_impl(),
      matmul_nt_impl(),
      matmul_tn_impl(),
      maximum_impl(),
      mean_time_impl(),
      merge_heads_impl(),
      minimum_impl(),
      multiply_impl(),
      negate_impl(),
      relu_impl(),
      rms_norm_impl(),
      rope_impl(),
      scale_const_impl(),
      scale_learned_impl(),
      shift_learned_impl(),
      shift_time_impl(),
      sigmoid_impl(),
      silu_impl(),
      softmax_impl(),
      split_heads_impl(),
      square_impl(),
      subtract_impl(),
      tanh_impl(),
      transpose_impl(),
  };
  return table;
}

}  // namespace nas::nn
