// Small questions about names, without allocation.
#pragma once

#include <cstddef>
#include <string_view>

namespace jit::pam {

inline bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

inline bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

// Of users, groups and roles: [a-zA-Z_][a-zA-Z0-9_.@-]*, 1 to 64 bytes.
inline bool is_name(std::string_view text)
{
    if (text.empty() || text.size() > 64 || !(is_letter(text[0]) || text[0] == '_'))
        return false;
    for (const char c : text)
        if (!is_letter(c) && !is_digit(c) && c != '_' && c != '.' && c != '@' && c != '-')
            return false;
    return true;
}

// Of requests and grants: 16 lower-case hex digits.
inline bool is_id(std::string_view text)
{
    if (text.size() != 16)
        return false;
    for (const char c : text)
        if (!is_digit(c) && !(c >= 'a' && c <= 'f'))
            return false;
    return true;
}

// The library's own starts_with() can call what throws, and needs its runtime when not optimised.
inline bool begins_with(std::string_view text, std::string_view front)
{
    return text.size() >= front.size() && std::string_view{text.data(), front.size()} == front;
}

// By which service sudo asks: its own two, and those that sudoers gives to some commands
// (jit-policy(5), pam_service).
inline bool is_sudo(std::string_view service)
{
    return service == "sudo" || begins_with(service, "sudo-");
}

inline bool is_su(std::string_view service)
{
    return service == "su" || service == "su-l";
}

// sshd's own, and those that sshd_config(5) gives to some logins (PAMServiceName).
inline bool is_sshd(std::string_view service)
{
    return service == "sshd" || begins_with(service, "sshd-");
}

inline std::string_view first_word(std::string_view text)
{
    std::size_t size = 0;
    while (size < text.size() && text[size] != ' ')
        ++size;
    return {text.data(), size};
}

inline std::string_view without_front(std::string_view text, std::size_t bytes)
{
    text.remove_prefix(bytes);
    return text;
}

} // namespace jit::pam
