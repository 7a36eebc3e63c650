#include "export/export_folder.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <string_view>
#include <system_error>
#include <vector>

#include "nas/core/error.hpp"
#include "nas/core/files.hpp"
#include "nas/export/language_model.hpp"

namespace nas::exporting {

namespace {

namespace fs = std::filesystem;

/// What an export may hold: its own files, and what its scripts and Python leave beside them.
constexpr std::array<std::string_view, 12> kOwnNames = {
    "README.md",           "__pycache__",       "config.json",
    "export_onnx.py",      "model.onnx",        "generation_config.json",
    "model.pt2",           "model.safetensors", "modeling_nas.py",
    "tokenization_nas.py", "tokenizer.model",   "tokenizer_config.json"};

Error io_error(const std::string& action, const std::string& path, int reason) {
  return {ErrorKind::kIo,
          "cannot " + action + " " + path + ": " + std::generic_category().message(reason)};
}

void require_replaceable(const std::string& place) {
  std::error_code error;
  const fs::file_status status = fs::status(place, error);
  if (status.type() == fs::file_type::not_found) return;
  if (status.type() == fs::file_type::none) throw io_error("look at", place, error.value());
  if (!fs::is_directory(status)) {
    throw Error(ErrorKind::kUsage, place + " is there and no folder; --output names a folder");
  }
  fs::directory_iterator entries(place, error);
  if (error) throw io_error("look into", place, error.value());
  if (entries == fs::directory_iterator()) return;
  if (!is_hf_folder(place)) {
    throw Error(ErrorKind::kUsage, place +
                                       " is not empty and no export of nas; it is left as it "
                                       "is, choose another folder");
  }
  const auto foreign =
      std::find_if(fs::begin(entries), fs::end(entries), [](const fs::directory_entry& entry) {
        const std::string name = entry.path().filename().string();
        return std::find(kOwnNames.begin(), kOwnNames.end(), name) == kOwnNames.end();
      });
  if (foreign != fs::end(entries)) {
    const std::string name = foreign->path().filename().string();
    throw Error(ErrorKind::kUsage, place + " is an export of nas, but also holds \"" + name +
                                       "\", which a new export would remove; move it, or choose "
                                       "another folder");
  }
}

/// A new folder beside `place`, with the permissions that a folder usually gets.
std::string make_temporary(const std::string& place) {
  const std::string parent = fs::path(place).parent_path().string();
  if (!parent.empty()) make_folders(parent);
  std::string name = place + ".tmp-XXXXXX";
  if (::mkdtemp(name.data()) == nullptr) throw io_error("make a folder for", place, errno);
  const mode_t mask = ::umask(0);
  ::umask(mask);
  ::chmod(name.c_str(), 0777 & ~mask);
  return name;
}

std::string without_last_slash(std::string path) {
  while (path.size() > 1 && path.back() == '/') path.pop_back();
  return path;
}

}  // namespace

ExportFolder::ExportFolder(const std::string& place) : place_(without_last_slash(place)) {
  require_replaceable(place_);
  temporary_ = make_temporary(place_);
}

ExportFolder::~ExportFolder() {
  std::error_code ignored;
  fs::remove_all(temporary_, ignored);
}

void ExportFolder::publish() {
  sync_folder(temporary_);
  durable_operation("rename to " + place_);
  // Exchanged, so that a folder stands there at every moment; what stood there has the temporary
  // name then, and goes with it.
  const char* from = temporary_.c_str();
  const bool is_exchanged =
      ::renameat2(AT_FDCWD, from, AT_FDCWD, place_.c_str(), RENAME_EXCHANGE) == 0;
  const int reason = is_exchanged ? 0 : errno;
  if (!is_exchanged) {
    const bool can_exchange = reason != EINVAL && reason != ENOSYS;
    if (can_exchange && reason != ENOENT) throw io_error("write", place_, reason);
    std::error_code ignored;  // what is in the way makes the rename fail
    if (!can_exchange) fs::remove_all(place_, ignored);
    if (::rename(from, place_.c_str()) != 0) throw io_error("write", place_, errno);
  }
  const std::string parent = fs::path(place_).parent_path().string();
  sync_folder(parent.empty() ? "." : parent);
}

}  // namespace nas::exporting
