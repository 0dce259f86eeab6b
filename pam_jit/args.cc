#include "pam_jit/args.h"

#include <cstddef>
#include <cstdint>

#include "pam_jit/names.h"

namespace jit::pam {

namespace {

// A socket's path with its NUL has 108 bytes: unix(7).
constexpr std::size_t max_path_bytes = 107;

bool is_service_list(std::string_view text)
{
    bool is_empty = true; // the element being read
    for (const char c : text) {
        if (c == ',' && is_empty)
            return false;
        is_empty = c == ',';
        if (!is_empty && !is_letter(c) && !is_digit(c) && c != '_' && c != '.' && c != '-')
            return false;
    }
    return !is_empty;
}

bool set_text(std::string_view &to, bool &seen, std::string_view value, bool is_good)
{
    const bool take = is_good && !seen;
    seen = true;
    if (take)
        to = value;
    return take;
}

bool set_flag(bool &flag)
{
    const bool first = !flag;
    flag = true;
    return first;
}

struct Seen {
    bool role = false;
    bool only = false;
    bool socket = false;
    bool fast = false;
    bool timeout = false;
};

bool take_value(std::string_view key, std::string_view value, Arguments &out, Seen &seen)
{
    if (key == "role")
        return set_text(out.role, seen.role, value, is_name(value));
    if (key == "only")
        return set_text(out.only, seen.only, value, is_service_list(value));
    if (key == "socket")
        return set_text(out.socket, seen.socket, value,
                        begins_with(value, "/") && value.size() <= max_path_bytes);
    const auto wait = parse_wait(value);
    if (key == "fast" && wait && set_flag(seen.fast)) {
        out.fast = *wait;
        return true;
    }
    if (key == "timeout" && wait && set_flag(seen.timeout)) {
        out.timeout = *wait;
        return true;
    }
    return false;
}

bool take_argument(std::string_view text, Arguments &out, Seen &seen)
{
    if (text == "proven")
        return set_flag(out.proven);
    if (text == "observe")
        return set_flag(out.observe);
    if (text == "quiet")
        return set_flag(out.quiet);
    if (text == "debug")
        return set_flag(out.debug);
    for (std::size_t i = 0; i < text.size(); ++i)
        if (text[i] == '=')
            return take_value({text.data(), i}, without_front(text, i + 1), out, seen);
    return false;
}

bool is_same_service(std::string_view a, std::string_view b)
{
    // libpam writes service names in lower case; the line may not.
    const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; };
    if (a.size() != b.size())
        return false;
    for (std::size_t i = 0; i < a.size(); ++i)
        if (lower(a[i]) != lower(b[i]))
            return false;
    return true;
}

} // namespace

Arguments parse_arguments(std::span<const char *const> arguments)
{
    Arguments out;
    Seen seen;
    for (const char *argument : arguments)
        if (!take_argument(argument, out, seen) && out.bad == nullptr)
            out.bad = argument;
    return out;
}

bool is_left_out(const Arguments &arguments, std::string_view service)
{
    if (arguments.only.empty())
        return false;
    std::string_view left = arguments.only;
    while (!left.empty()) {
        std::size_t length = 0;
        while (length < left.size() && left[length] != ',')
            ++length;
        const std::string_view named{left.data(), length};
        if (is_same_service(named, service))
            return false;
        // A service of some commands is sudo's too, and sudo-i is another that can be left out.
        if (is_same_service(named, "sudo") && is_sudo(service) && service != "sudo-i")
            return false;
        left.remove_prefix(length == left.size() ? length : length + 1);
    }
    return true;
}

std::optional<std::chrono::seconds> parse_wait(std::string_view text)
{
    constexpr std::int64_t longest = 86400;
    constexpr char letters[] = {'d', 'h', 'm', 's'};
    constexpr std::int64_t seconds[] = {86400, 3600, 60, 1};
    std::int64_t total = 0;
    std::size_t unit = 0;
    while (!text.empty()) {
        std::int64_t number = 0;
        std::size_t digits = 0;
        while (digits < text.size() && is_digit(text[digits])) {
            number = number * 10 + (text[digits] - '0');
            if (++digits > 6)
                return std::nullopt;
        }
        if (digits == 0 || digits == text.size())
            return std::nullopt;
        while (unit < 4 && letters[unit] != text[digits])
            ++unit;
        if (unit == 4)
            return std::nullopt;
        total += number * seconds[unit++];
        if (total > longest)
            return std::nullopt;
        text.remove_prefix(digits + 1);
    }
    if (total == 0)
        return std::nullopt;
    return std::chrono::seconds{total};
}

} // namespace jit::pam
