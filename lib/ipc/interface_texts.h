// The interfaces' own texts, made from lib/ipc/*.varlink when the tree is built.
#pragma once

namespace jit::ipc {

extern const char elevation_interface_text[];
extern const char grant_interface_text[];

} // namespace jit::ipc
