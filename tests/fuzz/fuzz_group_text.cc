// Any bytes as a group file, after a first line with a user and a group: a member that is added is
// listed, one that is removed is not, and no byte of any other line changes.
#include <cstdint>
#include <string>
#include <vector>

#include "jit_grantd/group_text.h"
#include "lib/base/text.h"
#include "tests/fuzz/expect.h"

using namespace jit;
using namespace jit::grantd;

namespace {

std::vector<std::string_view> split(std::string_view text)
{
    std::vector<std::string_view> lines;
    for (std::size_t at = 0; at <= text.size();) {
        const std::size_t end = std::min(text.find('\n', at), text.size());
        lines.push_back(text.substr(at, end - at));
        at = end + 1;
    }
    return lines;
}

bool is_of(std::string_view line, std::string_view group)
{
    const std::size_t start = std::min(line.find_first_not_of(" \t\v\f\r"), line.size());
    return line.substr(start).starts_with(std::string{group} + ":");
}

void expect_only_its_lines_differ(std::string_view a, std::string_view b, std::string_view group)
{
    const auto before = split(a);
    const auto after = split(b);
    expect(before.size() == after.size());
    for (std::size_t i = 0; i < before.size(); ++i) {
        expect(before[i] == after[i] || (is_of(before[i], group) && is_of(after[i], group)));
        // All but the members stays in its own line, too.
        if (before[i] != after[i]) {
            std::size_t colon = 0;
            for (int n = 0; n < 3; ++n)
                colon = before[i].find(':', colon) + 1;
            expect(before[i].substr(0, colon) == after[i].substr(0, colon));
        }
    }
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t *data, std::size_t size)
{
    const std::string_view all{reinterpret_cast<const char *>(data), size};
    const std::size_t newline = all.find('\n');
    if (newline == all.npos)
        return 0;
    const std::string_view head = all.substr(0, newline);
    const std::string_view text = all.substr(newline + 1);
    const std::size_t blank = head.find(' ');
    if (blank == head.npos)
        return 0;
    const Memberships::Name name{std::string{head.substr(0, blank)},
                                 std::string{head.substr(blank + 1)}};
    const bool was_listed = lists_member(text, name);
    const auto added = add_member(text, name);
    if (added) {
        expect(is_name(name.user) && is_name(name.group) && has_group_line(text, name.group));
        expect(lists_member(*added, name));
        expect_only_its_lines_differ(text, *added, name.group);
        expect(!was_listed || *added == text);
        const auto twice = add_member(*added, name);
        expect(twice.has_value() && *twice == *added);
        if (!was_listed)
            expect(remove_member(*added, name) == text);
    }
    if (!is_name(name.user) || !is_name(name.group))
        return 0;
    const std::string removed = remove_member(text, name);
    expect(!lists_member(removed, name));
    expect(was_listed || removed == text);
    expect_only_its_lines_differ(text, removed, name.group);
    expect(has_group_line(text, name.group) == has_group_line(removed, name.group));
    return 0;
}
