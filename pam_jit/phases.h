// What each of the six entries does.
#pragma once

#include <security/pam_modules.h>

#include <span>

namespace jit::pam {

using Line = std::span<const char *const>; // the arguments of the module's line

int authenticate(pam_handle_t *handle, Line line);
int manage_account(pam_handle_t *handle, Line line);
int set_credentials(pam_handle_t *handle, int flags, Line line);
int open_session(pam_handle_t *handle, Line line);
int close_session(pam_handle_t *handle, Line line);

} // namespace jit::pam
