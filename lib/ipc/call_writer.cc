#include "lib/ipc/call_writer.h"

#include <charconv>
#include <cstring>

#include "lib/base/utf8.h"

namespace jit::ipc {

CallWriter::CallWriter(std::string_view method, CallMode mode) : mode_(mode)
{
    put("{\"method\":\"");
    put(method);
    put("\",\"parameters\":{");
}

void CallWriter::put(std::string_view text)
{
    if (failed_ || text.size() > bytes_.size() - size_) {
        failed_ = true;
        return;
    }
    if (!text.empty())
        std::memcpy(bytes_.data() + size_, text.data(), text.size());
    size_ += text.size();
}

void CallWriter::put_point(char32_t point, std::string_view bytes)
{
    static constexpr char digits[] = "0123456789abcdef";
    if (point == '"' || point == '\\') {
        put("\\");
        put(bytes);
    } else if (point < 0x20 || point == 0x7F) {
        const char escape[] = {'\\', 'u', '0', '0', digits[point >> 4], digits[point & 0xFU]};
        put({escape, sizeof escape});
    } else {
        put(bytes);
    }
}

void CallWriter::put_string(std::string_view value, std::size_t max_bytes, bool exact)
{
    if (exact && value.size() > max_bytes)
        failed_ = true;
    put("\"");
    std::size_t used = 0;
    while (!value.empty() && !failed_) {
        char32_t point = 0;
        const std::size_t found = utf8_front(value, point);
        // A NUL would end the name in every C program that reads it.
        const bool bad = found == 0 || point == 0;
        if (bad && exact)
            failed_ = true;
        const std::size_t length = found == 0 ? 1 : found;
        if (used + length > max_bytes)
            break;
        used += length;
        if (bad)
            put("?");
        else
            put_point(point, {value.data(), length});
        value.remove_prefix(length);
    }
    put("\"");
}

void CallWriter::open_member(std::string_view member)
{
    put(first_ ? "\"" : ",\"");
    first_ = false;
    put(member);
    put("\":");
}

CallWriter &CallWriter::name(std::string_view member, std::string_view value, std::size_t max_bytes)
{
    open_member(member);
    put_string(value, max_bytes, true);
    return *this;
}

CallWriter &CallWriter::name_if(std::string_view member, std::string_view value,
                                std::size_t max_bytes)
{
    return value.empty() ? *this : name(member, value, max_bytes);
}

CallWriter &CallWriter::names(std::string_view member, std::span<const std::string_view> values)
{
    open_member(member);
    put("[");
    for (std::size_t i = 0; i < values.size(); ++i) {
        if (i > 0)
            put(",");
        put_string(values[i], 64, true);
    }
    put("]");
    return *this;
}

CallWriter &CallWriter::hint(std::string_view member, std::string_view value, std::size_t max_bytes)
{
    if (!value.empty()) {
        open_member(member);
        put_string(value, max_bytes, false);
    }
    return *this;
}

CallWriter &CallWriter::flag_if(std::string_view member, bool is_set)
{
    if (is_set) {
        open_member(member);
        put("true");
    }
    return *this;
}

CallWriter &CallWriter::number(std::string_view member, std::int64_t value)
{
    open_member(member);
    char digits[24];
    const auto done = std::to_chars(digits, digits + sizeof digits, value);
    put({digits, static_cast<std::size_t>(done.ptr - digits)});
    return *this;
}

std::string_view CallWriter::finish()
{
    put("}");
    if (mode_ == CallMode::more)
        put(",\"more\":true");
    if (mode_ == CallMode::oneway)
        put(",\"oneway\":true");
    put("}");
    put({"\0", 1});
    return failed_ ? std::string_view{} : std::string_view{bytes_.data(), size_};
}

} // namespace jit::ipc
