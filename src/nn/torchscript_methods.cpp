#include "nn/torchscript_methods.hpp"

namespace nas::nn {

namespace {

// A dtype is a number in TorchScript: 7 is float64, 11 is bool.

constexpr const char* kCausalScores = R"(
def mask_scores(self, s: Tensor) -> Tensor:
    return torch.tril(s)

def finite_rows(self, x: Tensor) -> Tensor:
    return torch.nan_to_num(x)

def fill_later(self, s: Tensor, value: float) -> Tensor:
    n = s.size(-1)
    later = torch.triu(torch.ones([n, n], dtype=11, device=s.device), 1)
    return torch.masked_fill(s, later, value)

def key_counts(self, s: Tensor) -> Tensor:
    counts = torch.arange(1, s.size(-1) + 1, device=s.device)
    return torch.unsqueeze(torch.type_as(counts, s), 1)

def softmax_keys(self, s: Tensor) -> Tensor:
    return torch.softmax(self.fill_later(s, float("-inf")), -1)
)";

constexpr const char* kBidirectionalScores = R"(
def mask_scores(self, s: Tensor) -> Tensor:
    return s

def finite_rows(self, x: Tensor) -> Tensor:
    return x

def fill_later(self, s: Tensor, value: float) -> Tensor:
    return s

def key_counts(self, s: Tensor) -> Tensor:
    return torch.full_like(torch.narrow(s, -1, 0, 1), float(s.size(-1)))

def softmax_keys(self, s: Tensor) -> Tensor:
    return torch.softmax(s, -1)
)";

constexpr const char* kElementwise = R"(
def divide(self, a: Tensor, b: Tensor) -> Tensor:
    is_zero = torch.abs(b) < 1e-06
    return torch.masked_fill(torch.div(a, torch.masked_fill(b, is_zero, 1.0)), is_zero, 0.0)
)";

constexpr const char* kAlongTime = R"(
def rope(self, x: Tensor, base: float) -> Tensor:
    half = x.size(-1) // 2
    exponents = torch.mul(torch.arange(half, dtype=7, device=x.device), -1.0 / half)
    times = torch.arange(x.size(-2), dtype=7, device=x.device)
    angles = torch.outer(times, torch.pow(base, exponents))
    cosine = torch.type_as(torch.cos(angles), x)
    sine = torch.type_as(torch.sin(angles), x)
    a = torch.narrow(x, -1, 0, half)
    b = torch.narrow(x, -1, half, half)
    return torch.cat([a * cosine - b * sine, b * cosine + a * sine], -1)

def shift_time(self, x: Tensor, steps: int) -> Tensor:
    n = x.size(-2)
    steps = max(-n, min(n, steps))
    return torch.constant_pad_nd(x, [0, 0, steps, -steps], 0.0)

def causal_conv(self, x: Tensor, weight: Tensor, width: int) -> Tensor:
    taps = torch.t(weight)
    if x.dim() == 4:
        taps = torch.reshape(taps, [width, x.size(1), 1, x.size(3)])
    y = x * taps[0]
    for j in range(1, width):
        y = y + self.shift_time(x, j) * taps[j]
    return y

def cumulative_mean(self, x: Tensor) -> Tensor:
    counts = torch.arange(1, x.size(-2) + 1, dtype=7, device=x.device)
    return torch.cumsum(x, -2) / torch.unsqueeze(torch.type_as(counts, x), 1)

def windows(self, x: Tensor, width: int, fill: float) -> Tensor:
    rows: List[Tensor] = []
    for j in range(width):
        steps = min(j, x.size(-2))
        rows.append(torch.constant_pad_nd(x, [0, 0, steps, -steps], fill))
    return torch.stack(rows)

def window_counts(self, x: Tensor, width: int) -> Tensor:
    counts = torch.clamp(torch.arange(1, x.size(-2) + 1, device=x.device), 1, width)
    return torch.unsqueeze(torch.type_as(counts, x), 1)

def dense_conv(self, x: Tensor, weight: Tensor, width: int) -> Tensor:
    rows = torch.flatten(torch.permute(self.windows(x, width, 0.0), [1, 2, 0, 3]), 2)
    return torch.linear(rows, torch.flatten(torch.transpose(weight, 1, 2), 1))

def relative_bias(self, s: Tensor, table: Tensor, boundaries: Tensor) -> Tensor:
    times = torch.arange(s.size(-1), device=s.device)
    distances = torch.unsqueeze(times, 1) - times
    buckets = torch.bucketize(distances, boundaries, right=True)
    return s + torch.permute(torch.embedding(table, buckets), [2, 0, 1])
)";

}  // namespace

std::string torchscript_methods(bool is_causal) {
  return std::string(is_causal ? kCausalScores : kBidirectionalScores) + kElementwise + kAlongTime;
}

}  // namespace nas::nn
