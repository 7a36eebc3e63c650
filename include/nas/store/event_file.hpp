#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "nas/core/json.hpp"
#include "nas/space/trial.hpp"

namespace nas::store {

/// A TensorBoard event file of one run (a trial, a seed), made at its first scalar. TensorBoard
/// reads the files of a folder in the order of their names, and what a new one holds replaces what
/// the older ones have from its first step on, so that a training that was killed and goes on from
/// a checkpoint has one curve. Nothing that goes wrong here throws: it is one warning in the
/// process, and this file ends. Not thread safe.
class EventFile {
 public:
  /// A hyperparameter's name and value, which is a number, a text or a boolean.
  using Hparams = std::vector<std::pair<std::string, JsonValue>>;

  /// Will write to a new file in `folder`, which is made when needed.
  EventFile(std::string folder, Hparams hparams);
  ~EventFile();
  EventFile(const EventFile&) = delete;
  EventFile& operator=(const EventFile&) = delete;

  void scalar(const std::string& tag, std::int64_t step, double value);
  /// Says how the run ended; nothing when there was no scalar.
  void finish(space::TrialState state);

 private:
  void open(std::int64_t first_step);
  /// Appends a record; on failure warns and closes.
  void write(const std::string& event);
  void give_up(const std::string& reason);

  std::string folder_;
  Hparams hparams_;
  int descriptor_ = -1;
  bool given_up_ = false;
};

}  // namespace nas::store
