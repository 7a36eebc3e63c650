#pragma once

#include <string_view>

#include "nas/space/primitive.hpp"
#include "nas/space/program.hpp"

namespace nas::space {

/// A value under construction with its shape.
struct Value {
  ValueIndex index = 0;
  Shape shape = kModelShape;
};

/// Branches of a value; 1 without such an axis.
[[nodiscard]] int branches_of(const Value& value);
/// Units of features of [batch, (branches,) seq, features].
[[nodiscard]] int units_of(const Value& value);
[[nodiscard]] bool is_sequence(const Value& value);

/// Writes a flat program node by node and knows every value's shape. When the program is full it
/// goes on without writing, and says so.
class Emitter {
 public:
  explicit Emitter(int max_nodes) : max_nodes_(max_nodes) {}

  /// The residual stream.
  [[nodiscard]] static Value input() { return {}; }
  /// A node of one or two operands; NAS_ASSERT that it type-checks.
  Value emit(Node node, const Value& x);
  Value emit(Node node, const Value& x, const Value& y);
  Value emit(std::string_view primitive, const Value& x) { return emit(node_of(primitive), x); }
  Value emit(std::string_view primitive, const Value& x, const Value& y) {
    return emit(node_of(primitive), x, y);
  }
  [[nodiscard]] static Node node_of(std::string_view primitive);
  [[nodiscard]] static bool accepts(const Node& node, const Value& x);

  /// Each branch several times, up to `branches`, a multiple of the value's.
  Value with_branches(const Value& x, int branches);
  /// [batch, seq, features] with an axis of one branch; others as they are.
  Value with_axis(const Value& x);
  /// The opposite: an axis of one branch of values is dropped.
  Value without_axis(const Value& x);
  /// `count` neighbouring branches concatenated; what is over kMaxUnits is cut.
  Value merged(const Value& x, int count);
  /// Features split into `count` times as many branches.
  Value split(const Value& x, int count);
  /// Features cut or repeated to `units`, at most kMaxUnits.
  Value fitted(const Value& x, int units);

  /// The node that makes a value if it is of this primitive, else null.
  [[nodiscard]] const Node* maker(const Value& value, std::string_view primitive) const;
  [[nodiscard]] Value value(ValueIndex index) const { return {index, shapes_[index]}; }

  [[nodiscard]] bool is_full() const { return is_full_; }
  /// The program without dead nodes.
  [[nodiscard]] Program finish(const Value& output) const;

 private:
  Program program_;
  std::vector<Shape> shapes_{kModelShape};
  int max_nodes_;
  bool is_full_ = false;
};

}  // namespace nas::space
