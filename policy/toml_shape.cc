#include "policy/toml_shape.h"

namespace jit::policy {

namespace {

constexpr unsigned max_dots = 16;
constexpr std::string_view byte_order_mark = "\xEF\xBB\xBF";

// Lines and columns as the library counts them: a column is a character, not a byte.
ShapeFault fault_at(std::string_view text, std::size_t at, const char *what)
{
    ShapeFault fault{1, 1, what};
    for (const char c : text.substr(0, at)) {
        const bool goes_on = (static_cast<unsigned char>(c) & 0xC0U) == 0x80;
        fault.column = c == '\n' ? 1 : fault.column + (goes_on ? 0 : 1);
        fault.line += c == '\n' ? 1 : 0;
    }
    return fault;
}

bool is_ascii(char c)
{
    return static_cast<unsigned char>(c) < 0x80;
}

// Follows strings and comments just as far as is needed to tell a key from a text. On text that is
// not TOML it may lose its way, but not before the library stops there too.
class Outline
{
  public:
    explicit Outline(std::string_view text) : text_(text)
    {
        at_ = text.starts_with(byte_order_mark) ? byte_order_mark.size() : 0;
    }

    std::optional<ShapeFault> find_fault()
    {
        while (at_ < text_.size()) {
            const char c = text_[at_];
            if (c == '#') {
                skip_comment();
                continue;
            }
            if (c == '"' || c == '\'') {
                skip_string(c);
                if (bad_escape_ > 0)
                    return fault_at(text_, bad_escape_,
                                    "a character outside of ASCII after a backslash, expected a "
                                    "plain one");
                continue;
            }
            // TOML has none there, and the library's table of white space is undefined for some.
            if (!is_ascii(c))
                return fault_at(text_, at_,
                                "a character outside of ASCII, expected such only in strings and "
                                "comments");
            if (c == '\n')
                dots_ = 0;
            // The library frees its tables by recursion, and up to version 3.4 does not cap dotted
            // keys.
            if (c == '.' && ++dots_ > max_dots)
                return fault_at(text_, at_,
                                "more than 16 dots outside of strings on a line, expected a short "
                                "key");
            ++at_;
        }
        return std::nullopt;
    }

  private:
    void skip_comment()
    {
        while (at_ < text_.size() && text_[at_] != '\n')
            ++at_;
    }

    void skip_string(char quote)
    {
        const std::string triple(3, quote);
        const bool is_long = text_.substr(at_, 3) == triple;
        at_ += is_long ? 3 : 1;
        while (at_ < text_.size()) {
            const char c = text_[at_];
            if (quote == '"' && c == '\\') {
                ++at_; // what is escaped ends nothing, but a line break is looked at below
                note_escape();
                if (at_ < text_.size() && text_[at_] != '\n')
                    ++at_;
            } else if (is_long && text_.substr(at_, 3) == triple) {
                // Up to two quotes of the text itself may stand before the three that end it.
                while (at_ < text_.size() && text_[at_] == quote)
                    ++at_;
                return;
            } else if (!is_long && (c == quote || c == '\n')) {
                at_ += c == quote ? 1 : 0;
                return;
            } else {
                dots_ = c == '\n' ? 0 : dots_;
                ++at_;
            }
        }
    }

    // After a backslash the library skips white space, also over lines, and asks the same table
    // about the first character that is none.
    void note_escape()
    {
        const std::size_t next = text_.find_first_not_of(" \t\r\n\v\f", at_);
        if (bad_escape_ == 0 && next != std::string_view::npos && !is_ascii(text_[next]))
            bad_escape_ = next;
    }

    std::string_view text_;
    std::size_t at_ = 0;
    std::size_t bad_escape_ = 0; // where; 0: none
    unsigned dots_ = 0;
};

} // namespace

std::optional<ShapeFault> find_shape_fault(std::string_view text)
{
    if (text.size() > max_file_bytes)
        return ShapeFault{0, 0, "the file is longer than 1 MiB"};
    if (const std::size_t nul = text.find('\0'); nul != std::string_view::npos)
        return fault_at(text, nul, "a NUL byte, expected text");
    return Outline{text}.find_fault();
}

} // namespace jit::policy
