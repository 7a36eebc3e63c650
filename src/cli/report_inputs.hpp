#pragma once

#include <string>

#include "nas/report/report.hpp"
#include "verb.hpp"

namespace nas::cli {

/// The report of the study in a folder, with the winner drawn. A configuration that this program
/// cannot read any more costs the names of choices and hurdles, with a warning, not the report; so
/// does a missing `dot` the drawing.
[[nodiscard]] Json report_of(const std::string& folder);

/// The text of the chart library: of the file given, else of share/nas/vega.js beside the program.
/// Empty, with a warning, when that is not there. Throws Error(kIo) when the given one cannot be
/// read, Error(kUsage) when it is something else.
[[nodiscard]] std::string read_chart_library(const std::string& given);

/// What the two verbs that write pages share.
struct PageOptions {
  std::string output;
  std::string chart_library;
};
void add_page_options(Verb& verb, PageOptions& options, const std::string& default_output);

}  // namespace nas::cli
