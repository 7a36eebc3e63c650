#include <iostream>
#include <nlohmann/json.hpp>

#include "command.hpp"
#include "nas/core/units.hpp"
#include "nas/space/cost.hpp"
#include "nas/space/presets.hpp"

namespace nas::cli {
namespace {

struct CostOptions {
  std::string architecture;
  std::string preset;
  std::string size = "small";
  std::string format = "table";
  space::CostPoint point;
};

Json cost_json(const space::Cost& cost) {
  return {{"params", cost.params},
          {"decoder_params", cost.decoder_params},
          {"embedding_params", cost.embedding_params},
          {"flops_per_token", cost.flops_per_token},
          {"activation_bytes", cost.activation_bytes},
          {"peak_bytes", cost.peak_bytes}};
}

int cost(const CostOptions& options) {
  const space::Architecture architecture =
      options.preset.empty() ? space::read_architecture(options.architecture)
                             : space::preset_architecture(options.preset, options.size);
  const space::Cost cost = cost_of(architecture, options.point);
  if (options.format == "json") {
    std::cout << cost_json(cost).dump(2) << "\n";
    return 0;
  }
  std::cout << "params            " << cost.params << "\n"
            << "  decoder         " << cost.decoder_params << "\n"
            << "  embedding       " << cost.embedding_params << "\n"
            << "flops per token   " << format_count(cost.flops_per_token) << "\n"
            << "activations       " << format_bytes(cost.activation_bytes) << "\n"
            << "training peak     " << format_bytes(cost.peak_bytes) << " (bound)\n";
  return 0;
}

}  // namespace

void add_cost(CLI::App& program, Action& action) {
  auto options = std::make_shared<CostOptions>();
  Verb verb(program, "cost", "analytic cost of an architecture");
  Verb what = verb.one_of("what");
  what.option("--arch", options->architecture, "architecture file, as `nas best` prints it");
  const Option preset =
      what.option("--preset", options->preset, "a published architecture instead of a file")
          .among(space::presets().names());
  verb.option("--size", options->size, "of the preset")
      .among(space::preset_sizes().names())
      .needs(preset);
  verb.option("--batch", options->point.batch, "windows in a batch").range(1, 1'000'000);
  verb.option("--seq", options->point.seq, "tokens in a window").range(1, 10'000'000);
  verb.option("--bytes-per-value", options->point.bytes_per_value,
              "of activations: 4 for fp32, 2 for bf16")
      .among_numbers({2, 4});
  verb.option("--format", options->format, "table or json").among({"table", "json"});
  verb.footer(
      "Conventions: a multiply-add is 2 FLOPs (MACs are never called FLOPs); flops_per_token is "
      "one\n"
      "forward at --seq, head included; causal attention is not halved; decoder_params leaves out\n"
      "token and position tables and an untied head; peak_bytes bounds a training step: fp32\n"
      "weights, gradients, two AdamW moments, activations, logits and their gradient.");
  verb.callback([options, &action] { action = [options] { return cost(*options); }; });
}

}  // namespace nas::cli
