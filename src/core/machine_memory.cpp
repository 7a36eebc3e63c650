#include "nas/core/machine_memory.hpp"

#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <string>

namespace nas {
namespace {

/// The limit of a control group (version 2), or nothing: the file says "max" or is not there.
bool read_limit(const std::string& path, double& limit) {
  std::ifstream file(path);
  return static_cast<bool>(file >> limit);
}

}  // namespace

double machine_memory_bytes() {
  double bytes =
      static_cast<double>(sysconf(_SC_PHYS_PAGES)) * static_cast<double>(sysconf(_SC_PAGESIZE));
  // "0::/user.slice/job-7": the group of this process; every group above it limits too.
  std::ifstream groups("/proc/self/cgroup");
  std::string group;
  std::getline(groups, group);
  group = group.starts_with("0::") ? group.substr(3) : "/";
  for (;;) {
    double limit = 0;
    if (read_limit("/sys/fs/cgroup" + group + "/memory.max", limit)) bytes = std::min(bytes, limit);
    const std::size_t slash = group.rfind('/');
    if (slash == std::string::npos || group.empty()) return bytes;
    group.resize(slash);
  }
}

}  // namespace nas
