#include "engine/admission.hpp"

#include <chrono>
#include <limits>

namespace nas::engine {

bool Admission::Ticket::was_accompanied() const {
  const std::scoped_lock lock(admission_.mutex_);
  return accompanied_;
}

bool Admission::fits(double bytes) const {
  return first_ == nullptr || used_bytes_ + bytes <= capacity_bytes_;
}

void Admission::enter(Ticket& ticket) {
  ticket.accompanied_ = first_ != nullptr;
  for (Ticket* other = first_; other != nullptr; other = other->next_) other->accompanied_ = true;
  ticket.next_ = first_;
  first_ = &ticket;
  used_bytes_ += ticket.bytes_;
}

void Admission::leave(const Ticket& ticket) {
  const std::scoped_lock lock(mutex_);
  Ticket** link = &first_;
  while (*link != &ticket) link = &(*link)->next_;
  *link = ticket.next_;
  // Counted anew: infinite bounds cannot be subtracted.
  used_bytes_ = 0;
  for (const Ticket* other = first_; other != nullptr; other = other->next_) {
    used_bytes_ += other->bytes_;
  }
  if (first_ == nullptr && on_empty_) on_empty_();
  changed_.notify_all();
}

std::unique_ptr<Admission::Ticket> Admission::admit(double bytes,
                                                    const std::function<bool()>& should_stop) {
  std::unique_lock lock(mutex_);
  const std::uint64_t turn = asked_++;
  bool stops = false;
  while (answered_ != turn || !(stops || fits(bytes))) {
    // Signals do not wake a condition variable: look at them now and then.
    changed_.wait_for(lock, std::chrono::milliseconds(100));
    if (stops || !should_stop) continue;
    lock.unlock();
    stops = should_stop();
    lock.lock();
  }
  ++answered_;
  changed_.notify_all();
  if (stops) return nullptr;
  auto ticket = std::make_unique<Ticket>(*this, bytes);
  enter(*ticket);
  return ticket;
}

std::unique_ptr<Admission::Ticket> Admission::admit_alone(
    const std::function<bool()>& should_stop) {
  return admit(std::numeric_limits<double>::infinity(), should_stop);
}

}  // namespace nas::engine
