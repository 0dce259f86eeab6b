#include "policy/sudo_rule.h"

#include <algorithm>
#include <array>

#include "lib/base/text.h"

namespace jit::policy {

namespace {

constexpr std::size_t max_rule_bytes = 512;
constexpr std::array<std::string_view, 8> known_tags{"EXEC",     "NOEXEC", "FOLLOW", "NOFOLLOW",
                                                     "NOPASSWD", "PASSWD", "SETENV", "NOSETENV"};

bool is_word(std::string_view text)
{
    return text == "ALL" || is_name(text);
}

// USER, USER:GROUP or :GROUP, each a name or ALL.
bool is_runas(std::string_view text)
{
    const std::size_t colon = text.find(':');
    const std::string_view user = text.substr(0, colon);
    if (colon == text.npos)
        return is_word(user);
    return (user.empty() || is_word(user)) && is_word(text.substr(colon + 1));
}

// Nothing that sudoers would end a command at, continue a line at or take for an alias or a
// comment; nor '^', where an argument is a pattern for a new sudo and plain text for an old one.
bool is_plain(std::string_view text)
{
    return std::all_of(text.begin(), text.end(), [](char c) {
        return c >= ' ' && c < '\x7f' && c != ',' && c != '!' && c != '#' && c != '\\' &&
               c != '"' && c != '=' && c != ':' && c != '%' && c != '@' && c != '^';
    });
}

bool is_command(std::string_view text)
{
    if (text == "ALL")
        return true;
    constexpr std::string_view edit = "sudoedit ";
    if (text.starts_with(edit))
        text.remove_prefix(edit.size());
    return text.size() > 1 && text[0] == '/' && is_plain(text) && !text.ends_with(' ') &&
           text.find("  ") == text.npos;
}

} // namespace

std::optional<SudoRule> parse_sudo_rule(std::string_view text)
{
    SudoRule rule;
    const std::size_t close = text.find(") ");
    if (text.size() > max_rule_bytes || !text.starts_with('(') || close == text.npos)
        return std::nullopt;
    rule.runas = text.substr(1, close - 1);
    text.remove_prefix(close + 2);
    for (std::size_t colon = text.find(": "); colon != text.npos; colon = text.find(": ")) {
        const std::string_view tag = text.substr(0, colon);
        if (std::find(known_tags.begin(), known_tags.end(), tag) == known_tags.end())
            return std::nullopt;
        rule.tags += std::string{tag} + ": ";
        text.remove_prefix(colon + 2);
    }
    rule.command = text;
    if (!is_runas(rule.runas) || !is_command(rule.command))
        return std::nullopt;
    return rule;
}

} // namespace jit::policy
