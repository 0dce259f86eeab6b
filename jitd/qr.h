// Addresses as pictures that a telephone can read: ISO/IEC 18004, by libqrencode.
#pragma once

#include <string>
#include <string_view>

namespace jit::daemon {

// The rows of the code of the smallest version, with the lowest correction: a screen has no dirt.
// Shape: lib/ipc/qr_picture.h. Empty where it would be larger than is drawn, or memory is short.
std::string make_qr(std::string_view text);

} // namespace jit::daemon
