#include "nas/core/lock_holder.hpp"

#include <sys/stat.h>
#include <sys/sysmacros.h>

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <system_error>

namespace nas {
namespace {

namespace fs = std::filesystem;

/// Whether a process has this file open; unknown when this user may not see.
LockHolder::State has_open(std::int64_t process, const fs::path& file) {
  std::error_code error;
  const fs::path folder = "/proc/" + std::to_string(process) + "/fd";
  for (fs::directory_iterator entry(folder, error), end; !error && entry != end;
       entry.increment(error)) {
    std::error_code ignored;
    if (fs::read_symlink(entry->path(), ignored) == file) return LockHolder::State::kHeld;
  }
  return error ? LockHolder::State::kUnknown : LockHolder::State::kNobody;
}

}  // namespace

LockHolder lock_holder(const std::string& path) {
  struct stat status {};
  if (::stat(path.c_str(), &status) != 0) return {};
  const std::string inode = ":" + std::to_string(status.st_ino);
  char device[32];
  std::snprintf(device, sizeof device, "%02x:%02x", major(status.st_dev), minor(status.st_dev));
  std::error_code ignored;
  const fs::path file = fs::canonical(path, ignored);
  std::ifstream locks("/proc/locks");
  LockHolder found;
  if (!locks) found.state = LockHolder::State::kUnknown;
  // number: FLOCK ADVISORY WRITE pid major:minor:inode start end; "->" marks one who waits.
  for (std::string line; std::getline(locks, line);) {
    std::istringstream words(line);
    std::string number, kind, mode, access, where;
    std::int64_t process = 0;
    words >> number >> kind >> mode >> access >> process >> where;
    if (kind != "FLOCK" || !where.ends_with(inode)) continue;
    // Overlays and Btrfs show a file on another device than the table does.
    const LockHolder::State state =
        where == device + inode ? LockHolder::State::kHeld : has_open(process, file);
    if (state == LockHolder::State::kHeld) return {state, process};
    if (state == LockHolder::State::kUnknown) found.state = state;
  }
  return found;
}

}  // namespace nas
