#include "nas/core/interrupt.hpp"

#include <unistd.h>

#include <atomic>
#include <csignal>

#include "nas/core/error.hpp"

namespace nas {
namespace {

std::atomic<int> first_signal{0};
static_assert(std::atomic<int>::is_always_lock_free, "the signal handler writes it");

void on_signal(int signal_number) {
  int none = 0;
  if (!first_signal.compare_exchange_strong(none, signal_number)) {
    // Files are left as a kill would leave them, which every reader of them expects.
    ::_exit(128 + signal_number);
  }
}

}  // namespace

void install_interrupt_handlers() {
  struct sigaction action {};
  action.sa_handler = on_signal;
  sigemptyset(&action.sa_mask);
  action.sa_flags = SA_RESTART;
  for (const int signal_number : {SIGINT, SIGTERM, SIGUSR1}) {
    NAS_ASSERT(::sigaction(signal_number, &action, nullptr) == 0);
  }
}

bool interrupted() { return first_signal.load(std::memory_order_relaxed) != 0; }

int interrupt_exit_code() {
  const int signal_number = first_signal.load();
  if (signal_number == 0) return 0;
  return signal_number == SIGINT ? 130 : 143;
}

void request_interrupt(int signal_number) { first_signal.store(signal_number); }

void clear_interrupt() { first_signal.store(0); }

}  // namespace nas
