#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <iostream>
#include <system_error>

#include "command.hpp"
#include "nas/core/built_program.hpp"
#include "nas/core/error.hpp"
#include "nas/core/interrupt.hpp"

namespace nas::cli {
namespace {

char** arguments = nullptr;  ///< of this process, ended by a null pointer

/// Goes on as `nas-engine`, which is this program linked with LibTorch.
const run::Engine& become_engine() {
  const std::string path = built_program("nas-engine");
  std::cout.flush();
  // The next program installs its own handlers and would not know that it was told to stop.
  if (interrupted()) std::exit(interrupt_exit_code());
  ::execv(path.c_str(), arguments);
  throw Error(ErrorKind::kInternal,
              "cannot start " + path + ": " + std::generic_category().message(errno));
}

}  // namespace
}  // namespace nas::cli

int main(int argc, char** argv) {
  nas::cli::arguments = argv;
  return nas::cli::run_program(argc, argv, nas::cli::become_engine);
}
