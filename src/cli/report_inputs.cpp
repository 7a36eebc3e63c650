#include "report_inputs.hpp"

#include <filesystem>
#include <nlohmann/json.hpp>

#include "command.hpp"
#include "nas/core/error.hpp"
#include "nas/core/files.hpp"
#include "nas/core/log.hpp"
#include "nas/run/hurdles.hpp"

namespace nas::cli {
namespace {

namespace fs = std::filesystem;

fs::path installed_chart_library() {
  std::error_code ignored;
  const fs::path program = fs::read_symlink("/proc/self/exe", ignored);
  return (program.parent_path() / ".." / "share" / "nas" / "vega.js").lexically_normal();
}

report::StudyFacts facts_of(const std::string& folder) {
  const store::Study study = store::Study::open(folder, store::Study::Access::kRead);
  const auto verification = run::verification_of(study);  // first: its trials are among the facts
  report::StudyFacts facts = report::read_facts(study);
  if (verification) facts.verification = verification_to_json(*verification);
  try {
    const JsonPositions positions(folder + "/study.db");
    config::RunConfig config = config::config_from_json(facts.config, positions);
    const run::Plan plan = run::make_plan(config, positions);
    facts.space = plan.space;
    facts.hurdles = config.training.hurdles.count;
    facts.trials = run::trials_with_hurdles(plan, study);
  } catch (const Error& error) {
    log_warning("the report of " + folder +
                " lacks what follows from its configuration: " + error.what());
  }
  return facts;
}

}  // namespace

Json report_of(const std::string& folder) {
  const report::StudyFacts facts = facts_of(folder);
  const report::Drawing drawing = report::draw_winner(facts);
  if (drawing.svg.empty()) {
    log_warning("the winner of " + folder + " is not drawn: " + drawing.missing);
  }
  return report::study_report(facts, drawing);
}

std::string read_chart_library(const std::string& given) {
  const std::string path = given.empty() ? installed_chart_library().string() : given;
  if (given.empty() && !fs::exists(path)) {
    log_warning("the report has no charts: there is no chart library at " + path +
                " (scripts/setup makes it; or give --chart-library FILE)");
    return "";
  }
  std::string library = read_file(path);
  if (library.find("vegaEmbed") == std::string::npos) {
    throw Error(ErrorKind::kUsage,
                path +
                    " is no chart library: it must be a JavaScript bundle that sets "
                    "window.vegaEmbed, such as vl_convert.javascript_bundle() gives");
  }
  return library;
}

void add_page_options(Verb& verb, PageOptions& options, const std::string& default_output) {
  verb.option("--output", options.output, "file to write; otherwise " + default_output);
  verb.option("--chart-library", options.chart_library,
              "JavaScript bundle of Vega-Embed to put in the page; otherwise the one that "
              "came with this program")
      .environment("NAS_CHART_LIBRARY");
}

}  // namespace nas::cli
