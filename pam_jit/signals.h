// Ctrl-C in a program that is not ours: no handler is set; the signals are held back for the
// duration of the wait and read from a descriptor.
#pragma once

#include <csignal>

#include "lib/base/fd.h"

namespace jit::pam {

// Holds SIGINT, SIGQUIT, SIGTERM and SIGHUP while it lives. What take() has read of the first two
// is used up: the caller returns PAM_ABORT for it. The last two ask the program to end, so it
// gets them as soon as it is let go.
class HeldSignals
{
  public:
    HeldSignals();
    ~HeldSignals();
    HeldSignals(const HeldSignals &) = delete;
    HeldSignals &operator=(const HeldSignals &) = delete;

    int fd() const { return fd_.get(); } // readable when a signal came; -1: nothing is held
    bool take();                         // reads all that came; was there one?
    bool has_to_end() const { return term_ || hup_; } // of those read: the program, not the wait

    // The program's own way of hearing signals, while it asks its user: sudo blocks the first two
    // in its auth phase, and would not hear Ctrl-C at a question.
    void let_go();
    void hold_again();

  private:
    Fd fd_;
    sigset_t ours_;
    sigset_t before_;
    bool term_ = false;
    bool hup_ = false;
};

} // namespace jit::pam
