// How fast a search can look at architectures: items_per_second are programs on one core.
#include <benchmark/benchmark.h>

#include <nlohmann/json.hpp>

#include "nas/core/error.hpp"
#include "nas/space/canonical.hpp"
#include "nas/space/check.hpp"
#include "nas/space/cost.hpp"
#include "nas/space/space.hpp"
#include "nas/space/text.hpp"

namespace nas::space {
namespace {

Program attention_layer() {
  return program_from_text(
      "program(x: [batch, seq, model_dim])\n"
      "h = layer_norm(x)\n"
      "q = rope(causal_depthwise_conv(split_heads(linear(h, init=query))))\n"
      "k = rope(causal_depthwise_conv(split_heads(linear(h))))\n"
      "v = causal_depthwise_conv(split_heads(linear(h)))\n"
      "r = add(x, linear(merge_heads(matmul(softmax(matmul_nt(q, k)), v))))\n"
      "f = square(relu(linear(layer_norm(r), out=inner_dim, bias=true)))\n"
      "return add(r, relu(silu(tanh(abs(negate(exp(linear(f, bias=true))))))))\n",
      "space_benchmark");
}

Dims dims() {
  Dims result;
  result.batch = 8;
  result.seq = 128;
  result.heads = 4;
  result.head_dim = 16;
  result.model_dim = 64;
  result.inner_dim = 256;
  return result;
}

void check_program(benchmark::State& state) {
  const Program program = attention_layer();
  CheckedProgram checked;
  for (auto _ : state) {
    benchmark::DoNotOptimize(check(program, {}, checked));
    benchmark::ClobberMemory();
  }
  state.SetItemsProcessed(state.iterations());
  state.counters["nodes"] = static_cast<double>(program.nodes.size());
}
BENCHMARK(check_program);

void cost_of_program(benchmark::State& state) {
  const Program program = attention_layer();
  CheckedProgram checked;
  static_cast<void>(check(program, {}, checked));
  for (auto _ : state) benchmark::DoNotOptimize(cost_of(program, checked, dims()));
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(cost_of_program);

void hash_of_program(benchmark::State& state) {
  const Program program = attention_layer();
  for (auto _ : state) benchmark::DoNotOptimize(hash_of(program));
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(hash_of_program);

/// The vanilla layer after 1 to 8 mutations with every primitive of a causal model, in each of 4
/// layers; and one finite choice.
Space evolving_space() {
  JsonPositions positions("space_benchmark");
  const Json json = parse_json(R"({
    "layers": 4, "model_dim": 64, "heads": 4,
    "inner_dim": {"choice": [128, 192, 256, 384]},
    "layer": {"program": {
      "vocabulary": "causal", "max_nodes": 40, "sample_mutations": 8,
      "initial": {"mixer": "softmax_attention", "feed_forward": "relu"}}}})",
                               positions);
  return Space::from_json(json, ModelSpec{}, positions, "");
}

/// What a search does before it trains: items_per_second must stay above 20,000.
void sample_check_cost_hash(benchmark::State& state) {
  const Space space = evolving_space();
  CheckedProgram checked;
  std::uint64_t subject = 0;
  double nodes = 0;
  for (auto _ : state) {
    const Sample sample =
        space.sample({.seed = 1, .purpose = Purpose::kTest, .subject = subject++});
    const Architecture architecture = space.architecture(sample);
    const Program& program = architecture.layers[0].program;
    NAS_ASSERT(check(program, {}, checked).kind == Rejection::Kind::kNone);
    benchmark::DoNotOptimize(cost_of(architecture, CostPoint{}));
    benchmark::DoNotOptimize(hash_of(architecture));
    nodes += static_cast<double>(program.nodes.size());
  }
  state.SetItemsProcessed(state.iterations());
  state.counters["nodes"] = nodes / static_cast<double>(state.iterations());
}
BENCHMARK(sample_check_cost_hash);

void sample_only(benchmark::State& state) {
  const Space space = evolving_space();
  std::uint64_t subject = 0;
  for (auto _ : state) {
    benchmark::DoNotOptimize(
        space.sample({.seed = 1, .purpose = Purpose::kTest, .subject = subject++}));
  }
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(sample_only);

}  // namespace
}  // namespace nas::space

BENCHMARK_MAIN();
