#include "policy/common_text.h"

#include <algorithm>
#include <vector>

namespace jit::policy {

namespace {

constexpr std::string_view wildcards = "*?";

// Takes away what both begin with, as long as each has just one character to match there.
//   returns  false: they begin in two ways
bool drop_common_start(std::string_view &a, std::string_view &b)
{
    while (!a.empty() && !b.empty() && a.front() != '*' && b.front() != '*') {
        if (a.front() != b.front() && a.front() != '?' && b.front() != '?')
            return false;
        a.remove_prefix(1);
        b.remove_prefix(1);
    }
    return true;
}

bool drop_common_end(std::string_view &a, std::string_view &b)
{
    while (!a.empty() && !b.empty() && a.back() != '*' && b.back() != '*') {
        if (a.back() != b.back() && a.back() != '?' && b.back() != '?')
            return false;
        a.remove_suffix(1);
        b.remove_suffix(1);
    }
    return true;
}

bool is_all_stars(std::string_view glob)
{
    return glob.find_first_not_of('*') == std::string_view::npos;
}

} // namespace

bool have_common_text(std::string_view a, std::string_view b)
{
    if (!drop_common_start(a, b) || !drop_common_end(a, b))
        return false;
    if (a.empty() || b.empty())
        return is_all_stars(a) && is_all_stars(b);
    // A star at one end of each, as a rule: what the others end with goes into it.
    if (is_all_stars(a) || is_all_stars(b))
        return true;
    // Which beginnings of b go with the beginning of a that was looked at so far. A star may match
    // nothing, or swallow one step of the other, be it a star itself.
    std::vector<char> reached(b.size() + 1, 0);
    reached[0] = 1;
    for (std::size_t i = 0;; ++i) {
        const bool is_over = i == a.size();
        const bool is_star = !is_over && a[i] == '*';
        for (std::size_t j = 0; j < b.size(); ++j)
            if (reached[j] != 0 && (is_star || b[j] == '*'))
                reached[j + 1] = 1;
        if (is_over)
            return reached[b.size()] != 0;
        if (is_star)
            continue; // a step of b that it swallows is none of a
        for (std::size_t j = b.size(); j > 0; --j) {
            const bool stays = j < b.size() && b[j] == '*' && reached[j] != 0;
            const bool goes = b[j - 1] != '*' && reached[j - 1] != 0 &&
                              (a[i] == b[j - 1] || a[i] == '?' || b[j - 1] == '?');
            reached[j] = stays || goes ? 1 : 0;
        }
        reached[0] = b[0] == '*' && reached[0] != 0 ? 1 : 0;
    }
}

std::string_view stem_of(std::string_view glob)
{
    return glob.substr(0, glob.find_first_of(wildcards));
}

} // namespace jit::policy
