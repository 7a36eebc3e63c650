#include "train/tiny_training.hpp"

#include <utility>

#include "nas/core/philox.hpp"
#include "nas/space/blocks.hpp"
#include "nas/space/text.hpp"

namespace nas::test {

std::string repetitive_text() {
  DrawCursor cursor({1, Purpose::kTest, 0, 0});
  std::string text;
  while (text.size() < 60'000) {
    text += "the value of item " + std::to_string(cursor.below(100)) + " is " +
            (cursor.below(2) == 0 ? "large" : "small") + "\n";
  }
  return text;
}

std::shared_ptr<const data::Dataset> tiny_dataset(const TemporaryFolder& folder,
                                                  std::int64_t seq_len, const std::string& text) {
  config::DataConfig config;
  config.corpus = folder.write("text.txt", text);
  config.validation_share = 0.1;
  return data::Dataset::load(config, seq_len, folder / "cache");
}

space::Architecture tiny_architecture(std::int64_t model_dim, std::size_t layers) {
  const space::BlockOptions options;
  space::ShortLayer layer;
  layer.mixer = space::block_program("softmax_attention", space::Slot::kMixer, options);
  layer.feed_forward = space::block_program("gelu", space::Slot::kFeedForward, options);
  space::Architecture architecture;
  architecture.model.vocab_size = 256;
  architecture.model.model_dim = model_dim;
  architecture.layers.assign(layers, {2, 2 * model_dim, space::layer_program(layer)});
  return architecture;
}

space::Architecture mixing_architecture(std::int64_t model_dim) {
  const space::BlockOptions options;
  space::ShortLayer primer;
  primer.mixer = space::block_program("mdha", space::Slot::kMixer, options);
  primer.feed_forward = space::block_program("squared_relu", space::Slot::kFeedForward, options);
  space::Architecture architecture = tiny_architecture(model_dim, 2);
  architecture.layers[0].program = space::layer_program(primer);
  architecture.layers[1].program = space::program_from_text(
      "program(x: [batch, seq, model_dim])\n"
      "  h = rms_norm(x)\n"
      "  gate = sigmoid(cumulative_mean(linear(h)))\n"
      "  return add(x, multiply(gate, maximum(shift_time(h), causal_depthwise_conv(h))))\n",
      "mixing");
  return architecture;
}

train::TrainingRequest tiny_request(std::shared_ptr<const data::Dataset> dataset) {
  train::TrainingRequest request;
  request.architecture = tiny_architecture();
  request.training.steps = 8;
  request.training.batch_size = 4;
  request.training.seq_len = 16;
  request.training.eval_batches = 2;
  request.training.optimizer.learning_rate = 3e-3;
  request.training.schedule.warmup_steps = 2;
  request.training.threads = 1;
  request.seed = 11;
  request.dataset = std::move(dataset);
  return request;
}

}  // namespace nas::test
