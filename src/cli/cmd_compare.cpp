#include <iostream>
#include <nlohmann/json.hpp>

#include "command.hpp"
#include "nas/core/files.hpp"
#include "report_inputs.hpp"

namespace nas::cli {
namespace {

int write_comparison(const std::vector<std::string>& folders, const PageOptions& options) {
  const std::string library = read_chart_library(options.chart_library);
  std::vector<Json> studies;
  studies.reserve(folders.size());
  for (const std::string& folder : folders) studies.push_back(report_of(folder));
  const std::string output = options.output.empty() ? "comparison.html" : options.output;
  write_file_atomically(output,
                        report::html_page(report::Page::kComparison, "Comparison - nas report",
                                          report::comparison_report(std::move(studies)), library));
  std::cout << output << "\n";
  return 0;
}

}  // namespace

void add_compare(CLI::App& program, Action& action) {
  struct Options {
    std::vector<std::string> studies;
    PageOptions page;
  };
  auto options = std::make_shared<Options>();
  Verb verb(program, "compare",
            "one HTML file about several studies: best values, winners, differences");
  verb.option("studies", options->studies, "folders of two studies or more")
      .required()
      .count(2, 1000);
  add_page_options(verb, options->page, "comparison.html in this folder");
  verb.callback([options, &action] {
    action = [options] { return write_comparison(options->studies, options->page); };
  });
}

}  // namespace nas::cli
