#pragma once

#include <cstddef>

#include "nas/space/program.hpp"

/// Positions of fields in Node::fields and values of their choices, for code that reads them by
/// number. A test holds them to the primitive table.
namespace nas::space {

/// Added to a magnitude by log_abs and abs_root; a divisor below it counts as 0.
inline constexpr double kSmallMagnitude = 1e-6;

namespace linear_field {
inline constexpr std::size_t kOut = 0;
inline constexpr std::size_t kBias = 1;
inline constexpr std::size_t kInit = 2;
}  // namespace linear_field

enum class LinearOut { kModelDim, kInnerDim };

/// Standard deviation of a new weight [out, in]: kFanIn in^-1/2; kQuery in^-1/2 * head_dim^-1/2
/// (Primer folds the 1/sqrt(head_dim) of attention into it); kZero 0. Biases start at 0.
enum class LinearInit { kFanIn, kQuery, kZero };

namespace branched_conv_field {
inline constexpr std::size_t kUnits = 0;
inline constexpr std::size_t kWidth = 1;
}  // namespace branched_conv_field

/// Of split_branches, merge_branches and repeat_branches.
namespace branches_field {
inline constexpr std::size_t kCount = 0;
}

namespace fit_features_field {
inline constexpr std::size_t kUnits = 0;
}
namespace causal_conv_field {
inline constexpr std::size_t kOut = 0;  ///< LinearOut
inline constexpr std::size_t kWidth = 1;
}  // namespace causal_conv_field

namespace causal_depthwise_conv_field {
inline constexpr std::size_t kWidth = 0;
}

namespace gelu_field {
inline constexpr std::size_t kApproximate = 0;
}

enum class GeluApproximate { kNone, kTanh };

namespace mask_field {
inline constexpr std::size_t kWidth = 0;
}

/// Of layer_norm and rms_norm.
namespace norm_field {
inline constexpr std::size_t kEps = 0;
}

/// Of reduce and reduce_time.
namespace reduce_field {
inline constexpr std::size_t kOp = 0;
inline constexpr std::size_t kWindow = 1;  ///< reduce_time alone
}  // namespace reduce_field

enum class ReduceOp { kMean, kSum, kMin, kMax, kProd };
[[nodiscard]] ReduceOp reduce_op(const Node& node);
/// What joins a reduction without changing it: 0 (also of a mean, whose count leaves it out), 1,
/// infinity or -infinity.
[[nodiscard]] double neutral_element(ReduceOp op);

namespace rope_field {
inline constexpr std::size_t kBase = 0;
}

namespace scale_const_field {
inline constexpr std::size_t kValue = 0;
inline constexpr std::size_t kBy = 1;
}  // namespace scale_const_field

enum class ScaleBy { kOne, kInvSqrtHeadDim };

namespace shift_const_field {
inline constexpr std::size_t kValue = 0;
}

namespace shift_time_field {
inline constexpr std::size_t kSteps = 0;
}

namespace softmax_field {
inline constexpr std::size_t kAxis = 0;
inline constexpr std::size_t kMask = 1;
}  // namespace softmax_field

enum class SoftmaxAxis { kKeys, kQueries };
enum class SoftmaxMask { kByType, kNone };

}  // namespace nas::space
