#include "train/window_work.hpp"

#include <ATen/ops/empty.h>
#include <c10/util/Exception.h>

#include <string>
#include <utility>

#include "nas/core/log.hpp"

namespace nas::train {
namespace {

/// Host values to a tensor of a device, which is made for the first ones. From pinned memory, so
/// that the host does not wait for the work before.
void place(at::Tensor& on_device, const at::Tensor& values, at::Device device) {
  if (!on_device.defined()) on_device = at::empty(values.sizes(), values.options().device(device));
  on_device.copy_(values.pin_memory(), /*non_blocking=*/true);
}

}  // namespace

WindowWork::WindowWork(const ops::StreamLease& stream, Work work, Options options)
    : stream_(stream), work_(std::move(work)), options_(std::move(options)) {}

WindowWork::Shape& WindowWork::shape_of(const std::optional<nn::DocumentPieces>& pieces) {
  if (!pieces) return shapes_[0];
  Shape& shape = shapes_[pieces->groups[0].size(0)];
  shape.pieces.groups.resize(1);
  const at::Device device(stream_.memory().device());
  place(shape.pieces.groups[0], pieces->groups[0], device);
  place(shape.pieces.places, pieces->places, device);
  return shape;
}

void WindowWork::capture(Shape& shape) {
  try {
    shape.graph.emplace(stream_.memory(), [&] { work_(shape.on_device()); });
  } catch (const c10::OutOfMemoryError&) {
    throw;
  } catch (const c10::Error& error) {
    options_.may_capture = false;
    log_debug("work on windows cannot be captured, it is launched kernel by kernel: " +
              std::string(error.what_without_backtrace()));
    if (options_.undo) options_.undo();
  }
}

void WindowWork::run(const std::optional<nn::DocumentPieces>& pieces) {
  if (pieces && !nn::rows_of_whole_windows(*pieces, options_.seq)) {
    work_(&*pieces);
    return;
  }
  Shape& shape = shape_of(pieces);
  if (!is_ready_ && options_.may_capture && options_.prepare && stream_.is_warm()) {
    options_.prepare();
    is_ready_ = true;
  }
  if (!shape.graph && options_.may_capture && is_ready_) capture(shape);
  if (shape.graph) {
    shape.graph->replay();
    return;
  }
  work_(shape.on_device());
  is_ready_ = true;
  stream_.set_warm();
}

}  // namespace nas::train
