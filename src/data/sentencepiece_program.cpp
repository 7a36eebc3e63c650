// The program nas-sentencepiece: what needs libsentencepiece, in a process of its own (why:
// sentencepiece_model.hpp).
//
//   nas-sentencepiece train VOCAB_SIZE    stdin: sentences; stdout: a model
//   nas-sentencepiece encode              stdin: a model, then texts; stdout: ids of each text
//
// Items on stdin and lists of ids on stdout are preceded by their number of bytes, 8 bytes,
// little-endian; ids are 4 bytes. Exit 3: SentencePiece refused, its reason is on stderr.

#include <sentencepiece_trainer.h>
#include <sys/prctl.h>

#include <csignal>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <iostream>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace {

constexpr int kUsage = 2;
constexpr int kRefused = 3;

std::string read_all() {
  std::string content;
  char block[65536];
  while (const std::size_t count = std::fread(block, 1, sizeof block, stdin)) {
    content.append(block, count);
  }
  return content;
}

std::vector<std::string> items_of(std::string_view input) {
  std::vector<std::string> items;
  while (input.size() >= sizeof(std::uint64_t)) {
    std::uint64_t size = 0;
    std::memcpy(&size, input.data(), sizeof size);
    input.remove_prefix(sizeof size);
    items.emplace_back(input.substr(0, size));
    input.remove_prefix(items.back().size());
  }
  return items;
}

int refuse(const sentencepiece::util::Status& status) {
  std::cerr << status.message() << "\n";
  return kRefused;
}

class Sentences final : public sentencepiece::SentenceIterator {
 public:
  explicit Sentences(const std::vector<std::string>& sentences) : sentences_(sentences) {}
  // The base's names.
  [[nodiscard]] bool done() const override { return at_ >= sentences_.size(); }
  void Next() override { ++at_; }  // NOLINT(readability-identifier-naming)
  [[nodiscard]] const std::string& value() const override { return sentences_[at_]; }
  [[nodiscard]] sentencepiece::util::Status status() const override { return {}; }

 private:
  const std::vector<std::string>& sentences_;
  std::size_t at_ = 0;
};

std::unordered_map<std::string, std::string> trainer_options(const std::string& vocab_size) {
  return {{"model_type", "bpe"},
          {"vocab_size", vocab_size},
          {"normalization_rule_name", "identity"},
          {"remove_extra_whitespaces", "false"},
          {"add_dummy_prefix", "false"},
          {"byte_fallback", "true"},
          {"allow_whitespace_only_pieces", "true"},
          {"character_coverage", "1.0"},
          // Every sentence is used, in order: nothing is drawn, nothing depends on threads.
          {"num_threads", "1"},
          {"input_sentence_size", "0"},
          {"shuffle_input_sentence", "false"},
          // Text only: no id stands for a beginning, an end or padding.
          {"bos_id", "-1"},
          {"eos_id", "-1"},
          {"pad_id", "-1"},
          {"minloglevel", "3"}};
}

int train(const std::string& vocab_size) {
  const std::vector<std::string> sentences = items_of(read_all());
  Sentences iterator(sentences);
  std::string model;
  const sentencepiece::util::Status status =
      sentencepiece::SentencePieceTrainer::Train(trainer_options(vocab_size), &iterator, &model);
  if (!status.ok()) return refuse(status);
  std::fwrite(model.data(), 1, model.size(), stdout);
  return 0;
}

int encode() {
  const std::vector<std::string> items = items_of(read_all());
  if (items.empty()) return kUsage;
  sentencepiece::SentencePieceProcessor processor;
  const auto loaded = processor.LoadFromSerializedProto(items[0]);
  if (!loaded.ok()) return refuse(loaded);
  for (std::size_t i = 1; i < items.size(); ++i) {
    std::vector<int> ids;
    const auto status = processor.Encode(items[i], &ids);
    if (!status.ok()) return refuse(status);
    const std::uint64_t size = ids.size() * sizeof(int);
    std::fwrite(&size, 1, sizeof size, stdout);
    std::fwrite(ids.data(), 1, size, stdout);
  }
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  // The search that waits for this program stops cleanly on Ctrl-C, and takes it along when killed.
  static_cast<void>(std::signal(SIGINT, SIG_IGN));
  static_cast<void>(::prctl(PR_SET_PDEATHSIG, SIGKILL));
  const std::vector<std::string> arguments(argv + 1, argv + argc);
  if (arguments.size() == 2 && arguments[0] == "train") return train(arguments[1]);
  if (arguments.size() == 1 && arguments[0] == "encode") return encode();
  std::cerr << "usage: nas-sentencepiece train VOCAB_SIZE | encode\n";
  return kUsage;
}
