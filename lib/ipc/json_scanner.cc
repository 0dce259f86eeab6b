#include "lib/ipc/json_scanner.h"

namespace jit::ipc {

namespace {

// The value of the four hex digits at the front; nothing if they are not there.
std::optional<char32_t> four_hex(std::string_view text)
{
    if (text.size() < 4)
        return std::nullopt;
    char32_t value = 0;
    for (std::size_t i = 0; i < 4; ++i) {
        const char c = text[i];
        unsigned digit = 0;
        if (c >= '0' && c <= '9')
            digit = static_cast<unsigned>(c - '0');
        else if (c >= 'a' && c <= 'f')
            digit = static_cast<unsigned>(c - 'a') + 10;
        else if (c >= 'A' && c <= 'F')
            digit = static_cast<unsigned>(c - 'A') + 10;
        else
            return std::nullopt;
        value = value * 16 + digit;
    }
    return value;
}

bool is_high(char32_t unit)
{
    return unit >= 0xD800 && unit <= 0xDBFF;
}

bool is_low(char32_t unit)
{
    return unit >= 0xDC00 && unit <= 0xDFFF;
}

std::string_view after(std::string_view text, std::size_t bytes)
{
    return {text.data() + bytes, text.size() - bytes};
}

// The character that the escape at the front stands for and the length of the escape; length 0 if
// it is none that we take.
std::size_t escape_front(std::string_view text, char32_t &point)
{
    if (text.size() < 2 || text[0] != '\\')
        return 0;
    switch (text[1]) {
    case '"':
    case '\\':
    case '/':
        point = static_cast<unsigned char>(text[1]);
        return 2;
    case 'b':
        point = '\b';
        return 2;
    case 'f':
        point = '\f';
        return 2;
    case 'n':
        point = '\n';
        return 2;
    case 'r':
        point = '\r';
        return 2;
    case 't':
        point = '\t';
        return 2;
    case 'u':
        break;
    default:
        return 0;
    }
    const auto first = four_hex(after(text, 2));
    if (!first || *first == 0 || is_low(*first))
        return 0;
    if (!is_high(*first)) {
        point = *first;
        return 6;
    }
    if (text.size() < 12 || text[6] != '\\' || text[7] != 'u')
        return 0;
    const auto second = four_hex(after(text, 8));
    if (!second || !is_low(*second))
        return 0;
    point = 0x10000 + ((*first - 0xD800) << 10) + (*second - 0xDC00);
    return 12;
}

bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

} // namespace

std::optional<char32_t> RawString::next()
{
    if (raw_.empty())
        return std::nullopt;
    char32_t point = 0;
    const std::size_t length =
        raw_[0] == '\\' ? escape_front(raw_, point) : utf8_front(raw_, point);
    if (length == 0) { // not reached: the scanner has checked it
        raw_ = {};
        return std::nullopt;
    }
    raw_.remove_prefix(length);
    return point;
}

bool is_same(RawString a, RawString b)
{
    for (;;) {
        const auto x = a.next();
        const auto y = b.next();
        if (x != y)
            return false;
        if (!x)
            return true;
    }
}

bool is_same(RawString a, std::string_view text)
{
    for (const char c : text) {
        const auto point = a.next();
        if (!point || *point != static_cast<unsigned char>(c))
            return false;
    }
    return !a.next();
}

bool JsonScanner::Keys::add(std::string_view text, RawString key)
{
    if (count_ == places_.size())
        return false;
    for (std::size_t i = 0; i < count_; ++i)
        if (is_same(key, RawString{{text.data() + places_[i].at, places_[i].length}}))
            return false;
    // Both fit in 16 bits: the text is at most 65536 bytes and the key stands after a quote.
    places_[count_++] = {static_cast<std::uint16_t>(key.raw().data() - text.data()),
                         static_cast<std::uint16_t>(key.raw().size())};
    return true;
}

void JsonScanner::skip_space()
{
    while (at_ < text_.size() &&
           (text_[at_] == ' ' || text_[at_] == '\t' || text_[at_] == '\n' || text_[at_] == '\r'))
        ++at_;
}

bool JsonScanner::take(char c)
{
    skip_space();
    if (at_ == text_.size() || text_[at_] != c)
        return false;
    ++at_;
    return true;
}

bool JsonScanner::take_word(std::string_view word)
{
    skip_space();
    const std::string_view left = rest();
    if (left.size() < word.size() || std::string_view{left.data(), word.size()} != word)
        return false;
    at_ += word.size();
    return true;
}

JsonScanner::Kind JsonScanner::peek()
{
    skip_space();
    if (at_ == text_.size())
        return Kind::none;
    switch (text_[at_]) {
    case '{':
        return Kind::object;
    case '[':
        return Kind::array;
    case '"':
        return Kind::string;
    case 't':
    case 'f':
        return Kind::boolean;
    case 'n':
        return Kind::null;
    default:
        return text_[at_] == '-' || is_digit(text_[at_]) ? Kind::integer : Kind::none;
    }
}

bool JsonScanner::read_string(RawString &out)
{
    if (!take('"'))
        return false;
    const std::size_t from = at_;
    while (at_ < text_.size() && text_[at_] != '"') {
        char32_t point = 0;
        std::size_t length = 0;
        if (text_[at_] == '\\')
            length = escape_front(rest(), point);
        else if (static_cast<unsigned char>(text_[at_]) >= 0x20)
            length = utf8_front(rest(), point);
        if (length == 0)
            return false;
        at_ += length;
    }
    if (at_ == text_.size())
        return false;
    out = RawString{{text_.data() + from, at_ - from}};
    ++at_;
    return true;
}

bool JsonScanner::read_integer(std::int64_t &out)
{
    skip_space();
    const bool negative = at_ < text_.size() && text_[at_] == '-';
    if (negative)
        ++at_;
    const std::size_t from = at_;
    constexpr std::uint64_t most = 0x7FFFFFFFFFFFFFFF;
    const std::uint64_t limit = negative ? most + 1 : most;
    std::uint64_t value = 0;
    for (; at_ < text_.size() && is_digit(text_[at_]); ++at_) {
        const auto digit = static_cast<std::uint64_t>(text_[at_] - '0');
        if (value > (limit - digit) / 10)
            return false;
        value = value * 10 + digit;
    }
    const std::size_t digits = at_ - from;
    if (digits == 0 || (digits > 1 && text_[from] == '0'))
        return false;
    if (at_ < text_.size() && (text_[at_] == '.' || text_[at_] == 'e' || text_[at_] == 'E'))
        return false;
    out = static_cast<std::int64_t>(negative ? ~value + 1 : value);
    return true;
}

bool JsonScanner::read_boolean(bool &out)
{
    out = take_word("true");
    return out || take_word("false");
}

bool JsonScanner::read_null()
{
    return take_word("null");
}

bool JsonScanner::skip()
{
    RawString string;
    std::int64_t integer = 0;
    bool boolean = false;
    switch (peek()) {
    case Kind::object:
        return read_object([this](RawString) { return skip(); });
    case Kind::array:
        return read_array([this] { return skip(); });
    case Kind::string:
        return read_string(string);
    case Kind::integer:
        return read_integer(integer);
    case Kind::boolean:
        return read_boolean(boolean);
    case Kind::null:
        return read_null();
    case Kind::none:
        break;
    }
    return false;
}

bool JsonScanner::at_end()
{
    skip_space();
    return at_ == text_.size();
}

} // namespace jit::ipc
