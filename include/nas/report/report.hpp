#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "nas/core/json.hpp"
#include "nas/space/trial.hpp"
#include "nas/store/study.hpp"

/// A study as one HTML file that needs nothing else: data and code are in it, nothing is fetched.
/// docs/report.md says what each part shows.
namespace nas::report {

using space::Objective;

/// What a report is made from.
struct StudyFacts {
  std::string folder;
  std::string name;
  std::vector<Objective> objectives;  ///< at least one; the first is a trial's value
  std::uint64_t seed = 0;             ///< the study's; keys the resampling of statistics
  JsonValue config;                   ///< resolved
  JsonValue environment;
  std::vector<space::Trial> trials;             ///< in order of number
  std::vector<std::string> breaks;              ///< in the guarantee of the same answer
  std::map<std::string, std::int64_t> redrawn;  ///< proposals thrown away, by reason
  bool finished = false;

  // What follows from the configuration and is known by higher modules.
  std::shared_ptr<const space::Space> space;  ///< null: parts are named by their places
  std::int64_t hurdles = 0;                   ///< of each training
  /// Null, or as `nas best --format json` prints it: roles with their values, verdict, interval.
  JsonValue verification;
};

/// Reads what a study stores; the caller adds what follows from its configuration. Throws what
/// Study's reads throw.
[[nodiscard]] StudyFacts read_facts(const store::Study& study);

/// A picture, or why there is none.
struct Drawing {
  std::string svg;
  std::string missing;
};

/// The winner's programs drawn by Graphviz; nodes that the first ancestor's programs do not have
/// are marked. `dot` is a path or a name that PATH finds.
[[nodiscard]] Drawing draw_winner(const StudyFacts& facts, const std::string& dot = "dot");

/// All that a report shows of a study, computed. Numbers that are not finite are null.
[[nodiscard]] Json study_report(const StudyFacts& facts, const Drawing& drawing);

/// Several studies side by side: what study_report() made of each with a label, and the keys of
/// configuration and environment that differ.
[[nodiscard]] Json comparison_report(std::vector<Json> studies);

/// Which page shows a document.
enum class Page { kStudy, kComparison };

/// The whole HTML file. `chart_library` is the text of the JavaScript bundle of Vega, Vega-Lite and
/// Vega-Embed; when empty the page shows everything but charts, and says so.
[[nodiscard]] std::string html_page(Page page, const std::string& title, const Json& document,
                                    const std::string& chart_library);

}  // namespace nas::report
