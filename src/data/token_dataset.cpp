#include "data/token_dataset.hpp"

#include <ATen/Functions.h>
#include <ATen/TensorOperators.h>
#include <c10/util/Exception.h>

#include <algorithm>
#include <utility>

#include "nas/core/error.hpp"
#include "nas/core/log.hpp"
#include "nas/core/units.hpp"
#include "nas/ops/kernels.hpp"
#include "nas/ops/windows.hpp"

namespace nas::data {
namespace {

bool is_cpu(const std::string& device) { return device == "cpu"; }

at::ScalarType stored_type(std::uint32_t width) {
  if (width == 1) return at::kByte;
  return width == 2 ? at::kShort : at::kInt;
}

}  // namespace

TokenDataset::TokenDataset(std::unique_ptr<const TokenFile> tokens, Options options)
    : tokens_(std::move(tokens)),
      options_(std::move(options)),
      tokenizer_(load_tokenizer(std::string(tokens_->view().tokenizer))),
      bytes_of_tokens_(tokenizer_->bytes_of_tokens()) {
  if (tokenizer_->vocab_size() != view().vocab_size) {
    throw Error(ErrorKind::kData,
                "token file of \"" + options_.corpus + "\": " + std::to_string(view().vocab_size) +
                    " ids, but its tokenizer has " + std::to_string(tokenizer_->vocab_size()));
  }
}

Hash128 TokenDataset::hash() const {
  std::vector<std::uint64_t> words{view().payload_hash.high, view().payload_hash.low,
                                   static_cast<std::uint64_t>(view().train.count),
                                   static_cast<std::uint64_t>(view().vocab_size)};
  if (options_.document_mask) {
    words.push_back(view().documents_hash.high);
    words.push_back(view().documents_hash.low);
  }
  return hash_bytes(words.data(), words.size() * sizeof words[0]);
}

std::string TokenDataset::description() const {
  const bool is_bytes = tokenizer_->serialised() == "bytes";
  const std::int64_t documents = view().train_documents.count + view().validation_documents.count;
  return options_.corpus + ": " + format_bytes(static_cast<double>(view().text_bytes)) +
         " of text, " +
         (is_bytes ? "bytes"
                   : "SentencePiece BPE of " + std::to_string(view().vocab_size) + " pieces") +
         ", " + format_count(static_cast<double>(view().train.count)) + " training and " +
         format_count(static_cast<double>(view().validation.count)) + " validation tokens" +
         (options_.document_mask
              ? ", " + format_count(static_cast<double>(documents)) + " documents"
              : "");
}

at::Tensor TokenDataset::gather(const TokenSpan& tokens,
                                const std::vector<std::int64_t>& starts) const {
  const std::int64_t rows = static_cast<std::int64_t>(starts.size());
  const std::int64_t length = options_.seq_len + 1;
  at::Tensor windows = at::empty({rows, length}, at::kLong);
  std::int64_t* out = windows.mutable_data_ptr<std::int64_t>();
  for (const std::int64_t start : starts) {
    tokens.copy(start, length, out);
    out += length;
  }
  return windows;
}

at::Tensor TokenDataset::document_starts(const DocumentSpan& documents,
                                         const std::vector<std::int64_t>& starts) const {
  const std::int64_t seq = options_.seq_len;
  at::Tensor result;
  if (!options_.document_mask) return result;
  for (std::size_t row = 0; row < starts.size(); ++row) {
    const std::int64_t begin = starts[row];
    for (std::int64_t i = documents.first_after(begin); i < documents.count; ++i) {
      const std::int64_t position = documents.at(i) - begin;
      if (position >= seq) break;
      if (!result.defined()) {
        result = at::zeros({static_cast<std::int64_t>(starts.size()), seq}, at::kInt);
      }
      auto* const values =
          result.mutable_data_ptr<std::int32_t>() + static_cast<std::int64_t>(row) * seq;
      std::fill(values + position, values + seq, static_cast<std::int32_t>(position));
    }
  }
  return result;
}

at::Tensor TokenDataset::resident(const std::string& device) const {
  const std::lock_guard lock(resident_mutex_);
  if (const auto found = resident_.find(device); found != resident_.end()) return found->second;
  const TokenSpan& train = view().train;
  // from_blob wants a pointer to change; the copy to the device only reads it.
  at::Tensor on_device;
  try {
    on_device = at::from_blob(const_cast<std::byte*>(train.data), {train.count},
                              at::TensorOptions(stored_type(train.width)))
                    .to(at::Device(device));
  } catch (const c10::OutOfMemoryError&) {
    log_warning("the training tokens do not fit into " + device + "; windows come from the host");
  }
  resident_[device] = on_device;
  return on_device;
}

Windows TokenDataset::train_batch(std::uint64_t seed, std::uint32_t repeat, std::uint32_t step,
                                  std::int64_t batch, const std::string& device) const {
  const std::vector<std::int64_t> starts = starts_of(seed, repeat, step, batch);
  return {gather_train(starts, device), document_starts(view().train_documents, starts)};
}

std::vector<std::int64_t> TokenDataset::starts_of(std::uint64_t seed, std::uint32_t repeat,
                                                  std::uint32_t step, std::int64_t batch) const {
  return training_starts({seed, Purpose::kBatchOrder, repeat, step}, batch,
                         train_tokens() - options_.seq_len);
}

bool TokenDataset::gather_train_batch(std::uint64_t seed, std::uint32_t repeat,
                                      const at::Tensor& step, const at::Tensor& windows) const {
  if (!ops::has_kernels_on(windows.device())) return false;
  const at::Tensor tokens = resident(windows.device().str());
  if (!tokens.defined()) return false;
  ops::gather_windows({seed, Purpose::kBatchOrder, repeat}, step, tokens, windows);
  return true;
}

at::Tensor TokenDataset::train_document_starts(std::uint64_t seed, std::uint32_t repeat,
                                               std::uint32_t step, std::int64_t batch) const {
  if (!options_.document_mask) return {};
  return document_starts(view().train_documents, starts_of(seed, repeat, step, batch));
}

at::Tensor TokenDataset::gather_train(const std::vector<std::int64_t>& starts,
                                      const std::string& device) const {
  if (is_cpu(device)) return gather(view().train, starts);
  const at::Tensor tokens = resident(device);
  if (!tokens.defined()) return gather(view().train, starts).to(at::Device(device));
  // From pinned memory, so that the host does not wait for the steps before.
  const at::Tensor first = at::tensor(starts, at::kLong)
                               .pin_memory()
                               .to(tokens.device(), /*non_blocking=*/true)
                               .unsqueeze(1);
  const at::Tensor offsets =
      at::arange(options_.seq_len + 1, at::TensorOptions(at::kLong).device(tokens.device()));
  at::Tensor windows = at::take(tokens, first + offsets).to(at::kLong);
  if (view().train.width == 2) windows = windows.bitwise_and(0xFFFF);  // they were stored as bits
  return windows;
}

Windows TokenDataset::validation_windows(std::int64_t count, const std::string& device) const {
  const std::int64_t seq = options_.seq_len;
  const std::int64_t available = (validation_tokens() - 1) / seq;
  const std::int64_t used = std::min(count, available);
  std::vector<std::int64_t> starts;
  for (std::int64_t i = 0; i < used; ++i) starts.push_back(i * available / used * seq);
  const at::Tensor tokens = gather(view().validation, starts);
  return {is_cpu(device) ? tokens : tokens.to(at::Device(device)),
          document_starts(view().validation_documents, starts)};
}

std::int64_t TokenDataset::target_bytes(const Windows& windows) const {
  const at::Tensor targets = windows.tokens.slice(1, 1).to(at::kCPU).contiguous();
  const std::int64_t* ids = targets.const_data_ptr<std::int64_t>();
  std::int64_t bytes = 0;
  for (std::int64_t i = 0; i < targets.numel(); ++i) {
    bytes += bytes_of_tokens_.at(static_cast<std::size_t>(ids[i]));
  }
  return bytes;
}

std::vector<std::int64_t> training_starts(const DrawKey& key, std::int64_t batch,
                                          std::int64_t positions) {
  __extension__ using Wide = unsigned __int128;
  std::vector<std::int64_t> starts;
  starts.reserve(static_cast<std::size_t>(batch));
  for (std::int64_t row = 0; row < batch; ++row) {
    const PhiloxCounter words = draw(key, static_cast<std::uint32_t>(row));
    const std::uint64_t bits = (std::uint64_t{words[1]} << 32U) | words[0];
    const Wide product = Wide{bits} * static_cast<std::uint64_t>(positions);
    starts.push_back(static_cast<std::int64_t>(product >> 64U));
  }
  return starts;
}

}  // namespace nas::data
