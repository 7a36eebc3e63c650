#include "nas/core/error.hpp"
#include "nas/data/dataset.hpp"
#include "nas/export/trained_model.hpp"
#include "verbs.hpp"

namespace nas::engine {

nn::Model model_of(const run::TrainedWeights& weights) {
  return exporting::trained_model(weights.architecture, weights.path, weights.hash);
}

std::string tokenizer_of(const run::TrainedWeights& weights) {
  const config::DataConfig& data = weights.config.data;
  if (data.tokenizer.kind == "bytes") return data::make_byte_tokenizer()->serialised();
  const auto dataset =
      data::Dataset::load(data, weights.config.training.seq_len, data::default_cache_folder());
  const std::string found = dataset->hash().hex();
  if (found != weights.corpus_hash) {
    throw Error(ErrorKind::kData, "data.corpus = \"" + data.corpus +
                                      "\" is not what the model was trained on "
                                      "(hash " +
                                      found + ", then " + weights.corpus_hash +
                                      "), so its tokenizer cannot be made again");
  }
  return dataset->tokenizer().serialised();
}

}  // namespace nas::engine
