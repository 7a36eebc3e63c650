#include <algorithm>
#include <nlohmann/json.hpp>
#include <string_view>

#include "nas/core/error.hpp"
#include "nas/report/report.hpp"
#include "report/assets.hpp"

namespace nas::report {
namespace {

std::string replaced(std::string text, std::string_view from, std::string_view to) {
  for (std::size_t at = 0; (at = text.find(from, at)) != std::string::npos; at += to.size()) {
    text.replace(at, from.size(), to);
  }
  return text;
}

std::string html_text(std::string text) {
  text = replaced(std::move(text), "&", "&amp;");
  text = replaced(std::move(text), "<", "&lt;");
  return replaced(std::move(text), ">", "&gt;");
}

/// JSON that may stand in a script element: whatever a study's texts hold, no tag or comment can
/// begin in it. Bytes that are no UTF-8 become U+FFFD.
std::string script_json(const Json& document) {
  std::string text = document.dump(-1, ' ', false, Json::error_handler_t::replace);
  text = replaced(std::move(text), "<", "\\u003c");
  text = replaced(std::move(text), ">", "\\u003e");
  return replaced(std::move(text), "&", "\\u0026");
}

/// Code that may stand in a script element: "</script" and "<!--" can only be in its literals.
std::string script_code(std::string code) {
  code = replaced(std::move(code), "</script", "<\\/script");
  return replaced(std::move(code), "<!--", "<\\!--");
}

/// The template with each {{name}} replaced by a text, which is not looked at again.
std::string filled(std::string_view page,
                   const std::vector<std::pair<std::string_view, std::string>>& texts) {
  std::string out;
  for (std::size_t at = 0;;) {
    const std::size_t open = page.find("{{", at);
    out += page.substr(at, open == std::string_view::npos ? open : open - at);
    if (open == std::string_view::npos) return out;
    const std::size_t close = page.find("}}", open);
    NAS_ASSERT(close != std::string_view::npos);
    const std::string_view name = page.substr(open + 2, close - open - 2);
    const auto found = std::find_if(texts.begin(), texts.end(),
                                    [&](const auto& entry) { return entry.first == name; });
    NAS_ASSERT(found != texts.end());
    out += found->second;
    at = close + 2;
  }
}

}  // namespace

std::string html_page(Page page, const std::string& title, const Json& document,
                      const std::string& chart_library) {
  std::string code;
  for (const std::string_view part : assets::kScripts) code += std::string(part) + "\n";
  code +=
      page == Page::kStudy ? "showStudy(reportDocument());" : "showComparison(reportDocument());";
  // The bundle's own names stay its own; what it offers it puts on `window`.
  const std::string library =
      chart_library.empty() ? "" : "(() => {" + script_code(chart_library) + "\n})();";
  return filled(assets::kPage,
                {{"title", html_text(title)},
                 {"style", std::string(assets::kStyle)},
                 {"library", library},
                 {"document", script_json(document)},
                 {"code", "(() => {\"use strict\";\n" + script_code(code) + "\n})();"}});
}

}  // namespace nas::report
