#include "command.hpp"
#include "nas/engine/engine.hpp"

int main(int argc, char** argv) {
  return nas::cli::run_program(argc, argv, nas::engine::torch_engine);
}
