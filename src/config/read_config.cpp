#include <filesystem>
#include <nlohmann/json.hpp>
#include <system_error>

#include "config/allowed.hpp"
#include "nas/config/run_config.hpp"
#include "nas/core/error.hpp"

namespace nas::config {
namespace {

namespace fs = std::filesystem;

/// "runs/my primer.json" -> "my_primer": a study's name may hold fewer characters than a file's.
std::string name_from(const std::string& path) {
  std::string name = fs::path(path).stem().string().substr(0, 100);
  for (char& c : name) {
    const bool allowed = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                         (c >= '0' && c <= '9') || c == '.' || c == '-';
    if (!allowed) c = '_';
  }
  if (name.empty() || name[0] == '.' || name[0] == '-') name.insert(0, "_");
  return name.substr(0, 100);
}

/// Makes the paths of a configuration absolute and notes those that lead nowhere.
class PathResolver {
 public:
  PathResolver(const std::string& config_path, const JsonPositions& positions)
      : positions_(positions) {
    std::error_code ignored;
    own_folder_ = fs::absolute(config_path, ignored).parent_path();
    working_folder_ = fs::current_path(ignored);
  }

  void resolve(std::string& path, const std::string& pointer, const char* what) {
    std::error_code ignored;
    for (const fs::path& folder : {working_folder_, own_folder_}) {
      const fs::path candidate = (folder / path).lexically_normal();
      if (!path.empty() && fs::exists(candidate, ignored)) {
        path = candidate.string();
        return;
      }
    }
    std::string why = std::string("there is no such ") + what;
    if (!fs::path(path).is_absolute()) {
      why += " in " + working_folder_.string();
      if (own_folder_ != working_folder_) why += " or " + own_folder_.string();
    }
    refuse(pointer, shown(path), why);
  }

  void refuse(const std::string& pointer, const std::string& value, const std::string& why) {
    errors_ += (errors_.empty() ? "" : "\n") + dotted_key(pointer) + " = " + value + " (" +
               positions_.describe(pointer) + "): " + why;
  }

  /// Throws Error(kConfig) when a path led nowhere.
  void finish() const {
    if (!errors_.empty()) throw Error(ErrorKind::kConfig, errors_);
  }

 private:
  const JsonPositions& positions_;
  fs::path own_folder_;
  fs::path working_folder_;
  std::string errors_;
};

}  // namespace

RunConfig read_config(const std::string& path, const std::vector<std::string>& overrides,
                      JsonPositions* positions) {
  JsonPositions own_positions;
  JsonPositions& at = positions != nullptr ? *positions : own_positions;
  Json json;
  try {
    json = read_json(path, at);
  } catch (const Error& error) {
    // A file that is not there is a mistake of the command line, not of the machine.
    throw Error(ErrorKind::kConfig, error.what());
  }
  if (json.is_object()) {
    for (const std::string& text : overrides) apply_override(json, at, text);
    if (!json.contains("name")) json["name"] = name_from(path);
  }
  RunConfig config = config_from_json(json, at);

  PathResolver resolver(path, at);
  if (config.data.corpus != "python") {
    resolver.resolve(config.data.corpus, "/data/corpus", "file or folder");
  }
  Json& enqueued = config.search.enqueue;
  for (std::size_t i = 0; i < enqueued.size(); ++i) {
    if (enqueued[i].is_object()) continue;
    const std::string pointer = "/search/enqueue/" + std::to_string(i);
    if (enqueued[i].is_string()) {
      auto path_text = enqueued[i].get<std::string>();
      resolver.resolve(path_text, pointer, "file");
      enqueued[i] = path_text;
    } else {
      resolver.refuse(pointer, enqueued[i].dump(), "must be a path or an object");
    }
  }
  resolver.finish();
  return config;
}

}  // namespace nas::config
