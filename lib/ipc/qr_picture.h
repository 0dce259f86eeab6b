// The picture of an address for a telephone's camera, as jitd sends it: a row of modules after the
// other, each as hexadecimal digits from the left, '/' between the rows. ISO/IEC 18004 has the
// modules; who makes them is in jitd/qr.h.
#pragma once

#include <cstddef>
#include <string_view>

#include "lib/base/fixed_text.h"

namespace jit::ipc {

// Modules on a side that are drawn, of a code of version 4: it holds an address of 78 bytes.
inline constexpr std::size_t max_qr_side = 33;
inline constexpr std::size_t max_qr_bytes = max_qr_side * 10;
// Columns of the widest picture, with its margins.
inline constexpr std::size_t max_qr_columns = max_qr_side + 4;

using QrPicture = FixedText<2200>;

// Draws it for a terminal that shows UTF-8, two rows in a line of half blocks, bright for dark as
// most terminals are; each line ends with a newline.
//   returns  false: not such rows; picture is then empty
bool draw_qr(std::string_view rows, QrPicture &picture);

} // namespace jit::ipc
