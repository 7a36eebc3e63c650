#include <c10/cuda/CUDAGuard.h>
#include <c10/cuda/CUDAStream.h>

#include <mutex>
#include <thread>
#include <utility>
#include <vector>

#include "nas/core/error.hpp"
#include "nas/ops/captured_graph.hpp"

namespace nas::ops {

namespace {

/// What a lease lends.
struct Lent {
  std::string device;
  c10::cuda::CUDAStream stream;
  GraphMemory memory;
  std::thread::id last_user;
  bool is_warm = false;
};

/// Those that nobody leases.
class IdleStreams {
 public:
  /// The one that the calling thread had last, whose libraries' workspaces are its own; else the
  /// one given back last; else a new one.
  std::unique_ptr<Lent> take(const std::string& device) {
    const std::lock_guard lock(mutex_);
    auto found = idle_.end();
    for (auto at = idle_.begin(); at != idle_.end(); ++at) {
      if ((*at)->device != device) continue;
      found = at;
      if ((*at)->last_user == std::this_thread::get_id()) break;
    }
    if (found == idle_.end()) {
      const auto index = c10::Device(device).index();
      return std::make_unique<Lent>(device, c10::cuda::getStreamFromPool(false, index),
                                    GraphMemory(device), std::thread::id(), false);
    }
    std::unique_ptr<Lent> taken = std::move(*found);
    idle_.erase(found);
    return taken;
  }
  void give_back(std::unique_ptr<Lent> lent) {
    lent->last_user = std::this_thread::get_id();
    const std::lock_guard lock(mutex_);
    idle_.push_back(std::move(lent));
  }
  void release(const std::string& device) {
    const std::lock_guard lock(mutex_);
    for (const std::unique_ptr<Lent>& lent : idle_) {
      if (lent->device == device) lent->memory = GraphMemory(device);
    }
  }

 private:
  std::mutex mutex_;
  std::vector<std::unique_ptr<Lent>> idle_;
};

/// Never destroyed: the CUDA driver may be gone when a process ends.
IdleStreams& idle_streams() {
  static auto* const streams = new IdleStreams;  // NOLINT(cppcoreguidelines-owning-memory)
  return *streams;
}

}  // namespace

struct StreamLease::State {
  std::unique_ptr<Lent> lent;
  c10::cuda::CUDAStreamGuard guard;

  explicit State(std::unique_ptr<Lent> taken) : lent(std::move(taken)), guard(lent->stream) {}
  ~State() { idle_streams().give_back(std::move(lent)); }
  State(const State&) = delete;
  State& operator=(const State&) = delete;
};

StreamLease::StreamLease(const std::string& device) {
  if (device == "cpu") return;
  const c10::Device parsed(device);
  NAS_ASSERT(parsed.is_cuda() && parsed.has_index());
  state_ = std::make_unique<State>(idle_streams().take(device));
}

StreamLease::~StreamLease() = default;

const GraphMemory& StreamLease::memory() const {
  NAS_ASSERT(state_ != nullptr);
  return state_->lent->memory;
}

bool StreamLease::is_warm() const {
  NAS_ASSERT(state_ != nullptr);
  return state_->lent->is_warm;
}

void StreamLease::set_warm() const {
  NAS_ASSERT(state_ != nullptr);
  state_->lent->is_warm = true;
}

void release_idle_streams(const std::string& device) { idle_streams().release(device); }

}  // namespace nas::ops
