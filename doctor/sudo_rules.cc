#include "doctor/sudo_rules.h"

#include <algorithm>
#include <array>

namespace jit::doctor {

namespace {

constexpr int max_depth = 4;
constexpr std::size_t max_names = 4096; // that the members of one list stand for

bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r';
}

void skip_blanks(std::string_view &text)
{
    while (!text.empty() && is_blank(text.front()))
        text.remove_prefix(1);
}

bool take(std::string_view &text, char c)
{
    skip_blanks(text);
    if (!text.starts_with(c))
        return false;
    text.remove_prefix(1);
    return true;
}

// Up to one of these, outside of quotes and not behind a '\', neither of which stays; blanks become
// one.
std::string take_until(std::string_view &text, std::string_view ends)
{
    std::string out;
    bool is_quoted = false;
    while (!text.empty() && (is_quoted || ends.find(text.front()) == ends.npos)) {
        if (text.front() == '"') {
            is_quoted = !is_quoted;
        } else {
            if (text.front() == '\\' && text.size() > 1)
                text.remove_prefix(1);
            const bool is_more_blank =
                is_blank(text.front()) && !is_quoted && (out.empty() || is_blank(out.back()));
            if (!is_more_blank)
                out += text.front();
        }
        text.remove_prefix(1);
    }
    while (!out.empty() && is_blank(out.back()))
        out.pop_back();
    return out;
}

// "alice, %dba , !bob" up to what no comma goes on after.
constexpr std::string_view list_ends = " \t\r,=()";
constexpr std::string_view ends_with_colon = " \t\r,=():"; // where one parts what follows
std::vector<std::string> take_list(std::string_view &text, std::string_view ends = list_ends)
{
    std::vector<std::string> out;
    do {
        std::string member;
        while (take(text, '!'))
            member = member.empty() ? "!" : "";
        member += take_until(text, ends);
        if (!member.empty())
            out.push_back(std::move(member));
    } while (take(text, ','));
    return out;
}

std::string_view first_word(std::string_view text)
{
    return text.substr(0, text.find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZ_"));
}

// "NOPASSWD:", "CWD=/tmp", "sha256:abc": what may stand before a command.
void skip_tags(std::string_view &text, bool &asks_password)
{
    static constexpr std::array<std::string_view, 8> known{
        "EXEC", "PASSWD", "SETENV", "LOG_INPUT", "LOG_OUTPUT", "MAIL", "FOLLOW", "INTERCEPT"};
    for (;;) {
        skip_blanks(text);
        if (text.starts_with("sha") && text.substr(0, 7).find(':') != text.npos) {
            (void)take_until(text, " \t");
            (void)take(text, ',');
            continue;
        }
        const std::string_view word = first_word(text);
        std::string_view rest = text.substr(word.size());
        if (!word.empty() && rest.starts_with('=')) {
            text = rest;
            (void)take_until(text, " \t");
            continue;
        }
        const bool is_not = word.starts_with("NO") && word != "NO";
        const std::string_view tag = is_not ? word.substr(2) : word;
        if (std::find(known.begin(), known.end(), tag) == known.end() || !take(rest, ':'))
            return;
        if (tag == "PASSWD")
            asks_password = !is_not;
        text = rest;
    }
}

// "(postgres) NOPASSWD: /usr/bin/psql, /bin/ls": whom it runs as and tags hold on to the end.
void take_commands(std::string_view &text, std::vector<SudoCommand> &out)
{
    SudoCommand next;
    do {
        if (take(text, '(')) {
            next.runas = take_list(text, ends_with_colon);
            if (next.runas.empty())
                next.runas = {"root"}; // for a group alone it is oneself, which is less
            (void)take_until(text, ")");
            (void)take(text, ')');
        }
        skip_tags(text, next.asks_password);
        next.command = take_until(text, ",:");
        if (!next.command.empty())
            out.push_back(next);
    } while (take(text, ','));
}

} // namespace

bool SudoRules::add_alias(std::string_view line)
{
    const std::size_t end = line.find_first_of(" \t");
    const std::string_view word = line.substr(0, end);
    const bool is_other = word == "Host_Alias";
    const bool is_command = word == "Cmnd_Alias" || word == "Cmd_Alias";
    if (end == line.npos ||
        !(word == "User_Alias" || word == "Runas_Alias" || is_command || is_other))
        return false;
    line.remove_prefix(end);
    const Kind kind = is_command ? Kind::command : word == "Runas_Alias" ? Kind::runas : Kind::user;
    do {
        skip_blanks(line);
        const std::string name = take_until(line, "= \t");
        if (!take(line, '='))
            break;
        Names stands_for;
        if (is_command) {
            std::vector<SudoCommand> commands;
            take_commands(line, commands);
            for (SudoCommand &each : commands)
                stands_for.push_back(std::move(each.command));
        } else {
            stands_for = take_list(line, ends_with_colon);
        }
        if (!is_other)
            aliases_[{kind, name}] = std::move(stands_for);
    } while (take(line, ':'));
    return true;
}

void SudoRules::add(const std::string &file, std::string_view text)
{
    for (const SudoLine &each : read_sudo_lines(text)) {
        std::string_view line = each.text;
        skip_blanks(line);
        const bool is_setting =
            line.starts_with("Defaults") || line.starts_with('@') || line.starts_with("#include");
        if (line.empty() || is_setting || add_alias(line))
            continue;
        SudoRule rule{file + ":" + std::to_string(each.number), take_list(line), {}};
        do {
            (void)take_list(line); // hosts
            if (!take(line, '='))
                break;
            take_commands(line, rule.commands);
        } while (take(line, ':'));
        if (!rule.who.empty() && !rule.commands.empty())
            rules_.push_back(std::move(rule));
    }
}

void SudoRules::expand(Kind kind, const std::string &name, int depth, Names &out) const
{
    if (out.size() >= max_names)
        return;
    const bool is_not = name.starts_with('!');
    const auto found = aliases_.find({kind, is_not ? name.substr(1) : name});
    if (is_not || found == aliases_.end() || depth == max_depth) {
        out.push_back(name);
        return;
    }
    for (const std::string &each : found->second)
        expand(kind, each, depth + 1, out);
}

std::vector<SudoRule> SudoRules::all() const
{
    std::vector<SudoRule> out;
    for (const SudoRule &rule : rules_) {
        SudoRule made{rule.where, {}, {}};
        for (const std::string &each : rule.who)
            expand(Kind::user, each, 0, made.who);
        std::erase_if(made.who, [](const std::string &name) { return name.starts_with('!'); });
        for (const SudoCommand &each : rule.commands) {
            SudoCommand whole = each;
            whole.runas.clear();
            for (const std::string &user : each.runas)
                expand(Kind::runas, user, 0, whole.runas);
            Names commands;
            expand(Kind::command, each.command, 0, commands);
            for (std::string &command : commands) {
                whole.command = std::move(command);
                made.commands.push_back(whole);
            }
        }
        out.push_back(std::move(made));
    }
    return out;
}

} // namespace jit::doctor
