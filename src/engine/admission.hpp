#pragma once

#include <condition_variable>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <utility>

namespace nas::engine {

/// Lets trainings onto a device as long as their bounds of memory fit into it together, in the
/// order in which they ask. One that does not fit at all is let in alone: whether it really needs
/// what the bound says only its training can tell. Thread safe.
class Admission {
 public:
  /// on_empty: called when the last one has left, while nobody can enter; may be empty.
  explicit Admission(double capacity_bytes, std::function<void()> on_empty = {})
      : capacity_bytes_(capacity_bytes), on_empty_(std::move(on_empty)) {}

  /// What a training holds while it is on the device. Admission outlives it.
  class Ticket {
   public:
    Ticket(Admission& admission, double bytes) : admission_(admission), bytes_(bytes) {}
    ~Ticket() { admission_.leave(*this); }
    Ticket(const Ticket&) = delete;
    Ticket& operator=(const Ticket&) = delete;

    /// Whether another one was on the device at some time since it was given out.
    [[nodiscard]] bool was_accompanied() const;

   private:
    friend class Admission;
    Admission& admission_;
    double bytes_;
    bool accompanied_ = false;
    Ticket* next_ = nullptr;
  };

  /// Waits for its turn; null when should_stop, asked now and then, says so. may be empty.
  [[nodiscard]] std::unique_ptr<Ticket> admit(double bytes,
                                              const std::function<bool()>& should_stop);
  /// The same for one that nothing may accompany.
  [[nodiscard]] std::unique_ptr<Ticket> admit_alone(const std::function<bool()>& should_stop);

 private:
  [[nodiscard]] bool fits(double bytes) const;
  void enter(Ticket& ticket);
  void leave(const Ticket& ticket);

  double capacity_bytes_;
  std::function<void()> on_empty_;
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::uint64_t asked_ = 0;     ///< how many have asked,
  std::uint64_t answered_ = 0;  ///< and got in or gave up, in that order
  double used_bytes_ = 0;
  Ticket* first_ = nullptr;  ///< of those on the device
};

}  // namespace nas::engine
