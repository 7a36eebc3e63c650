#pragma once

namespace nas {

/// Installs handlers for SIGINT, SIGTERM and SIGUSR1. The first signal asks for a clean stop
/// (finish the step, save); the second ends the process at once with 128 + signal.
void install_interrupt_handlers();

/// Whether a clean stop was asked for. Cheap; polled between training steps.
[[nodiscard]] bool interrupted();

/// 130 for SIGINT, 143 for SIGTERM and SIGUSR1, 0 when nothing arrived.
[[nodiscard]] int interrupt_exit_code();

/// Asks for a clean stop from inside the program (tests).
void request_interrupt(int signal_number);
void clear_interrupt();

}  // namespace nas
