#include "nas/core/built_program.hpp"

#include <filesystem>
#include <system_error>

#include "nas/core/error.hpp"

namespace nas {

std::string built_program(const std::string& name) {
  namespace fs = std::filesystem;
  std::error_code ignored;
  const fs::path here = fs::read_symlink("/proc/self/exe", ignored).parent_path();
  for (const fs::path& folder : {here, fs::path(NAS_PROGRAM_FOLDER)}) {
    if (fs::exists(folder / name, ignored)) return (folder / name).string();
  }
  throw Error(ErrorKind::kInternal, "the program " + name + " is missing; it should be in " +
                                        here.string() + " or " + NAS_PROGRAM_FOLDER);
}

}  // namespace nas
