#pragma once

#include <ATen/core/Tensor.h>

#include <memory>
#include <string>

#include "nas/config/run_config.hpp"
#include "nas/core/hash.hpp"
#include "nas/core/philox.hpp"
#include "nas/data/tokenizer.hpp"

namespace nas::data {

/// Stretches of a tokenised corpus, a row each.
struct Windows {
  at::Tensor tokens;  ///< [rows, seq_len + 1] int64 on a device; inputs and next tokens overlap
  /// For nn::Model::forward: [rows, seq_len] int32 on the CPU, by input token the position in its
  /// row at which its document begins, 0 for one that began before. Undefined when no document
  /// begins inside a row, and without data.document_mask.
  at::Tensor document_starts;
};

/// A tokenised corpus split into train and validation. Immutable, shared by all threads.
class Dataset {
 public:
  /// Reads (or makes and caches) the token file of a corpus: `python` (the .py files of the pinned
  /// PyTorch), a text file or a folder. Files are split by a hash of their path, a single file by
  /// position. Cached under `cache_folder` by content hash of corpus, tokenizer and split.
  /// Throws Error(kData) for a missing, empty or binary corpus and for one shorter than a window
  /// of `seq_len + 1` tokens in either part.
  static std::shared_ptr<const Dataset> load(const config::DataConfig& data, std::int64_t seq_len,
                                             const std::string& cache_folder);

  virtual ~Dataset() = default;
  [[nodiscard]] virtual const Tokenizer& tokenizer() const = 0;
  [[nodiscard]] virtual std::int64_t train_tokens() const = 0;
  [[nodiscard]] virtual std::int64_t validation_tokens() const = 0;
  /// Of tokens, split and tokenizer; with data.document_mask also of where documents begin.
  [[nodiscard]] virtual Hash128 hash() const = 0;
  [[nodiscard]] virtual std::string description() const = 0;

  /// `batch` training windows drawn uniformly with the key (seed, kBatchOrder, repeat, step).
  [[nodiscard]] virtual Windows train_batch(std::uint64_t seed, std::uint32_t repeat,
                                            std::uint32_t step, std::int64_t batch,
                                            const std::string& device) const = 0;

  /// The tokens of train_batch, gathered by a CUDA device without host work: fills windows: [batch,
  /// seq_len + 1] int64 there with those of the step in `step`: [] int64 there, read when the work
  /// runs. False, and nothing done, on the CPU, when the training tokens do not fit into the
  /// device, or in a program without kernels.
  [[nodiscard]] virtual bool gather_train_batch(std::uint64_t seed, std::uint32_t repeat,
                                                const at::Tensor& step,
                                                const at::Tensor& windows) const = 0;

  /// document_starts of train_batch without its tokens; no device is asked.
  [[nodiscard]] virtual at::Tensor train_document_starts(std::uint64_t seed, std::uint32_t repeat,
                                                         std::uint32_t step,
                                                         std::int64_t batch) const = 0;

  /// `count` validation windows evenly spaced over the validation part (all of it when it has
  /// fewer); the same for every candidate.
  [[nodiscard]] virtual Windows validation_windows(std::int64_t count,
                                                   const std::string& device) const = 0;
  /// Bytes of text that the target tokens of such windows stand for: all but each row's first.
  [[nodiscard]] virtual std::int64_t target_bytes(const Windows& windows) const = 0;
};

/// ${XDG_CACHE_HOME:-$HOME/.cache}/nas/data.
[[nodiscard]] std::string default_cache_folder();

}  // namespace nas::data
