#include "pam_jit/signals.h"

#include <sys/signalfd.h>
#include <unistd.h>

namespace jit::pam {

HeldSignals::HeldSignals()
{
    sigemptyset(&ours_);
    for (const int signal : {SIGINT, SIGQUIT, SIGTERM, SIGHUP})
        sigaddset(&ours_, signal);
    sigemptyset(&before_);
    fd_.reset(signalfd(-1, &ours_, SFD_CLOEXEC | SFD_NONBLOCK));
    // Without the descriptor nothing would hear them: then they stay with the program.
    if (fd_ && pthread_sigmask(SIG_BLOCK, &ours_, &before_) != 0)
        fd_.reset();
}

HeldSignals::~HeldSignals()
{
    if (!fd_)
        return;
    // Raised while held, so that the program's handler runs when its own mask is back.
    if (term_)
        (void)raise(SIGTERM);
    if (hup_)
        (void)raise(SIGHUP);
    (void)pthread_sigmask(SIG_SETMASK, &before_, nullptr);
}

bool HeldSignals::take()
{
    if (!fd_)
        return false;
    bool came = false;
    signalfd_siginfo info{};
    while (read(fd_.get(), &info, sizeof info) == static_cast<ssize_t>(sizeof info)) {
        came = true;
        term_ = term_ || info.ssi_signo == SIGTERM;
        hup_ = hup_ || info.ssi_signo == SIGHUP;
    }
    return came;
}

void HeldSignals::let_go()
{
    if (!fd_)
        return;
    sigset_t mask = before_;
    sigdelset(&mask, SIGINT);
    sigdelset(&mask, SIGQUIT);
    (void)pthread_sigmask(SIG_SETMASK, &mask, nullptr);
}

void HeldSignals::hold_again()
{
    if (fd_)
        (void)pthread_sigmask(SIG_BLOCK, &ours_, nullptr);
}

} // namespace jit::pam
