#include "doctor/sudo_lines.h"

#include <algorithm>
#include <cctype>

namespace jit::doctor {

std::vector<SudoLine> read_sudo_lines(std::string_view text)
{
    std::vector<SudoLine> lines;
    std::string joined;
    int number = 0;
    int first = 1;
    while (!text.empty()) {
        ++number;
        std::string_view line = text.substr(0, text.find('\n'));
        text.remove_prefix(std::min(line.size() + 1, text.size()));
        const bool goes_on = line.ends_with('\\');
        if (goes_on)
            line.remove_suffix(1);
        joined += line;
        joined += ' ';
        if (goes_on && !text.empty())
            continue;
        // These two are no comments.
        const bool is_include = joined.starts_with("#include");
        for (std::size_t at = joined.find('#', is_include ? 1 : 0); at != joined.npos;
             at = joined.find('#', at + 1))
            if (at + 1 >= joined.size() ||
                std::isdigit(static_cast<unsigned char>(joined[at + 1])) == 0) {
                joined.resize(at);
                break;
            }
        lines.push_back({first, std::move(joined)});
        joined.clear();
        first = number + 1;
    }
    return lines;
}

} // namespace jit::doctor
