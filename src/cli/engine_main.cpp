#include <string_view>

#include "command.hpp"
#include "nas/engine/engine.hpp"

int main(int argc, char** argv) {
  if (argc > 1 && std::string_view(argv[1]) == nas::engine::kDeviceWorkerArgument) {
    nas::engine::run_device_worker();
  }
  return nas::cli::run_program(argc, argv, nas::engine::torch_engine);
}
