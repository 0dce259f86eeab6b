// Text in a buffer of fixed size: no allocation, no exception, always NUL-terminated.
#pragma once

#include <charconv>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

#include "lib/base/utf8.h"

namespace jit {

template <std::size_t capacity> class FixedText
{
  public:
    FixedText() { bytes_[0] = '\0'; }

    std::string_view view() const { return {bytes_, size_}; }
    const char *c_str() const { return bytes_; }
    bool empty() const { return size_ == 0; }
    std::size_t size() const { return size_; }
    void clear() { cut(0); }

    // All or nothing: false, and empty, when it does not fit.
    bool set(std::string_view text)
    {
        clear();
        return append(text);
    }
    // All or nothing: false, and unchanged, when it does not fit.
    bool append(std::string_view text)
    {
        if (text.size() > capacity - size_)
            return false;
        if (!text.empty())
            std::memcpy(bytes_ + size_, text.data(), text.size());
        cut(size_ + text.size());
        return true;
    }

    // The same, before what stands at a place.
    bool insert(std::size_t at, std::string_view text)
    {
        if (at > size_ || text.size() > capacity - size_)
            return false;
        std::memmove(bytes_ + at + text.size(), bytes_ + at, size_ - at);
        std::memcpy(bytes_ + at, text.data(), text.size());
        cut(size_ + text.size());
        return true;
    }

    // Our own words: what no longer fits is left away.
    FixedText &add(std::string_view text)
    {
        while (!text.empty()) {
            char32_t point = 0;
            const std::size_t found = utf8_front(text, point);
            const std::size_t length = found == 0 ? 1 : found;
            if (!append({text.data(), length}))
                break;
            text.remove_prefix(length);
        }
        return *this;
    }
    // Words from outside, at most max_bytes of them, fit for a terminal: what is unsafe or not
    // UTF-8 becomes '?'.
    FixedText &add_safe(std::string_view text, std::size_t max_bytes)
    {
        std::size_t used = 0;
        while (!text.empty()) {
            char32_t point = 0;
            const std::size_t length = utf8_front(text, point);
            const bool bad = length == 0 || is_unsafe_point(point);
            const std::string_view piece{bad ? "?" : text.data(), bad ? 1 : length};
            if (used + piece.size() > max_bytes || !append(piece))
                break;
            used += piece.size();
            text.remove_prefix(length == 0 ? 1 : length);
        }
        return *this;
    }
    FixedText &add_number(std::int64_t number)
    {
        char digits[24];
        const auto done = std::to_chars(digits, digits + sizeof digits, number);
        return add({digits, static_cast<std::size_t>(done.ptr - digits)});
    }

  private:
    void cut(std::size_t size)
    {
        size_ = size;
        bytes_[size_] = '\0';
    }

    std::size_t size_ = 0;
    char bytes_[capacity + 1];
};

} // namespace jit
