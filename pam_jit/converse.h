// The program's conversation with its user. PAM_SILENT is not heeded: sudo sets it always, and a
// code that nobody sees lets nobody in.
#pragma once

#include <security/pam_modules.h>

#include "lib/base/fixed_text.h"
#include "pam_jit/flow.h"
#include "pam_jit/wording.h"

namespace jit::pam {

bool has_conversation(pam_handle_t *handle);

// Shows a text of one or more lines.
bool show(pam_handle_t *handle, Tone tone, const Text &text);

// Asks with echo; an answer too long for the buffer is empty.
bool ask(pam_handle_t *handle, const Text &prompt, Typed &answer);

} // namespace jit::pam
