#include <nlohmann/json.hpp>

#include "nas/core/error.hpp"
#include "nas/space/space.hpp"
#include "nas/space/text.hpp"

namespace nas::space {
namespace {

/// The lines of a text as a JSON array.
Json lines_of(const std::string& text) {
  Json lines = Json::array();
  std::size_t begin = 0;
  while (begin < text.size()) {
    const std::size_t end = text.find('\n', begin);
    lines.push_back(text.substr(begin, end - begin));
    begin = end + 1;
  }
  return lines;
}

}  // namespace

std::string text_of_lines(const Json& json) {
  if (json.is_string()) return json.get<std::string>();
  std::string text;
  if (!json.is_array()) return text;
  for (const Json& line : json) text += (line.is_string() ? line.get<std::string>() : "") + "\n";
  return text;
}

Json genotype_to_json(const Sample& sample, std::size_t slot) {
  if (sample.dnas[slot].subprograms.empty()) return to_json(sample.programs[slot]);
  return lines_of(to_text(sample.dnas[slot]));
}

void add_genotype(const Json& json, const std::string& where, Sample& sample) {
  const std::string text = text_of_lines(json);
  if (!is_dna_text(text)) {
    sample.programs.push_back(program_from_json(json, where));
    sample.dnas.emplace_back();
    return;
  }
  sample.dnas.push_back(dna_from_text(text, where));
  const std::optional<Program> program = lower(sample.dnas.back());
  if (!program) throw Error(ErrorKind::kConfig, where + ": the DNA lowers to too many nodes");
  sample.programs.push_back(*program);
}

}  // namespace nas::space
