#include "nas/space/shape.hpp"

#include "nas/core/error.hpp"

namespace nas::space {

namespace {

// Numbers of the counted axes: branches, then units.
constexpr int kFirstBranches = 0x100;
constexpr int kFirstUnits = 0x1000;

bool is_features(Axis axis) {
  return axis == Axis::kHeadDim || axis == Axis::kInnerDim || units_of(axis) > 0;
}

bool is_parallel(Axis axis) { return axis == Axis::kHeads || branches_of(axis) > 0; }

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

Axis branches_axis(int count) {
  NAS_ASSERT(count >= 1 && count <= kMaxBranches);
  return static_cast<Axis>(kFirstBranches + count);
}

Axis units_axis(int count) {
  NAS_ASSERT(count >= 1 && count <= kMaxUnits);
  return count == kUnitsOfModelDim ? Axis::kModelDim : static_cast<Axis>(kFirstUnits + count);
}

int branches_of(Axis axis) {
  const int number = static_cast<int>(axis);
  return number >= kFirstBranches && number < kFirstUnits ? number - kFirstBranches : 0;
}

int units_of(Axis axis) {
  if (axis == Axis::kModelDim) return kUnitsOfModelDim;
  const int number = static_cast<int>(axis);
  return number >= kFirstUnits ? number - kFirstUnits : 0;
}

bool is_tokens(const Shape& shape) {
  return shape.axes[1] == Axis::kSeq && is_features(shape.axes[2]);
}

bool is_branched(const Shape& shape) {
  return is_parallel(shape.axes[1]) && shape.axes[2] == Axis::kSeq && is_features(shape.axes[3]);
}

bool is_scores(const Shape& shape) {
  return is_parallel(shape.axes[1]) && shape.axes[2] == Axis::kSeq && shape.axes[3] == Axis::kSeq;
}

bool is_state(const Shape& shape) {
  return is_parallel(shape.axes[1]) && is_features(shape.axes[2]) && is_features(shape.axes[3]);
}

Shape sequence_of(Axis branches, Axis features) {
  if (branches == Axis::kNone) return {{Axis::kBatch, Axis::kSeq, features}};
  return {{Axis::kBatch, branches, Axis::kSeq, features}};
}

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
    text += to_text(axis);
  }
  return text + "]";
}

std::string to_text(Axis axis) {
  if (const int branches = branches_of(axis)) return std::to_string(branches) + " branches";
  if (axis != Axis::kModelDim && units_of(axis) > 0) {
    return std::to_string(units_of(axis)) + " units";
  }
  return name_of(axis);
}

std::int64_t Dims::size(Axis axis) const {
  if (static_cast<int>(axis) >= kFirstUnits) {
    return units_of(axis) * (model_dim / kUnitsOfModelDim);
  }
  if (static_cast<int>(axis) >= kFirstBranches) return branches_of(axis);
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
