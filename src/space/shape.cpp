#include "nas/space/shape.hpp"

namespace nas::space {

namespace {

const char* name_of(Axis axis) {
  switch (axis) {
    case Axis::kBatch:
      return "batch";
    case Axis::kSeq:
      return "seq";
    case Axis::kHeads:
      return "heads";
    case Axis::kHeadDim:
      return "head_dim";
    case Axis::kModelDim:
      return "model_dim";
    case Axis::kInnerDim:
      return "inner_dim";
    case Axis::kNone:
      break;
  }
  return "none";
}

}  // namespace

int Shape::rank() const {
  int rank = 0;
  for (const Axis axis : axes) rank += axis != Axis::kNone ? 1 : 0;
  return rank;
}

std::string to_text(const Shape& shape) {
  std::string text = "[";
  for (const Axis axis : shape.axes) {
    if (axis == Axis::kNone) continue;
    if (text.size() > 1) text += ", ";
    text += name_of(axis);
  }
  return text + "]";
}

std::int64_t Dims::size(Axis axis) const {
  switch (axis) {
    case Axis::kBatch:
      return batch;
    case Axis::kSeq:
      return seq;
    case Axis::kHeads:
      return heads;
    case Axis::kHeadDim:
      return head_dim;
    case Axis::kModelDim:
      return model_dim;
    case Axis::kInnerDim:
      return inner_dim;
    case Axis::kNone:
      break;
  }
  return 1;
}

std::int64_t Dims::elements(const Shape& shape) const {
  std::int64_t product = 1;
  for (const Axis axis : shape.axes) product *= size(axis);
  return product;
}

const char* to_text(TimeMixing mixing) {
  switch (mixing) {
    case TimeMixing::kTokenLocal:
      return "token_local";
    case TimeMixing::kCausal:
      return "causal";
    case TimeMixing::kBidirectional:
      break;
  }
  return "bidirectional";
}

}  // namespace nas::space
