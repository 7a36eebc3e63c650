#include "export/folder_check.hpp"

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include <filesystem>
#include <nlohmann/json.hpp>

#include "export/comparison.hpp"
#include "export/python_files.hpp"
#include "nas/core/child_program.hpp"
#include "nas/core/error.hpp"
#include "nas/core/units.hpp"
#include "nas/nn/safetensors.hpp"

namespace nas::exporting {

namespace {

constexpr double kTolerance = 1e-5;

/// By file, as numbers: float32 holds a token's number exactly up to 2^24.
at::Tensor as_floats(const std::vector<double>& values) { return at::tensor(values, at::kFloat); }

/// What the check reads; removed with it.
class CasesFile {
 public:
  CasesFile(const std::string& folder, const nn::Model& plain, const ExportFacts& facts)
      : path_(folder + ".cases") {
    const at::NoGradGuard no_grad;
    std::vector<nn::NamedTensor> tensors;
    const auto all = comparison_tokens(plain.architecture().model);
    for (std::size_t i = 0; i < all.size(); ++i) {
      tensors.push_back({"tokens." + std::to_string(i), all[i].to(at::kFloat)});
      tensors.push_back({"logits." + std::to_string(i), plain.forward(all[i])});
    }
    std::vector<double> text;
    for (const char c : facts.sample_text) text.push_back(static_cast<unsigned char>(c));
    tensors.push_back({"sample.text", as_floats(text)});
    tensors.push_back(
        {"sample.ids", as_floats({facts.sample_ids.begin(), facts.sample_ids.end()})});
    nn::write_safetensors(path_, tensors, {});
  }
  ~CasesFile() {
    std::error_code ignored;
    std::filesystem::remove(path_, ignored);
  }
  CasesFile(const CasesFile&) = delete;
  CasesFile& operator=(const CasesFile&) = delete;
  [[nodiscard]] const std::string& path() const { return path_; }

 private:
  std::string path_;
};

/// A user who asked for this Python is told that it does not run.
ProgramResult run_python(const std::string& python, bool is_asked_for,
                         const std::vector<std::string>& arguments) {
  std::vector<std::string> command{python};
  command.insert(command.end(), arguments.begin(), arguments.end());
  try {
    return run_program(command, "");
  } catch (const Error& error) {
    if (!is_asked_for) throw;
    throw Error(ErrorKind::kUsage, "--python " + python + ": " + error.what());
  }
}

[[noreturn]] void refuse(const PythonReport& report, const std::string& what) {
  throw Error(ErrorKind::kInternal,
              "the exported Python is not the model: " + what + " (run by " + report.python + ")");
}

/// The JSON object that ends the output, after what libraries may have printed.
Json last_object(const ProgramResult& result) {
  std::string text = result.output;
  while (!text.empty() && text.back() == '\n') text.pop_back();
  const std::size_t begin = text.rfind('\n');
  return Json::parse(begin == std::string::npos ? text : text.substr(begin + 1), nullptr, false);
}

void require_small(const PythonReport& report, double difference, const std::string& what) {
  if (difference <= kTolerance) return;
  refuse(report, "logits of " + what + " differ by " + format_significant(difference, 3) +
                     " of the largest (allowed " + format_significant(kTolerance, 1) + ")");
}

void judge(const Json& found, PythonReport& report) {
  report.torch = found.value("torch", "");
  report.transformers = found.value("transformers", "");
  report.largest_difference = found.value("difference", 1.0);
  require_small(report, report.largest_difference, "modeling_nas.py");
  if (report.transformers.empty()) {
    report.tokenizer_not_run = "transformers is not there";
    return;
  }
  const double difference = found.value("transformers_difference", 1.0);
  require_small(report, difference, "AutoModelForCausalLM");
  report.largest_difference = std::max(report.largest_difference, difference);
  report.tokenizer_not_run = found.value("tokenizer_missing", "");
  if (const std::string fault = found.value("tokenizer", ""); !fault.empty()) {
    refuse(report, fault);
  }
}

}  // namespace

PythonReport check_folder(const std::string& folder, const nn::Model& plain,
                          const ExportFacts& facts, const std::string& python) {
  PythonReport report;
  report.python = python.empty() ? NAS_BUILD_PYTHON : python;
  if (python.empty() && !std::filesystem::exists(report.python)) {
    report.not_run =
        report.python + ", the Python of the build, is not there; --python names another";
    return report;
  }
  const CasesFile cases(folder, plain, facts);
  const ProgramResult result =
      run_python(report.python, !python.empty(),
                 {"-c", std::string(python_files::kCheckFolder), folder, cases.path()});
  const Json found = last_object(result);
  if (result.exit_code != 0 || !found.is_object()) {
    refuse(report,
           "it ended with exit code " + std::to_string(result.exit_code) + "\n" + result.errors);
  }
  if (const std::string missing = found.value("missing", ""); !missing.empty()) {
    if (!python.empty()) {
      throw Error(ErrorKind::kUsage, "--python " + python + ": " + missing);
    }
    report.not_run = report.python + ": " + missing;
    return report;
  }
  judge(found, report);
  return report;
}

}  // namespace nas::exporting
