#include "lib/oidc/graph_time.h"

#include <algorithm>
#include <string>

#include "lib/base/text.h"

namespace jit::oidc {

namespace {

constexpr std::size_t whole_bytes = std::string_view{"2026-03-17T09:41:05"}.size();
constexpr std::size_t max_digits = 9;

} // namespace

std::optional<WallTime> parse_graph_time(std::string_view text)
{
    if (text.size() <= whole_bytes || text.back() != 'Z')
        return std::nullopt;
    const std::string_view fraction = text.substr(whole_bytes, text.size() - whole_bytes - 1);
    if (!fraction.empty()) {
        const std::string_view digits = fraction.substr(1);
        if (fraction.front() != '.' || digits.empty() || digits.size() > max_digits ||
            !std::all_of(digits.begin(), digits.end(), [](char c) { return c >= '0' && c <= '9'; }))
            return std::nullopt;
    }
    return parse_time(std::string{text.substr(0, whole_bytes)} + "Z");
}

} // namespace jit::oidc
