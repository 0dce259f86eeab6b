// The six names that libpam looks up, and the guard that each goes through.
#include <security/pam_modules.h>

#include <cerrno>

#include "pam_jit/phases.h"

namespace {

// The program's errno is its own; without a handle there is nobody to answer for.
template <typename F> int guard(pam_handle_t *handle, int argc, const char **argv, F phase)
{
    if (handle == nullptr || argc < 0 || (argc > 0 && argv == nullptr))
        return PAM_SYSTEM_ERR;
    const int kept = errno;
    const int code = phase(handle, jit::pam::Line{argv, static_cast<std::size_t>(argc)});
    errno = kept;
    return code;
}

} // namespace

#define JIT_ENTRY extern "C" [[gnu::visibility("default")]]

JIT_ENTRY int pam_sm_authenticate(pam_handle_t *handle, int, int argc, const char **argv)
{
    return guard(handle, argc, argv, jit::pam::authenticate);
}

JIT_ENTRY int pam_sm_setcred(pam_handle_t *handle, int flags, int argc, const char **argv)
{
    return guard(handle, argc, argv, [flags](pam_handle_t *made, jit::pam::Line line) {
        return jit::pam::set_credentials(made, flags, line);
    });
}

JIT_ENTRY int pam_sm_acct_mgmt(pam_handle_t *handle, int, int argc, const char **argv)
{
    return guard(handle, argc, argv, jit::pam::manage_account);
}

JIT_ENTRY int pam_sm_open_session(pam_handle_t *handle, int, int argc, const char **argv)
{
    return guard(handle, argc, argv, jit::pam::open_session);
}

JIT_ENTRY int pam_sm_close_session(pam_handle_t *handle, int, int argc, const char **argv)
{
    return guard(handle, argc, argv, jit::pam::close_session);
}

// Passwords are not jit's.
JIT_ENTRY int pam_sm_chauthtok(pam_handle_t *, int, int, const char **)
{
    return PAM_IGNORE;
}
