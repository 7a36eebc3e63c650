#include "nas/export/sampling.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <vector>

#include "nas/core/error.hpp"
#include "nas/core/philox.hpp"

namespace nas::exporting {

namespace {

/// Ids from the likeliest on, the first `count`; of equals the smaller id first.
std::vector<std::int64_t> likeliest(const float* logits, std::int64_t vocab, std::int64_t count) {
  std::vector<std::int64_t> ids(static_cast<std::size_t>(vocab));
  std::iota(ids.begin(), ids.end(), 0);
  const auto is_likelier = [&](std::int64_t a, std::int64_t b) {
    return logits[a] != logits[b] ? logits[a] > logits[b] : a < b;
  };
  std::partial_sort(ids.begin(), ids.begin() + count, ids.end(), is_likelier);
  ids.resize(static_cast<std::size_t>(count));
  return ids;
}

}  // namespace

std::int64_t next_token(const at::Tensor& logits, const Sampling& sampling, std::uint32_t step) {
  const at::Tensor values = logits.to(at::kCPU, at::kFloat).contiguous();
  NAS_ASSERT(values.dim() == 1 && values.numel() > 0);
  const float* data = values.const_data_ptr<float>();
  const std::int64_t vocab = values.numel();
  if (std::any_of(data, data + vocab, [](float value) { return std::isnan(value); })) {
    throw Error(ErrorKind::kData, "the model's logits are not numbers at token " +
                                      std::to_string(step) + " of the generated text");
  }
  const bool is_greedy = sampling.temperature == 0;
  const std::int64_t kept = sampling.top_k > 0 ? std::min(sampling.top_k, vocab) : vocab;
  const std::vector<std::int64_t> ids = likeliest(data, vocab, is_greedy ? 1 : kept);
  if (is_greedy || std::isinf(data[ids[0]])) return ids[0];

  std::vector<double> sums;  // running, of exp((logit - largest) / temperature)
  sums.reserve(ids.size());
  double sum = 0;
  for (const std::int64_t id : ids) {
    sum += std::exp((static_cast<double>(data[id]) - static_cast<double>(data[ids[0]])) /
                    sampling.temperature);
    sums.push_back(sum);
  }
  DrawCursor cursor({sampling.seed, Purpose::kGeneration, 0, step});
  const double drawn = cursor.uniform() * sum;
  const auto found = std::upper_bound(sums.begin(), sums.end(), drawn);
  const auto place =
      std::min<std::ptrdiff_t>(found - sums.begin(), static_cast<std::ptrdiff_t>(ids.size()) - 1);
  return ids[static_cast<std::size_t>(place)];
}

}  // namespace nas::exporting
