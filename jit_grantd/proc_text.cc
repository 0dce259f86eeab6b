#include "jit_grantd/proc_text.h"

#include <array>
#include <charconv>

namespace jit::grantd {

namespace {

constexpr int start_field = 22; // of stat, counted from 1; the name is the second

std::string_view take_word(std::string_view &text)
{
    const std::size_t from = text.find_first_not_of(" \t");
    if (from == text.npos) {
        text = {};
        return {};
    }
    text.remove_prefix(from);
    const std::size_t end = std::min(text.find_first_of(" \t\n"), text.size());
    const std::string_view word = text.substr(0, end);
    text.remove_prefix(end);
    return word;
}

template <typename Number> bool read_number(std::string_view word, Number &out)
{
    const auto read = std::from_chars(word.data(), word.data() + word.size(), out);
    return !word.empty() && read.ec == std::errc{} && read.ptr == word.data() + word.size();
}

// What stands behind "NAME:" at the start of a line, up to its end.
std::optional<std::string_view> find_line(std::string_view text, std::string_view name)
{
    while (!text.empty()) {
        const std::size_t end = std::min(text.find('\n'), text.size());
        const std::string_view line = text.substr(0, end);
        if (line.starts_with(name))
            return line.substr(name.size());
        text.remove_prefix(std::min(end + 1, text.size()));
    }
    return std::nullopt;
}

constexpr Error no_process{Code::bad_input, "not what /proc has of a process"};

} // namespace

Result<Process> parse_stat(std::string_view text)
{
    const std::size_t open = text.find(" (");
    const std::size_t close = text.rfind(") ");
    Process process;
    if (open == text.npos || close == text.npos || close < open + 2 ||
        !read_number(text.substr(0, open), process.pid))
        return no_process;
    process.name = text.substr(open + 2, close - open - 2);
    std::string_view rest = text.substr(close + 2);
    std::string_view word;
    for (int field = 3; field <= start_field; ++field)
        word = take_word(rest);
    if (!read_number(word, process.start))
        return no_process;
    return process;
}

Result<void> parse_status(std::string_view text, Process &process)
{
    const auto uids = find_line(text, "Uid:");
    const auto gids = find_line(text, "Gid:");
    const auto groups = find_line(text, "Groups:");
    if (!uids || !gids || !groups)
        return no_process;
    std::string_view rest = *uids;
    if (!read_number(take_word(rest), process.real) ||
        !read_number(take_word(rest), process.effective))
        return no_process;
    rest = *gids;
    gid_t gid = 0;
    (void)take_word(rest); // the real one gives no rights
    if (!read_number(take_word(rest), gid))
        return no_process;
    process.groups = {gid};
    rest = *groups;
    for (std::string_view word = take_word(rest); !word.empty(); word = take_word(rest)) {
        if (!read_number(word, gid))
            return no_process;
        process.groups.push_back(gid);
    }
    return {};
}

} // namespace jit::grantd
