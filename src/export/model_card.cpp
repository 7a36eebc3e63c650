#include <nlohmann/json.hpp>
#include <sstream>

#include "export/facts_json.hpp"
#include "export/hf_files.hpp"
#include "nas/core/units.hpp"
#include "nas/export/language_model.hpp"

namespace nas::exporting {

namespace {

/// A value of the configuration as text; empty when it is not there.
std::string config_text(const Json& config, const std::string& pointer) {
  const Json::json_pointer at(pointer);
  if (!config.contains(at)) return "";
  const Json& value = config[at];
  return value.is_string() ? value.get<std::string>() : value.dump();
}

/// "- label: value", nothing for an empty value.
void add_item(std::ostream& text, const std::string& label, const std::string& value) {
  if (!value.empty()) text << "- " << label << ": " << value << "\n";
}

void add_search(std::ostream& text, const ExportFacts& facts) {
  const Json& config = facts.config;
  if (facts.seed > 0) {
    text << "## How it was trained\n\n";
    add_item(text, "training", "`" + facts.study + "`, seed " + std::to_string(facts.seed));
  } else {
    text << "## What was searched\n\n";
    add_item(text, "study",
             "`" + facts.study + "`, " + std::to_string(facts.trials) + " finished trials");
    add_item(text, "searcher", config_text(config, "/search/name"));
    add_item(text, "seed", config_text(config, "/seed"));
  }
  add_item(text, "corpus", facts.corpus);
  add_item(text, "tokenizer", config_text(config, "/data/tokenizer/kind"));
  add_item(text, facts.seed > 0 ? "length" : "training of a trial",
           config_text(config, "/training/steps") + " steps of " +
               config_text(config, "/training/batch_size") + " windows of " +
               std::to_string(facts.seq_len) + " tokens");
  text << "\nThe whole configuration is at the end of this page.\n\n";
}

void add_training_result(std::ostream& text, const ExportFacts& facts) {
  text << "## Result\n\n`" << facts.metric
       << "` of this training: " << format_significant(facts.value, 6) << ".\n\n";
  for (const std::string& line : facts.verification) text << line << ".\n\n";
}

void add_result(std::ostream& text, const ExportFacts& facts) {
  text << "## Result\n\n`" << facts.metric
       << "` of this trial: " << format_significant(facts.value, 6)
       << ". That is one training with the search's own seed, and a search chooses what came out "
          "well there: as a measure of the architecture it flatters.\n\n";
  if (facts.verification.empty()) {
    text << "The study was not verified: nothing here says how the architecture does with other "
            "seeds.\n\n";
    return;
  }
  text << "Verified by training again with fresh seeds:\n\n```\n";
  for (const std::string& line : facts.verification) text << line << "\n";
  text << "```\n\n";
}

std::string positions_text(const space::ModelSpec& model) {
  return space::kPositionsNames[static_cast<std::size_t>(model.positions)];
}

void add_model(std::ostream& text, const nn::Model& model) {
  const space::Architecture& architecture = model.architecture();
  const space::ModelSpec& spec = architecture.model;
  std::int64_t count = 0;
  for (const nn::NamedTensor& parameter : model.parameters()) count += parameter.tensor.numel();
  text << "## Model\n\n";
  add_item(text, "parameters", std::to_string(count) + ", float32");
  add_item(text, "layers",
           std::to_string(architecture.layers.size()) + " of width " +
               std::to_string(spec.model_dim) +
               "; their programs are the code of `modeling_nas.py`");
  add_item(text, "vocabulary",
           std::to_string(spec.vocab_size) + (spec.tied_head ? ", the head is the embedding" : ""));
  add_item(text, "positions", positions_text(spec));
  add_item(text, "architecture", "`" + space::hash_of(architecture).hex() + "`");
  add_item(text, "weights", "`" + model.weights_hash().hex() + "`");
  text << "\n";
}

constexpr const char* kUse = R"(## Use

```python
from transformers import AutoModelForCausalLM, AutoTokenizer

model = AutoModelForCausalLM.from_pretrained(FOLDER, trust_remote_code=True)
tokenizer = AutoTokenizer.from_pretrained(FOLDER, trust_remote_code=True)
print(tokenizer.decode(model.generate(**tokenizer("def ", return_tensors="pt"), max_new_tokens=100)[0]))
```

`trust_remote_code` runs the Python files of this folder: read them first, they are short. Without transformers:

```python
import torch
from modeling_nas import load_model  # in this folder

logits = load_model()(torch.zeros(1, 16, dtype=torch.long))
```

`python export_onnx.py` makes an ONNX file of it, `--format torch-export` a torch.export archive, and checks what it
made. `nas generate FOLDER --prompt TEXT` samples text.

)";

void add_limits(std::ostream& text, const space::ModelSpec& model, const ExportFacts& facts) {
  text << "## Limits\n\n"
          "- It was trained as long as it takes to compare architectures, not to be of use as a "
          "language model.\n"
          "- There is no cache of keys and values: `generate()` computes the whole text again for "
          "every new token.\n";
  if (const std::int64_t max_len = max_len_of(model); max_len > 0) {
    text << "- It takes at most " << max_len << " tokens: its positions are a learned table.\n";
  } else {
    text << "- It runs at any length, but saw windows of " << facts.seq_len
         << " tokens in training; nothing was measured beyond.\n";
  }
  text << "- Every row is one text: padding may stand behind it, not before it, and documents that "
          "are joined in a row see each other.\n"
          "- The tokenizer has no special tokens: nothing says that a text has ended.\n\n";
}

}  // namespace

std::string model_card(const nn::Model& model, const ExportFacts& facts) {
  const space::ModelSpec& spec = model.architecture().model;
  std::ostringstream text;
  text << "---\nlibrary_name: transformers\npipeline_tag: text-generation\ntags:\n- nas\n"
          "- architecture-search\n---\n\n# "
       << facts.study << (facts.seed > 0 ? ", seed " : ", trial ")
       << (facts.seed > 0 ? std::int64_t{facts.seed} : facts.trial)
       << "\n\nA decoder language model whose layers come from an architecture search with nas "
       << facts.version << ".\n\n";
  add_search(text, facts);
  if (facts.seed > 0) {
    add_training_result(text, facts);
  } else {
    add_result(text, facts);
  }
  add_model(text, model);
  text << kUse;
  add_limits(text, spec, facts);
  text << "## Configuration\n\n```json\n" << facts.config->dump(2) << "\n```\n";
  return text.str();
}

}  // namespace nas::exporting
