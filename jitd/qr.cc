#include "jitd/qr.h"

#include <memory>
#include <qrencode.h>

#include "lib/ipc/qr_picture.h"

namespace jit::daemon {

std::string make_qr(std::string_view text)
{
    const std::string bytes{text};
    const std::unique_ptr<QRcode, decltype(&QRcode_free)> code{
        QRcode_encodeString8bit(bytes.c_str(), 0, QR_ECLEVEL_L), &QRcode_free};
    if (!code || code->width < 0 || static_cast<std::size_t>(code->width) > ipc::max_qr_side)
        return {};
    const auto side = static_cast<std::size_t>(code->width);
    std::string rows;
    for (std::size_t row = 0; row < side; ++row) {
        if (row > 0)
            rows += '/';
        for (std::size_t column = 0; column < side; column += 4) {
            unsigned digit = 0;
            for (std::size_t i = column; i < column + 4; ++i)
                // The lowest bit of a byte is whether the module is dark: qrencode.h.
                digit = digit << 1 | (i < side ? code->data[row * side + i] & 1U : 0U);
            rows += "0123456789abcdef"[digit];
        }
    }
    return rows;
}

} // namespace jit::daemon
