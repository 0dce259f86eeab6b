// How deep a JSON text nests, before a parser that recurses sees it.
#pragma once

#include <string_view>

namespace jit {

// Whether objects and arrays stand in each other at most so many levels deep. Brackets within
// strings do not count. Of a text that is not JSON it says something about its beginning at least:
// a parser stops at the first fault, and up to there the count is right.
inline bool is_nested_at_most(std::string_view json, unsigned levels)
{
    unsigned depth = 0;
    bool in_string = false;
    for (std::size_t i = 0; i < json.size(); ++i) {
        const char c = json[i];
        if (in_string) {
            if (c == '\\')
                ++i;
            else if (c == '"')
                in_string = false;
        } else if (c == '"') {
            in_string = true;
        } else if (c == '{' || c == '[') {
            if (++depth > levels)
                return false;
        } else if ((c == '}' || c == ']') && depth > 0) {
            --depth;
        }
    }
    return true;
}

} // namespace jit
