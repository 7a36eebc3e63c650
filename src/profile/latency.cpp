#include "nas/profile/latency.hpp"

#include <ATen/Functions.h>
#include <ATen/Parallel.h>
#include <ATen/core/grad_mode.h>
#include <c10/core/DeviceGuard.h>
#include <c10/cuda/CUDAException.h>
#include <c10/cuda/CUDAStream.h>
#include <cuda_runtime_api.h>

#include <algorithm>
#include <chrono>
#include <mutex>
#include <vector>

#include "nas/core/error.hpp"
#include "nas/core/philox.hpp"
#include "profile/quartiles.hpp"

namespace nas::profile {
namespace {

/// Tokens [batch, seq] int64 by fixed draws: the same for every model of a vocabulary.
at::Tensor draw_tokens(const config::ProfileConfig& profile, std::int64_t vocab_size,
                       const std::string& device) {
  at::Tensor tokens = at::empty({profile.batch, profile.seq}, at::kLong);
  std::int64_t* out = tokens.mutable_data_ptr<std::int64_t>();
  DrawCursor cursor({0, Purpose::kEvaluation, 0, 0});
  for (std::int64_t i = 0; i < tokens.numel(); ++i) {
    out[i] = cursor.below(static_cast<std::uint32_t>(vocab_size));
  }
  return tokens.to(at::Device(device));
}

/// A CUDA event that measures time.
class TimingEvent {
 public:
  TimingEvent() { C10_CUDA_CHECK(cudaEventCreate(&event_)); }
  ~TimingEvent() { static_cast<void>(cudaEventDestroy(event_)); }
  TimingEvent(const TimingEvent&) = delete;
  TimingEvent& operator=(const TimingEvent&) = delete;
  void record() {
    C10_CUDA_CHECK(cudaEventRecord(event_, c10::cuda::getCurrentCUDAStream().stream()));
  }
  [[nodiscard]] double microseconds_since(const TimingEvent& earlier) const {
    C10_CUDA_CHECK(cudaEventSynchronize(event_));
    float milliseconds = 0;
    C10_CUDA_CHECK(cudaEventElapsedTime(&milliseconds, earlier.event_, event_));
    return double{milliseconds} * 1000.0;
  }

 private:
  cudaEvent_t event_ = nullptr;
};

double time_on_cpu(const nn::Model& model, const at::Tensor& tokens) {
  const auto begin = std::chrono::steady_clock::now();
  static_cast<void>(model.forward(tokens));
  const std::chrono::duration<double, std::micro> elapsed =
      std::chrono::steady_clock::now() - begin;
  return elapsed.count();
}

double time_on_gpu(const nn::Model& model, const at::Tensor& tokens) {
  TimingEvent begin;
  TimingEvent end;
  begin.record();
  static_cast<void>(model.forward(tokens));
  end.record();
  return end.microseconds_since(begin);
}

std::string score_name(const nn::LowerOptions& options, const config::ProfileConfig& profile) {
  return "latency_us[b" + std::to_string(profile.batch) + ",s" + std::to_string(profile.seq) + "," +
         (options.bf16 ? "bf16" : "fp32") + ",forward,eager,hot," +
         (options.fuse ? "fused" : "plain") + "]";
}

}  // namespace

space::Score measure_latency(const nn::Model& model, const config::ProfileConfig& profile) {
  // Two measurements at once would measure each other.
  static std::mutex one_at_a_time;
  const std::lock_guard lock(one_at_a_time);
  const at::NoGradGuard no_grad;
  const nn::LowerOptions& options = model.options();
  const bool is_cpu = options.device == "cpu";
  const c10::DeviceGuard device_guard{at::Device(options.device)};
  const at::Tensor tokens =
      draw_tokens(profile, model.architecture().model.vocab_size, options.device);
  const auto time_once = is_cpu ? time_on_cpu : time_on_gpu;
  for (std::int64_t i = 0; i < profile.warmup; ++i) static_cast<void>(time_once(model, tokens));
  std::vector<double> samples;
  for (std::int64_t i = 0; i < std::max<std::int64_t>(1, profile.repeats); ++i) {
    samples.push_back(time_once(model, tokens));
  }
  const Quartiles quartiles = quartiles_of(samples);
  space::Score score;
  score.name = score_name(options, profile);
  score.value = quartiles.median;
  score.unit = "us";
  score.spread = (quartiles.upper - quartiles.lower) / 2;
  score.protocol = "median of " + std::to_string(samples.size()) + " forward passes after " +
                   std::to_string(profile.warmup) + " warm ones; spread: half the interquartile " +
                   "range; " +
                   (is_cpu ? "steady clock, " + std::to_string(at::get_num_threads()) + " threads"
                           : "CUDA events on " + options.device);
  return score;
}

}  // namespace nas::profile
