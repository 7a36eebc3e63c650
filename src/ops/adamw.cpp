#include "nas/ops/adamw.hpp"

#include <ATen/ops/empty.h>

#include <memory>
#include <vector>

#include "nas/core/error.hpp"
#include "ops/adamw_kernel.hpp"
#include "ops/launch.hpp"

namespace nas::ops {

namespace {

constexpr std::uintptr_t kAlignment = 16;

template <class Value>
Value* data_of(const at::Tensor& tensor, const at::Tensor& like) {
  if (!tensor.defined()) return nullptr;
  NAS_ASSERT(tensor.is_contiguous() && tensor.sizes() == like.sizes());
  NAS_ASSERT(tensor.element_size() == sizeof(Value) && tensor.is_cuda());
  auto* const data = static_cast<Value*>(tensor.mutable_data_ptr());
  NAS_ASSERT(reinterpret_cast<std::uintptr_t>(data) % kAlignment == 0);
  return data;
}

AdamWSlice slice_of(const AdamWParameter& parameter) {
  const at::Tensor& weight = parameter.weight;
  AdamWSlice slice;
  slice.weight = data_of<float>(weight, weight);
  slice.first_moment = data_of<float>(parameter.first_moment, weight);
  slice.second_moment = data_of<float>(parameter.second_moment, weight);
  slice.gradient = data_of<float>(weight.grad(), weight);
  slice.narrow = data_of<std::uint16_t>(parameter.narrow, weight);
  if (parameter.narrow.defined()) {
    slice.narrow_gradient = data_of<std::uint16_t>(parameter.narrow.grad(), weight);
  }
  slice.count = weight.numel();
  slice.weight_decay = static_cast<float>(parameter.weight_decay);
  return slice;
}

/// The arguments of each launch.
std::vector<std::unique_ptr<AdamWSlices>> slices_of(std::span<const AdamWParameter> parameters) {
  std::vector<std::unique_ptr<AdamWSlices>> launches;
  for (const AdamWParameter& parameter : parameters) {
    if (launches.empty() || launches.back()->slice_count == kMostAdamWSlices) {
      launches.push_back(std::make_unique<AdamWSlices>());
    }
    AdamWSlice slice = slice_of(parameter);
    if (slice.count == 0) continue;
    AdamWSlices& launch = *launches.back();
    slice.first_block = launch.block_count;
    launch.slices[launch.slice_count++] = slice;
    launch.block_count +=
        static_cast<std::int32_t>((slice.count + kAdamWBlockElements - 1) / kAdamWBlockElements);
  }
  return launches;
}

/// Sums of squares of every block of some launches, and the norm that they make.
struct NormSpace {
  std::int64_t blocks = 0;
  at::Tensor squares;
  at::Tensor norm;

  NormSpace(std::span<const AdamWParameter> parameters,
            const std::vector<std::unique_ptr<AdamWSlices>>& launches) {
    NAS_ASSERT(!parameters.empty());
    for (const auto& launch : launches) blocks += launch->block_count;
    const at::TensorOptions options = parameters.front().weight.options().requires_grad(false);
    squares = at::empty({blocks}, options);
    norm = at::empty({}, options);
  }
  void finish() const {
    launch_kernel(norm.device(), [&](CUstream_st* stream) {
      return launch_norm_of_squares(squares.const_data_ptr<float>(), blocks,
                                    norm.mutable_data_ptr<float>(), stream);
    });
  }
};

AdamWNumbers numbers_of(const AdamWOptions& options) {
  return {static_cast<float>(options.beta1), static_cast<float>(options.beta2),
          static_cast<float>(options.epsilon), static_cast<float>(options.clip_norm)};
}

}  // namespace

at::Tensor gradient_norm(std::span<const AdamWParameter> parameters) {
  const auto launches = slices_of(parameters);
  const NormSpace space(parameters, launches);
  auto* out = space.squares.mutable_data_ptr<float>();
  for (const auto& launch : launches) {
    launch_kernel(space.norm.device(), [&](CUstream_st* stream) {
      return launch_gradient_squares(*launch, out, stream);
    });
    out += launch->block_count;
  }
  space.finish();
  return space.norm;
}

void adamw_step(std::span<const AdamWParameter> parameters, const AdamWOptions& options,
                const at::Tensor& step, const at::Tensor& rate, const at::Tensor& norm) {
  for (const auto& launch : slices_of(parameters)) {
    launch_kernel(norm.device(), [&](CUstream_st* stream) {
      return launch_adamw(*launch, numbers_of(options), step.const_data_ptr<float>(),
                          rate.const_data_ptr<float>(), norm.const_data_ptr<float>(), nullptr,
                          stream);
    });
  }
}

at::Tensor adamw_step_with_norm(std::span<const AdamWParameter> parameters,
                                const AdamWOptions& options, const at::Tensor& step,
                                const at::Tensor& rate) {
  NAS_ASSERT(options.clip_norm == 0);
  const auto launches = slices_of(parameters);
  const NormSpace space(parameters, launches);
  auto* out = space.squares.mutable_data_ptr<float>();
  for (const auto& launch : launches) {
    launch_kernel(space.norm.device(), [&](CUstream_st* stream) {
      return launch_adamw(*launch, numbers_of(options), step.const_data_ptr<float>(),
                          rate.const_data_ptr<float>(), nullptr, out, stream);
    });
    out += launch->block_count;
  }
  space.finish();
  return space.norm;
}

}  // namespace nas::ops
