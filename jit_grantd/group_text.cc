#include "jit_grantd/group_text.h"

#include <algorithm>
#include <vector>

#include "lib/base/text.h"

namespace jit::grantd {

namespace {

constexpr std::string_view blanks = " \t\n\v\f\r";

// A part of the text, by its place in it.
struct Span {
    std::size_t begin = 0;
    std::size_t end = 0;
};

std::string_view part(std::string_view text, Span span)
{
    return text.substr(span.begin, span.end - span.begin);
}

// Calls each(line) for the group's lines, without their newlines. The C library skips blanks before
// a line.
template <typename Each>
void for_each_line(std::string_view text, std::string_view group, Each each)
{
    for (std::size_t begin = 0; begin < text.size();) {
        const std::size_t newline = text.find('\n', begin);
        const Span line{begin, newline == text.npos ? text.size() : newline};
        const std::size_t start = text.find_first_not_of(blanks, begin);
        if (start < line.end && part(text, {start, line.end}).starts_with(group) &&
            start + group.size() < line.end && text[start + group.size()] == ':')
            each(line);
        begin = line.end + 1;
    }
}

// The fourth field and what may follow it; empty, at the line's end, where there is none.
Span members_of(std::string_view text, Span line)
{
    std::size_t at = line.begin;
    for (int colon = 0; colon < 3; ++colon) {
        at = text.find(':', at);
        if (at >= line.end)
            return {line.end, line.end};
        ++at;
    }
    return {at, line.end};
}

// Calls each(whole, name) for each member: what lies between the commas, and of it what the C
// library takes for the name. Returns whether one call did.
template <typename Each> bool any_member(std::string_view text, Span members, Each each)
{
    for (std::size_t begin = members.begin; begin <= members.end;) {
        const std::size_t comma = std::min(text.find(',', begin), members.end);
        const std::size_t start = std::min(text.find_first_not_of(blanks, begin), comma);
        if (each(Span{begin, comma}, part(text, {start, comma})))
            return true;
        begin = comma + 1;
    }
    return false;
}

bool lists(std::string_view text, Span members, std::string_view user)
{
    return any_member(text, members, [&](Span, std::string_view name) { return name == user; });
}

// What we write into must be a line that every reader reads as we do.
bool is_plain(std::string_view text, Span line)
{
    const std::string_view whole = part(text, line);
    return std::count(whole.begin(), whole.end(), ':') == 3 &&
           std::all_of(whole.begin(), whole.end(),
                       [](char c) { return static_cast<unsigned char>(c) > ' ' && c != '\x7f'; });
}

// The span of one member to cut out, with the comma that stands before it or else behind it.
Span with_comma(Span members, Span member)
{
    if (member.begin > members.begin)
        return {member.begin - 1, member.end};
    return {member.begin, std::min(member.end + 1, members.end)};
}

} // namespace

bool lists_member(std::string_view text, const Memberships::Name &name)
{
    bool is_listed = false;
    for_each_line(text, name.group, [&](Span line) {
        is_listed = is_listed || lists(text, members_of(text, line), name.user);
    });
    return is_listed;
}

bool has_group_line(std::string_view text, std::string_view group)
{
    bool has_line = false;
    for_each_line(text, group, [&](Span) { has_line = true; });
    return has_line;
}

Result<std::string> add_member(std::string_view text, const Memberships::Name &name)
{
    if (!is_name(name.user) || !is_name(name.group))
        return Error{Code::bad_input, "not a name of a user or group"};
    if (text.size() + name.user.size() + 1 > max_group_text)
        return Error{Code::bad_input, "the group file is too large"};
    if (text.find('\0') != text.npos)
        return Error{Code::bad_input, "the group file holds a NUL"};
    std::vector<Span> lines;
    for_each_line(text, name.group, [&](Span line) { lines.push_back(line); });
    if (lines.empty())
        return Error{Code::not_found, "the group is not in the group file"};
    if (lines.size() > 1)
        return Error{Code::bad_input, "the group is in the group file more than once"};
    const Span line = lines.front();
    if (!is_plain(text, line))
        return Error{Code::bad_input, "the group's line in the group file is not understood"};
    const Span members = members_of(text, line);
    std::string made{text};
    if (lists(text, members, name.user))
        return made;
    const bool is_first = members.begin == members.end;
    return made.insert(line.end, (is_first ? "" : ",") + name.user);
}

std::string remove_member(std::string_view text, const Memberships::Name &name)
{
    std::string made{text};
    // One at a time: a cut moves what is behind it.
    for (bool is_cut = true; is_cut;) {
        is_cut = false;
        Span cut;
        for_each_line(made, name.group, [&](Span line) {
            const Span members = members_of(made, line);
            is_cut = is_cut || any_member(made, members, [&](Span whole, std::string_view member) {
                         cut = with_comma(members, whole);
                         return member == name.user;
                     });
        });
        if (is_cut)
            made.erase(cut.begin, cut.end - cut.begin);
    }
    return made;
}

} // namespace jit::grantd
