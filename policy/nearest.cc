#include "policy/nearest.h"

#include <algorithm>
#include <array>

namespace jit::policy {

namespace {

constexpr std::size_t max_length = 40; // longer than any word of ours

std::size_t distance(std::string_view a, std::string_view b)
{
    using Row = std::array<std::size_t, max_length + 1>;
    Row before_last{};
    Row last{};
    Row row{};
    for (std::size_t j = 0; j <= b.size(); ++j)
        row[j] = j;
    for (std::size_t i = 1; i <= a.size(); ++i) {
        before_last = last;
        last = row;
        row[0] = i;
        for (std::size_t j = 1; j <= b.size(); ++j) {
            const std::size_t changed = a[i - 1] == b[j - 1] ? 0 : 1;
            row[j] = std::min({last[j] + 1, row[j - 1] + 1, last[j - 1] + changed});
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
                row[j] = std::min(row[j], before_last[j - 2] + 1);
        }
    }
    return row[b.size()];
}

} // namespace

std::string_view nearest(std::string_view word, std::span<const std::string_view> known)
{
    if (word.empty() || word.size() > max_length)
        return {};
    std::size_t best = std::max<std::size_t>(1, word.size() / 3) + 1;
    std::string_view found;
    for (const std::string_view candidate : known) {
        if (candidate.size() > max_length)
            continue;
        const std::size_t far = distance(word, candidate);
        if (far < best) {
            best = far;
            found = candidate;
        }
    }
    return found;
}

std::string suggest(std::string_view word, std::span<const std::string_view> known)
{
    const std::string_view meant = nearest(word, known);
    return meant.empty() ? std::string{} : ", did you mean \"" + std::string{meant} + "\"?";
}

} // namespace jit::policy
