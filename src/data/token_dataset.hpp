#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <string>

#include "data/token_file.hpp"
#include "nas/data/dataset.hpp"

namespace nas::data {

/// A data set on a mapped token file. The CPU gathers windows from the map; a GPU gets the
/// training tokens once and gathers there.
class TokenDataset final : public Dataset {
 public:
  struct Options {
    std::string corpus;  ///< as configured
    std::int64_t seq_len = 0;
    bool document_mask = true;
  };
  TokenDataset(std::unique_ptr<const TokenFile> tokens, Options options);

  [[nodiscard]] const Tokenizer& tokenizer() const override { return *tokenizer_; }
  [[nodiscard]] std::int64_t train_tokens() const override { return view().train.count; }
  [[nodiscard]] std::int64_t validation_tokens() const override { return view().validation.count; }
  [[nodiscard]] Hash128 hash() const override;
  [[nodiscard]] std::string description() const override;
  [[nodiscard]] Windows train_batch(std::uint64_t seed, std::uint32_t repeat, std::uint32_t step,
                                    std::int64_t batch, const std::string& device) const override;
  [[nodiscard]] bool gather_train_batch(std::uint64_t seed, std::uint32_t repeat,
                                        const at::Tensor& step,
                                        const at::Tensor& windows) const override;
  [[nodiscard]] at::Tensor train_document_starts(std::uint64_t seed, std::uint32_t repeat,
                                                 std::uint32_t step,
                                                 std::int64_t batch) const override;
  [[nodiscard]] Windows validation_windows(std::int64_t count,
                                           const std::string& device) const override;
  [[nodiscard]] std::int64_t target_bytes(const Windows& windows) const override;

 private:
  [[nodiscard]] const TokenFileView& view() const { return tokens_->view(); }
  [[nodiscard]] std::vector<std::int64_t> starts_of(std::uint64_t seed, std::uint32_t repeat,
                                                    std::uint32_t step, std::int64_t batch) const;
  /// Tokens [starts, seq_len + 1] int64 on the CPU.
  [[nodiscard]] at::Tensor gather(const TokenSpan& tokens,
                                  const std::vector<std::int64_t>& starts) const;
  /// Training tokens [starts, seq_len + 1] int64 on a device.
  [[nodiscard]] at::Tensor gather_train(const std::vector<std::int64_t>& starts,
                                        const std::string& device) const;
  /// Windows::document_starts of windows that begin at these tokens.
  [[nodiscard]] at::Tensor document_starts(const DocumentSpan& documents,
                                           const std::vector<std::int64_t>& starts) const;
  /// All training tokens on a GPU, as they lie in the file: uint8, int16 (the bits) or int32;
  /// undefined when they do not fit.
  [[nodiscard]] at::Tensor resident(const std::string& device) const;

  std::unique_ptr<const TokenFile> tokens_;
  Options options_;
  std::unique_ptr<Tokenizer> tokenizer_;
  std::vector<std::int32_t> bytes_of_tokens_;
  mutable std::mutex resident_mutex_;
  mutable std::map<std::string, at::Tensor> resident_;  ///< by device
};

/// First tokens of the windows of a training step: row r draws (seed, kBatchOrder, repeat, step)
/// at index r, uniform over [0, positions).
[[nodiscard]] std::vector<std::int64_t> training_starts(const DrawKey& key, std::int64_t batch,
                                                        std::int64_t positions);

}  // namespace nas::data
