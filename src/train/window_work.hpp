#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>

#include "nas/nn/documents.hpp"
#include "nas/ops/captured_graph.hpp"

namespace nas::train {

/// Work of a GPU on batches of windows, the same again and again: one captured graph for windows of
/// one document each, and one for each number of rows that pieces of documents make of them.
class WindowWork {
 public:
  /// Given the pieces, on the device, or null. Reads the windows from where its owner puts them,
  /// and gives the same bits captured or not.
  using Work = std::function<void(const nn::DocumentPieces* pieces)>;

  struct Options {
    std::int64_t seq = 0;  ///< tokens of a window that the model reads
    bool may_capture = true;
    std::function<void()> undo;  ///< of what a capture that failed half-way has left; may be empty
    /// Makes what the work would make when it first runs and keep (tables), in place of a first run
    /// on a stream that is warm; empty: there it runs first too.
    std::function<void()> prepare;
  };

  /// stream: the calling thread's, outlives it.
  WindowWork(const ops::StreamLease& stream, Work work, Options options);

  /// Launches the work on the stream. pieces: as Model::pieces_of makes them. Never captured are
  /// work on pieces of many shapes and the first launch, unless it is prepared.
  void run(const std::optional<nn::DocumentPieces>& pieces);

 private:
  /// One shape of windows; its pieces are where its graph reads them.
  struct Shape {
    nn::DocumentPieces pieces;
    std::optional<ops::CapturedGraph> graph;
    [[nodiscard]] const nn::DocumentPieces* on_device() const {
      return pieces.groups.empty() ? nullptr : &pieces;
    }
  };

  [[nodiscard]] Shape& shape_of(const std::optional<nn::DocumentPieces>& pieces);
  /// Makes the graph, or gives up capturing.
  void capture(Shape& shape);

  const ops::StreamLease& stream_;
  Work work_;
  Options options_;
  bool is_ready_ = false;                 ///< tables are made and libraries set up
  std::map<std::int64_t, Shape> shapes_;  ///< by rows of pieces; 0: no pieces
};

}  // namespace nas::train
