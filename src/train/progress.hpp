#pragma once

#include <cstdint>
#include <utility>
#include <vector>

namespace nas::train {

/// What a training has done so far, beside weights and the optimizer's state.
struct Progress {
  std::int64_t step = 0;                                      ///< training steps done
  double loss_sum = 0;                                        ///< nats, over loss_count steps
  std::int64_t loss_count = 0;                                ///< steps that went into loss_sum
  std::vector<std::pair<std::int64_t, double>> intermediate;  ///< (step, val_bpb)
  double seconds = 0;                                         ///< wall clock, over all attempts
  std::vector<std::int64_t> hurdles;                          ///< as space::Outcome has them
};

}  // namespace nas::train
