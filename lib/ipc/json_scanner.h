// A strict reader of JSON (RFC 8259) over bytes in memory, without allocation: for the PAM module,
// which lives in other people's programs. The daemons read with a library; the tests hold the two
// against each other.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "lib/base/fixed_text.h"
#include "lib/ipc/limits.h"

namespace jit::ipc {

inline constexpr std::size_t max_members = 64; // of one object; no reply of ours has 20

// What stands between the quotes, already checked; escapes not yet resolved.
class RawString
{
  public:
    RawString() = default;
    explicit RawString(std::string_view raw) : raw_(raw) {}

    // The next character; nothing at the end.
    std::optional<char32_t> next();
    std::string_view raw() const { return raw_; }

  private:
    std::string_view raw_;
};

bool is_same(RawString a, RawString b);
bool is_same(RawString a, std::string_view text);

// False, and empty, when the text does not fit.
template <std::size_t n> bool decode(RawString from, FixedText<n> &to)
{
    to.clear();
    while (const auto point = from.next()) {
        char bytes[4];
        if (!to.append({bytes, utf8_put(*point, bytes)})) {
            to.clear();
            return false;
        }
    }
    return true;
}

// Keeps what fits, in whole characters.
template <std::size_t n> void decode_cut(RawString from, FixedText<n> &to)
{
    to.clear();
    while (const auto point = from.next()) {
        char bytes[4];
        if (!to.append({bytes, utf8_put(*point, bytes)}))
            return;
    }
}

// Reads forward, once. Each function takes one value and says whether it stood there; after a
// false nothing more is to be read. Refused: more than max_depth, a member named twice in one
// object, more than max_members, numbers that are not integers of 64 bits, \u0000, lone
// surrogates, invalid UTF-8.
class JsonScanner
{
  public:
    enum class Kind {
        object,
        array,
        string,
        integer,
        boolean,
        null,
        none, // nothing that can begin a value
    };

    // At most max_frame_bytes; longer text has no values.
    explicit JsonScanner(std::string_view text)
        : text_(text.size() <= max_frame_bytes ? text : std::string_view{})
    {
    }

    Kind peek();
    bool read_string(RawString &out);
    bool read_integer(std::int64_t &out);
    bool read_boolean(bool &out);
    bool read_null();
    bool skip();   // one value of any kind
    bool at_end(); // nothing but white space is left

    // Calls member(key) before each value; it must read the value and return true.
    template <typename Member> bool read_object(Member &&member)
    {
        if (!enter('{'))
            return false;
        if (take('}'))
            return leave();
        Keys keys;
        do {
            RawString key;
            if (!read_string(key) || !keys.add(text_, key) || !take(':') || !member(key))
                return false;
        } while (take(','));
        return take('}') && leave();
    }

    // Calls element() before each value; it must read the value and return true.
    template <typename Element> bool read_array(Element &&element)
    {
        if (!enter('['))
            return false;
        if (take(']'))
            return leave();
        do {
            if (!element())
                return false;
        } while (take(','));
        return take(']') && leave();
    }

  private:
    // The keys met so far in one object, as places in the text.
    class Keys
    {
      public:
        bool add(std::string_view text, RawString key);

      private:
        struct Place {
            std::uint16_t at;
            std::uint16_t length;
        };
        std::array<Place, max_members> places_;
        std::size_t count_ = 0;
    };

    void skip_space();
    bool take(char c);
    bool take_word(std::string_view word);
    bool enter(char c) { return take(c) && ++depth_ <= max_depth; }
    bool leave()
    {
        --depth_;
        return true;
    }
    std::string_view rest() const { return {text_.data() + at_, text_.size() - at_}; }

    std::string_view text_;
    std::size_t at_ = 0;
    unsigned depth_ = 0;
};

} // namespace jit::ipc
