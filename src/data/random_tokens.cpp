#include "nas/data/random_tokens.hpp"

#include <ATen/Functions.h>

#include <map>
#include <mutex>

#include "data/token_dataset.hpp"
#include "nas/core/error.hpp"
#include "nas/ops/kernels.hpp"
#include "nas/ops/windows.hpp"

namespace nas::data {
namespace {

class RandomTokens final : public Dataset {
 public:
  RandomTokens(std::int64_t vocab_size, std::int64_t seq_len, std::int64_t count,
               std::uint64_t seed)
      : seq_len_(seq_len), seed_(seed), vocab_size_(vocab_size) {
    tokens_ = at::empty({count}, at::kInt);
    DrawCursor cursor({seed, Purpose::kTest, 0, 0});
    auto* const values = tokens_.mutable_data_ptr<std::int32_t>();
    for (std::int64_t i = 0; i < count; ++i) {
      values[i] = static_cast<std::int32_t>(cursor.below(static_cast<std::uint32_t>(vocab_size)));
    }
  }

  [[nodiscard]] const Tokenizer& tokenizer() const override { nothing_of("a tokenizer"); }
  [[nodiscard]] std::int64_t train_tokens() const override { return tokens_.numel(); }
  [[nodiscard]] std::int64_t validation_tokens() const override { return 0; }
  [[nodiscard]] Hash128 hash() const override { return hash_text(description()); }
  [[nodiscard]] std::string description() const override {
    return std::to_string(tokens_.numel()) + " random tokens of " + std::to_string(vocab_size_) +
           ", seed " + std::to_string(seed_);
  }

  [[nodiscard]] Windows train_batch(std::uint64_t seed, std::uint32_t repeat, std::uint32_t step,
                                    std::int64_t batch, const std::string& device) const override {
    const std::vector<std::int64_t> starts =
        training_starts({seed, Purpose::kBatchOrder, repeat, step}, batch, positions());
    const at::Tensor first = at::tensor(starts, at::kLong).unsqueeze(1);
    const at::Tensor windows = at::take(tokens_, first.add(at::arange(seq_len_ + 1, at::kLong)));
    return {windows.to(at::kLong).to(at::Device(device)), {}};
  }

  [[nodiscard]] bool gather_train_batch(std::uint64_t seed, std::uint32_t repeat,
                                        const at::Tensor& step,
                                        const at::Tensor& windows) const override {
    if (!ops::has_kernels_on(windows.device())) return false;
    ops::gather_windows({seed, Purpose::kBatchOrder, repeat}, step, on(windows.device()), windows);
    return true;
  }

  [[nodiscard]] at::Tensor train_document_starts(std::uint64_t /*seed*/, std::uint32_t /*repeat*/,
                                                 std::uint32_t /*step*/,
                                                 std::int64_t /*batch*/) const override {
    return {};
  }
  [[nodiscard]] Windows validation_windows(std::int64_t /*count*/,
                                           const std::string& /*device*/) const override {
    nothing_of("validation windows");
  }
  [[nodiscard]] std::int64_t target_bytes(const Windows& /*windows*/) const override {
    nothing_of("text");
  }

 private:
  [[noreturn]] void nothing_of(const char* what) const {
    throw Error(ErrorKind::kData, description() + " have no " + what);
  }
  [[nodiscard]] std::int64_t positions() const { return tokens_.numel() - seq_len_; }
  [[nodiscard]] at::Tensor on(const at::Device& device) const {
    const std::lock_guard lock(mutex_);
    at::Tensor& copy = copies_[device.str()];
    if (!copy.defined()) copy = tokens_.to(device);
    return copy;
  }

  std::int64_t seq_len_;
  std::uint64_t seed_;
  std::int64_t vocab_size_;
  at::Tensor tokens_;  ///< [count] int32
  mutable std::mutex mutex_;
  mutable std::map<std::string, at::Tensor> copies_;  ///< by device
};

}  // namespace

std::shared_ptr<const Dataset> random_tokens(std::int64_t vocab_size, std::int64_t seq_len,
                                             std::int64_t count, std::uint64_t seed) {
  NAS_ASSERT(vocab_size > 0 && count > seq_len);
  return std::make_shared<RandomTokens>(vocab_size, seq_len, count, seed);
}

}  // namespace nas::data
