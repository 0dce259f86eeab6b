// Varlink calls as the PAM module writes them: JSON in a fixed buffer, without allocation.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace jit::ipc {

enum class CallMode {
    once,   // one reply
    more,   // replies until one without "continues"
    oneway, // no reply
};

// Members are written in the order of the calls. What does not fit makes the whole call fail:
// half a call is never sent.
class CallWriter
{
  public:
    CallWriter(std::string_view method, CallMode mode);

    // Somebody's or something's name: exactly as it is. Longer than max_bytes or not UTF-8 fails
    // the call, for another name would name another one.
    CallWriter &name(std::string_view member, std::string_view value, std::size_t max_bytes = 64);
    // As name(), left out when empty.
    CallWriter &name_if(std::string_view member, std::string_view value,
                        std::size_t max_bytes = 64);
    CallWriter &names(std::string_view member, std::span<const std::string_view> values);
    // A hint for people and logs: cut to max_bytes, '?' for what is not UTF-8, left out when empty.
    CallWriter &hint(std::string_view member, std::string_view value, std::size_t max_bytes);
    CallWriter &number(std::string_view member, std::int64_t value);
    CallWriter &flag_if(std::string_view member, bool is_set); // left out when it is not

    // The frame with its NUL; empty if anything failed. Valid while the writer lives.
    std::string_view finish();

  private:
    void put(std::string_view text);
    void put_point(char32_t point, std::string_view bytes);
    void put_string(std::string_view value, std::size_t max_bytes, bool exact);
    void open_member(std::string_view member);

    std::array<char, 8192> bytes_;
    std::size_t size_ = 0;
    CallMode mode_;
    bool first_ = true;
    bool failed_ = false;
};

} // namespace jit::ipc
