#include "nas/run/engine.hpp"

#include "nas/core/error.hpp"

namespace nas::run {
namespace {

EngineSource engine_source = nullptr;

}  // namespace

void set_engine_source(EngineSource source) { engine_source = source; }

const Engine& engine() {
  if (engine_source == nullptr) {
    throw Error(ErrorKind::kInternal, "this program has no engine: nothing can be trained here");
  }
  return engine_source();
}

}  // namespace nas::run
