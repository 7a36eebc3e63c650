#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>
#include <nlohmann/json.hpp>

#include "example_facts.hpp"

namespace nas::report {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

constexpr const char* kHostile = "</script><script>alert(1)</script><!-- {{code}} & \"'\n\\";

std::size_t count_of(const std::string& text, const std::string& part) {
  std::size_t count = 0;
  for (std::size_t at = 0; (at = text.find(part, at)) != std::string::npos; ++at) ++count;
  return count;
}

/// The document that a browser would read out of the page.
Json embedded(const std::string& page) {
  const std::string open = "<script id=\"document\" type=\"application/json\">";
  const std::size_t begin = page.find(open) + open.size();
  return Json::parse(page.substr(begin, page.find("</script>", begin) - begin));
}

std::string page_of(const StudyFacts& facts, const std::string& library = "") {
  return html_page(Page::kStudy, facts.name, study_report(facts, {}), library);
}

TEST(HtmlPage, HostileTextsStayTexts) {
  StudyFacts facts = testing::example_facts();
  const std::size_t harmless = count_of(page_of(facts), "<script");
  facts.name = kHostile;
  facts.folder = kHostile;
  facts.config = Json{{"name", kHostile}, {kHostile, 1}};
  facts.breaks = {kHostile};
  testing::add_ended(facts, space::TrialState::kFail, kHostile, kHostile).candidate.origin =
      kHostile;
  const std::string page = page_of(facts);
  EXPECT_EQ(count_of(page, "<script"), harmless);
  EXPECT_EQ(count_of(page, "</script"), harmless);
  EXPECT_THAT(page, Not(HasSubstr("<script>alert")));
  const Json document = embedded(page);
  EXPECT_EQ(document.at("study").at("name"), kHostile);
  EXPECT_EQ(document.at("outcomes").at("rows").at(0).at("examples").at(0).at("detail"), kHostile);
  EXPECT_EQ(document.at("breaks").at(0), kHostile);
}

TEST(HtmlPage, BytesThatAreNoUtf8DoNotBreakIt) {
  StudyFacts facts = testing::example_facts();
  testing::add_ended(facts, space::TrialState::kFail, "nan", "bad \xff byte");
  EXPECT_EQ(
      embedded(page_of(facts)).at("outcomes").at("rows").at(0).at("examples").at(0).at("detail"),
      "bad \xEF\xBF\xBD byte");
}

TEST(HtmlPage, NumbersThatJsonHasNotAreNull) {
  StudyFacts facts = testing::example_facts();
  space::Trial& trial = testing::add_trial(facts, 2.0);
  trial.outcome.scores = {testing::score_of("a", std::numeric_limits<double>::infinity())};
  trial.outcome.seconds = std::numeric_limits<double>::quiet_NaN();
  trial.outcome.intermediate = {{1, std::numeric_limits<double>::quiet_NaN()}};
  const Json document = embedded(page_of(facts));
  EXPECT_TRUE(document.at("trials").at("scores").at("a").at("values").at(0).is_null());
  EXPECT_TRUE(document.at("trials").at("seconds").at(0).is_null());
  EXPECT_TRUE(document.at("curves").at(0).at("points").at(0).at(1).is_null());
}

TEST(HtmlPage, HoldsTheChartLibraryWithoutEndingItsScript) {
  const StudyFacts facts = testing::example_facts();
  const std::string page = page_of(facts, "window.vegaEmbed = '</script><!--';");
  EXPECT_EQ(count_of(page, "</script"), count_of(page_of(facts), "</script"));
  EXPECT_THAT(page, HasSubstr("window.vegaEmbed = '<\\/script><\\!--'"));
}

TEST(HtmlPage, RefersToNothingOutside) {
  StudyFacts facts = testing::example_facts();
  testing::add_trial(facts, 2.0);
  const std::string page = page_of(facts);
  for (const char* reference : {"http://", "https://", "src=", "@import", "url("}) {
    EXPECT_THAT(page, Not(HasSubstr(reference)));
  }
  EXPECT_THAT(page, HasSubstr("default-src 'none'"));
}

TEST(HtmlPage, OfAStudyWithoutTrialsIsWhole) {
  const Json document = embedded(page_of(testing::example_facts()));
  EXPECT_TRUE(document.at("winner").is_null());
  EXPECT_EQ(document.at("study").at("trials"), 0);
}

}  // namespace
}  // namespace nas::report
