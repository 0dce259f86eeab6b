#include "lib/ipc/qr_picture.h"

namespace jit::ipc {

namespace {

constexpr std::size_t margin = 2; // four are asked for; cameras read two

int digit_of(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

// Rows of one length, as many as a row has modules.
class Modules
{
  public:
    bool read(std::string_view rows)
    {
        std::size_t digits = 0;
        while (digits < rows.size() && rows[digits] != '/')
            ++digits;
        // side rows of digits, and what is between them
        side_ = (rows.size() + 1) / (digits + 1);
        if (side_ < 21 || side_ > max_qr_side || (side_ + 3) / 4 != digits ||
            side_ * (digits + 1) != rows.size() + 1)
            return false;
        for (std::size_t i = 0; i < rows.size(); ++i) {
            const bool is_between = i % (digits + 1) == digits;
            if (is_between ? rows[i] != '/' : digit_of(rows[i]) < 0)
                return false;
        }
        rows_ = rows;
        digits_ = digits;
        return true;
    }
    std::size_t side() const { return side_; }
    // Counted with the margin; outside all is bright.
    bool is_dark(std::size_t row, std::size_t column) const
    {
        if (row < margin || column < margin || row >= side_ + margin || column >= side_ + margin)
            return false;
        const std::size_t at = column - margin;
        const int digit = digit_of(rows_[(row - margin) * (digits_ + 1) + at / 4]);
        return (digit >> (3 - at % 4) & 1) != 0;
    }

  private:
    std::string_view rows_;
    std::size_t side_ = 0;
    std::size_t digits_ = 0;
};

} // namespace

bool draw_qr(std::string_view rows, QrPicture &picture)
{
    picture.clear();
    Modules modules;
    if (!modules.read(rows))
        return false;
    const std::size_t whole = modules.side() + 2 * margin;
    for (std::size_t row = 0; row < whole; row += 2) {
        for (std::size_t column = 0; column < whole; ++column) {
            const bool upper = modules.is_dark(row, column);
            const bool lower = row + 1 >= whole || modules.is_dark(row + 1, column);
            picture.add(upper ? (lower ? " " : "\u2584") : (lower ? "\u2580" : "\u2588"));
        }
        picture.add("\n");
    }
    return true;
}

} // namespace jit::ipc
