#include "export_text.hpp"

#include <sstream>

#include "nas/core/units.hpp"

namespace nas::cli {
namespace {

std::string sizes_text(std::int64_t comparisons) {
  return " at " + std::to_string(comparisons) + " sizes";
}

std::string text_of(const run::TrainedWeights& weights,
                    const exporting::TorchscriptReport& report) {
  std::ostringstream text;
  text << "exported  " << weights.name << " to " << report.path << " ("
       << format_bytes(static_cast<double>(report.bytes)) << "); loaded back, logits agree to "
       << format_significant(report.largest_difference, 2) << " of the largest"
       << sizes_text(report.comparisons) << "\n";
  return text.str();
}

std::string python_text(const exporting::PythonReport& python, std::int64_t comparisons) {
  if (!python.not_run.empty()) {
    return "not done  modeling_nas.py was not run: " + python.not_run + "\n";
  }
  std::ostringstream text;
  text << "compared  modeling_nas.py under torch " << python.torch
       << (python.transformers.empty() ? "" : " and transformers " + python.transformers)
       << ": logits agree to " << format_significant(python.largest_difference, 2)
       << " of the largest" << sizes_text(comparisons) << "\n";
  if (python.transformers.empty()) {
    text << "not done  loading by transformers, and its tokenizer: " << python.python
         << " has no transformers; --python names another\n";
  } else if (!python.tokenizer_not_run.empty()) {
    text << "not done  the tokenizer in transformers: " << python.tokenizer_not_run << "\n";
  } else {
    text << "compared  the tokenizer in transformers: ids and text of a sample are equal\n";
  }
  return text.str();
}

std::string text_of(const run::TrainedWeights& weights, const exporting::HfReport& report) {
  std::ostringstream text;
  text << "exported  " << weights.name << " to " << report.folder << " ("
       << format_bytes(static_cast<double>(report.bytes)) << ")\n"
       << "compared  read back by nas: weights " << report.weights_hash
       << ", architecture and tokenizer are equal, logits bit for bit"
       << sizes_text(report.comparisons) << "\n"
       << python_text(report.python, report.comparisons);
  return text.str();
}

}  // namespace

std::string export_text(const run::TrainedWeights& weights, const exporting::ExportReport& report) {
  return std::visit([&weights](const auto& of_kind) { return text_of(weights, of_kind); }, report);
}

std::string loss_text(const exporting::ValidationLoss& loss) {
  return "loss      " + format_significant(loss.nats, 9) + " nats/token, " +
         format_significant(loss.bits_per_byte, 9) + " bits/byte over " +
         std::to_string(loss.windows) + " validation windows (fp32)\n";
}

std::string usage_text(const run::TrainedWeights& weights, const exporting::ExportReport& report) {
  if (const auto* folder = std::get_if<exporting::HfReport>(&report)) {
    return "use       AutoModelForCausalLM.from_pretrained(\"" + folder->folder +
           "\", trust_remote_code=True), or with torch alone load_model() of its "
           "modeling_nas.py\n";
  }
  return "use       torch.jit.load(\"" + std::get<exporting::TorchscriptReport>(report).path +
         "\")(tokens)   tokens: [batch, seq] int64 -> logits [batch, seq, " +
         std::to_string(weights.architecture.model.vocab_size) + "]\n";
}

}  // namespace nas::cli
