#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>

#include <array>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <system_error>

#include "nas/core/files.hpp"

namespace nas {
namespace {

struct Magic {
  std::uint32_t number;
  const char* name;
};

/// statfs(2) magic numbers of file systems whose locks or shared memory do not reach across hosts.
constexpr std::array<Magic, 11> kNetworkFileSystems{{
    {0x00006969U, "nfs"},
    {0x0000517BU, "smb"},
    {0xFF534D42U, "cifs"},
    {0xFE534D42U, "smb2"},
    {0x0BD00BD0U, "lustre"},
    {0x47504653U, "gpfs"},
    {0x00C36400U, "ceph"},
    {0x5346414FU, "afs"},
    {0x6B414653U, "afs"},
    {0x01021997U, "9p"},
    {0x19830326U, "beegfs"},
}};

constexpr std::uint32_t kFuse = 0x65735546U;

/// FUSE file systems of other hosts, as the table of mounts calls them behind "fuse.". One magic
/// number stands for them and for local ones (ntfs-3g, encfs, fuse-overlayfs) alike.
constexpr std::array<const char*, 12> kRemoteFuse{"sshfs",  "glusterfs", "gcsfuse", "s3fs",
                                                  "goofys", "rclone",    "ceph",    "ceph-fuse",
                                                  "cvmfs2", "juicefs",   "JuiceFS", "davfs"};

/// "fuse.sshfs" for a path on such a mount; empty for a local one.
std::string remote_fuse(const std::filesystem::path& path) {
  struct stat status {};
  if (::stat(path.c_str(), &status) != 0) return "";
  const std::string device =
      std::to_string(major(status.st_dev)) + ":" + std::to_string(minor(status.st_dev));
  std::ifstream mounts("/proc/self/mountinfo");
  // ID parent major:minor root mount-point options [optional...] - type source super-options
  for (std::string line; std::getline(mounts, line);) {
    std::istringstream words(line);
    std::string word;
    words >> word >> word >> word;
    if (word != device) continue;
    while (words >> word && word != "-") continue;
    words >> word;
    for (const char* remote : kRemoteFuse) {
      if (word == std::string("fuse.") + remote) return word;
    }
  }
  return "";
}

}  // namespace

std::string network_file_system(const std::string& path) {
  if (const char* injected = std::getenv("NAS_TEST_FILE_SYSTEM")) return injected;
  std::error_code ignored;
  std::filesystem::path probe = std::filesystem::absolute(path, ignored);
  struct statfs status {};
  // A path that is not there yet lies where its nearest existing parent lies.
  while (::statfs(probe.c_str(), &status) != 0) {
    if (!probe.has_relative_path()) return "";
    probe = probe.parent_path();
  }
  const std::uint32_t type = static_cast<std::uint32_t>(status.f_type);
  if (type == kFuse) return remote_fuse(probe);
  for (const Magic& magic : kNetworkFileSystems) {
    if (magic.number == type) return magic.name;
  }
  return "";
}

}  // namespace nas
