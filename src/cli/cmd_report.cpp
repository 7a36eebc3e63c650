#include <iostream>
#include <nlohmann/json.hpp>

#include "command.hpp"
#include "nas/core/files.hpp"
#include "report_inputs.hpp"

namespace nas::cli {
namespace {

int write_report(const std::string& folder, const PageOptions& options) {
  const std::string library = read_chart_library(options.chart_library);
  const Json document = report_of(folder);
  const auto name = document.at("study").at("name").get<std::string>();
  const std::string output = options.output.empty() ? folder + "/report.html" : options.output;
  write_file_atomically(
      output, report::html_page(report::Page::kStudy, name + " - nas report", document, library));
  std::cout << output << "\n";
  return 0;
}

}  // namespace

void add_report(CLI::App& program, Action& action) {
  struct Options {
    std::string study;
    PageOptions page;
  };
  auto options = std::make_shared<Options>();
  Verb verb(program, "report",
            "one HTML file about a study that opens offline; the study may be running");
  verb.option("study", options->study, "folder of the study").required();
  add_page_options(verb, options->page, "the study's report.html");
  verb.callback([options, &action] {
    action = [options] { return write_report(options->study, options->page); };
  });
}

}  // namespace nas::cli
