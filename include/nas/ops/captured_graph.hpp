#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

namespace nas::ops {

/// Device memory that captured work of one stream uses, one graph after the other. Graphs of one
/// memory must never run at the same time. What it holds goes back to LibTorch's allocator when it
/// and its graphs are gone.
class GraphMemory {
 public:
  /// device: "cuda:N".
  explicit GraphMemory(const std::string& device);
  ~GraphMemory();
  GraphMemory(GraphMemory&&) noexcept;
  GraphMemory& operator=(GraphMemory&&) noexcept;

  [[nodiscard]] std::string device() const;  ///< "cuda:N"

 private:
  friend class CapturedGraph;
  struct State;
  std::shared_ptr<State> state_;
};

/// Work of one CUDA stream, recorded once and launched again by one call, without its host work
/// (CUDA graphs).
class CapturedGraph {
 public:
  /// Runs `work` once on the calling thread without executing it: what it launches on the thread's
  /// current stream, which must not be the device's default one, is recorded. `work` may use
  /// autograd, must ask the device for nothing and must have run before, so that libraries are
  /// set up. Tensors that it leaves or reads must live, at their places, as long as the graph:
  /// what it allocates is in `memory`. Captures of a process are made one at a time. Throws what
  /// `work` throws and c10::Error when something in it cannot be captured.
  CapturedGraph(const GraphMemory& memory, const std::function<void()>& work);
  ~CapturedGraph();
  CapturedGraph(CapturedGraph&&) noexcept;
  CapturedGraph& operator=(CapturedGraph&&) noexcept;

  /// Launches it on the calling thread's current stream.
  void replay() const;

  /// Kernels, copies and fills of one launch.
  [[nodiscard]] std::int64_t node_count() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// A CUDA stream, and the memory of the graphs that are captured on it, lent to the calling thread:
/// while this lives, the thread's CUDA work goes to that stream. Afterwards both are lent again,
/// so that one training takes over the memory of another; no two that live at the same time share
/// them. Nothing on the CPU.
class StreamLease {
 public:
  /// device: "cpu", "cuda:N".
  explicit StreamLease(const std::string& device);
  ~StreamLease();
  StreamLease(const StreamLease&) = delete;
  StreamLease& operator=(const StreamLease&) = delete;

  /// Of graphs of this lease. Not on the CPU.
  [[nodiscard]] const GraphMemory& memory() const;

  /// Whether a lease of this stream has said that it was warm: that libraries have set up what they
  /// keep for a stream, which they should not do while they are captured. Not on the CPU.
  [[nodiscard]] bool is_warm() const;
  void set_warm() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// Gives back to LibTorch's allocator what streams of a device keep that nobody leases.
void release_idle_streams(const std::string& device);

}  // namespace nas::ops
