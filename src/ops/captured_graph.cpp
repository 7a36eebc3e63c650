#include "nas/ops/captured_graph.hpp"

#include <ATen/Context.h>
#include <c10/cuda/CUDACachingAllocator.h>
#include <c10/cuda/CUDAException.h>
#include <c10/cuda/CUDAGuard.h>
#include <c10/cuda/CUDAStream.h>

#include <atomic>
#include <map>
#include <mutex>
#include <utility>
#include <vector>

#include "nas/core/error.hpp"

namespace nas::ops {

namespace {

namespace allocator = c10::cuda::CUDACachingAllocator;

/// LibTorch numbers pools of its own from 1 on, in one of the two words.
c10::MempoolId_t next_pool() {
  constexpr std::uint64_t kOurs = std::uint64_t{1} << 40U;
  static std::atomic<std::uint64_t> next{kOurs};
  return {0, next++};
}

/// What is captured by one thread fails when another makes a library's first call, and the
/// allocator knows one capture at a time to defer events for.
std::mutex& capture_mutex() {
  static std::mutex mutex;
  return mutex;
}

c10::DeviceIndex index_of(const std::string& device) {
  const c10::Device parsed(device);
  NAS_ASSERT(parsed.is_cuda() && parsed.has_index());
  return parsed.index();
}

}  // namespace

struct GraphMemory::State {
  c10::DeviceIndex device;
  c10::MempoolId_t pool = next_pool();

  explicit State(const std::string& name) : device(index_of(name)) {
    // Makes the allocator, if nothing has allocated yet.
    at::globalContext().lazyInitDevice(c10::kCUDA);
    allocator::createOrIncrefPool(device, pool);
  }
  ~State() { allocator::releasePool(device, pool); }
  State(const State&) = delete;
  State& operator=(const State&) = delete;
};

struct CapturedGraph::State {
  std::shared_ptr<GraphMemory::State> memory;
  cudaGraph_t graph = nullptr;
  cudaGraphExec_t launchable = nullptr;

  explicit State(std::shared_ptr<GraphMemory::State> of) : memory(std::move(of)) {}
  ~State() {
    // A failed device fails these too; whoever uses it next is told.
    if (launchable != nullptr) C10_CUDA_IGNORE_ERROR(cudaGraphExecDestroy(launchable));
    if (graph != nullptr) C10_CUDA_IGNORE_ERROR(cudaGraphDestroy(graph));
  }
  State(const State&) = delete;
  State& operator=(const State&) = delete;

  void record(const std::function<void()>& work);
};

namespace {

bool is_capturing(cudaStream_t stream) {
  cudaStreamCaptureStatus status = cudaStreamCaptureStatusNone;
  C10_CUDA_CHECK(cudaStreamIsCapturing(stream, &status));
  return status != cudaStreamCaptureStatusNone;
}

/// Allocations of capturing streams go to a pool while this lives. Only one thread captures.
class PoolRoute {
 public:
  PoolRoute(c10::DeviceIndex device, c10::MempoolId_t pool) : device_(device), pool_(pool) {
    allocator::beginAllocateToPool(device, pool, is_capturing);
  }
  ~PoolRoute() {
    allocator::endAllocateToPool(device_, pool_);
    // beginAllocateToPool counts as a user of its own.
    allocator::releasePool(device_, pool_);
  }
  PoolRoute(const PoolRoute&) = delete;
  PoolRoute& operator=(const PoolRoute&) = delete;

 private:
  c10::DeviceIndex device_;
  c10::MempoolId_t pool_;
};

}  // namespace

void CapturedGraph::State::record(const std::function<void()>& work) {
  const c10::cuda::CUDAStream stream = c10::cuda::getCurrentCUDAStream(memory->device);
  NAS_ASSERT(stream != c10::cuda::getDefaultCUDAStream(memory->device));
  const std::lock_guard lock(capture_mutex());
  {
    const PoolRoute route(memory->device, memory->pool);
    C10_CUDA_CHECK(cudaStreamBeginCapture(stream, cudaStreamCaptureModeThreadLocal));
    try {
      work();
    } catch (...) {
      cudaGraph_t broken = nullptr;
      C10_CUDA_IGNORE_ERROR(cudaStreamEndCapture(stream, &broken));
      if (broken != nullptr) C10_CUDA_IGNORE_ERROR(cudaGraphDestroy(broken));
      throw;
    }
    C10_CUDA_CHECK(cudaStreamEndCapture(stream, &graph));
  }
  C10_CUDA_CHECK(cudaGraphInstantiateWithFlags(&launchable, graph, 0));
}

CapturedGraph::CapturedGraph(const GraphMemory& memory, const std::function<void()>& work)
    : state_(std::make_unique<State>(memory.state_)) {
  state_->record(work);
}

void CapturedGraph::replay() const {
  const c10::cuda::CUDAStream stream = c10::cuda::getCurrentCUDAStream(state_->memory->device);
  C10_CUDA_CHECK(cudaGraphLaunch(state_->launchable, stream));
}

std::int64_t CapturedGraph::node_count() const {
  std::size_t count = 0;
  C10_CUDA_CHECK(cudaGraphGetNodes(state_->graph, nullptr, &count));
  return static_cast<std::int64_t>(count);
}

GraphMemory::GraphMemory(const std::string& device) : state_(std::make_shared<State>(device)) {}
std::string GraphMemory::device() const { return c10::Device(c10::kCUDA, state_->device).str(); }
GraphMemory::~GraphMemory() = default;
GraphMemory::GraphMemory(GraphMemory&&) noexcept = default;
GraphMemory& GraphMemory::operator=(GraphMemory&&) noexcept = default;
CapturedGraph::~CapturedGraph() = default;
CapturedGraph::CapturedGraph(CapturedGraph&&) noexcept = default;
CapturedGraph& CapturedGraph::operator=(CapturedGraph&&) noexcept = default;

}  // namespace nas::ops
