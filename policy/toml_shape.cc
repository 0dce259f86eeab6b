#include "policy/toml_shape.h"

namespace jit::policy {

namespace {

constexpr unsigned max_dots = 16;

// Follows strings and comments just as far as is needed to tell a dot in a key from one in a text.
// On text that is not TOML it may lose its way, but not before the library stops there too.
class DotCounter
{
  public:
    explicit DotCounter(std::string_view text) : text_(text) {}

    // The line, from 1, that has too many; 0: none.
    unsigned find_line()
    {
        while (at_ < text_.size()) {
            const char c = text_[at_];
            if (c == '#')
                skip_comment();
            else if (c == '"' || c == '\'')
                skip_string(c);
            else
                step(c);
            if (dots_ > max_dots)
                return line_;
        }
        return 0;
    }

  private:
    void step(char c)
    {
        if (c == '\n') {
            ++line_;
            dots_ = 0;
        }
        dots_ += c == '.' ? 1 : 0;
        ++at_;
    }

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
                ++at_; // what is escaped ends nothing, but a line break still counts below
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
                line_ += c == '\n' ? 1 : 0;
                dots_ = c == '\n' ? 0 : dots_;
                ++at_;
            }
        }
    }

    std::string_view text_;
    std::size_t at_ = 0;
    unsigned line_ = 1;
    unsigned dots_ = 0;
};

} // namespace

std::optional<ShapeFault> find_shape_fault(std::string_view text)
{
    if (text.size() > max_file_bytes)
        return ShapeFault{0, 0, "the file is longer than 1 MiB"};

    unsigned line = 1;
    unsigned column = 1;
    for (const char c : text) {
        if (c == '\0')
            return ShapeFault{line, column, "a NUL byte, expected text"};
        column = c == '\n' ? 1 : column + 1;
        line += c == '\n' ? 1 : 0;
    }

    // The library frees its tables by recursion, and up to version 3.4 does not cap dotted keys.
    const unsigned dotted = DotCounter{text}.find_line();
    if (dotted > 0)
        return ShapeFault{dotted, 0, "more than 16 dots outside of strings, expected a short key"};
    return std::nullopt;
}

} // namespace jit::policy
