#include "tests/entra/odata_filter.h"

namespace jit::entra {

std::optional<std::map<std::string, std::string>> parse_filter(std::string_view text)
{
    constexpr std::string_view equals = " eq '";
    constexpr std::string_view joint = " and ";
    std::map<std::string, std::string> found;
    while (!text.empty()) {
        const std::size_t name_end = text.find(equals);
        if (name_end == std::string_view::npos || name_end == 0)
            return std::nullopt;
        const std::string name{text.substr(0, name_end)};
        text.remove_prefix(name_end + equals.size());
        const std::size_t value_end = text.find('\'');
        if (value_end == std::string_view::npos || name.find(' ') != std::string::npos ||
            !found.try_emplace(name, text.substr(0, value_end)).second)
            return std::nullopt;
        text.remove_prefix(value_end + 1);
        if (text.empty())
            break;
        if (text.substr(0, joint.size()) != joint || text.size() == joint.size())
            return std::nullopt;
        text.remove_prefix(joint.size());
    }
    return found;
}

} // namespace jit::entra
