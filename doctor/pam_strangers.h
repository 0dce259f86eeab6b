// How far somebody who has proven nothing comes in a service's auth lines, as libpam walks them:
// pam.conf(5). Pure.
#pragma once

#include <vector>

#include "doctor/pam_file.h"

namespace jit::doctor {

// The lines of pam_jit.so that a stranger, who only types a name, comes to without having been
// refused; they themselves are taken to refuse nobody. What a line asks is not known: each module
// is taken to refuse a stranger, save those that are known to ask for no proof, which may say
// either. They point into the items.
std::vector<const PamLine *> lines_for_strangers(const std::vector<StackItem> &items);

} // namespace jit::doctor
