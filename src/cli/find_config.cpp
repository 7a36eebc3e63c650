#include <unistd.h>

#include <climits>
#include <filesystem>

#include "command.hpp"
#include "nas/core/error.hpp"

namespace nas::cli {
namespace {

namespace fs = std::filesystem;

/// Folder of the running program.
fs::path program_folder() {
  std::error_code ignored;
  const fs::path program = fs::read_symlink("/proc/self/exe", ignored);
  return program.parent_path();
}

/// Where shipped configurations may be: beside an installed program, or in the source tree above
/// build/<preset>/bin.
std::vector<fs::path> config_folders() {
  const fs::path folder = program_folder();
  return {folder / ".." / "share" / "nas" / "configs", folder / ".." / ".." / ".." / "configs"};
}

}  // namespace

std::string find_config(const std::string& given) {
  if (fs::exists(given)) return given;
  std::string known;
  if (given.find('/') == std::string::npos) {
    for (const fs::path& folder : config_folders()) {
      if (fs::exists(folder / given)) return fs::canonical(folder / given).string();
      std::error_code ignored;
      for (const auto& entry : fs::directory_iterator(folder, ignored)) {
        known += (known.empty() ? "" : ", ") + entry.path().filename().string();
      }
    }
  }
  throw Error(ErrorKind::kUsage, "there is no configuration " + given +
                                     (known.empty() ? "" : " (shipped ones: " + known + ")"));
}

}  // namespace nas::cli
