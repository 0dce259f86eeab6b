// Places of the host whose files have a meaning, wherever they come from.
#pragma once

#include <string>

#include "jit_leftovers/traces.h"
#include "jit_leftovers/tree.h"

namespace jit::leftovers {

// Looks at all of them: units, cron, sudoers and so on. They are root's to write.
//   root  before each path; empty on a real host
void look_at_places(const std::string &root, Traces &traces, Budget &budget);

// Goes through one file or folder, with a budget of its own out of the whole.
//   folder, name  of which; AT_FDCWD with a whole path will do
//   path          the same, as the host has it
//   most          files
void look_at_place(int folder, const std::string &name, const std::string &path, std::size_t most,
                   Budget &budget, const Look &look);

// A unit's or a timer's file, by its name.
ipc::LeftoverKind kind_of_unit(std::string_view name);

} // namespace jit::leftovers
