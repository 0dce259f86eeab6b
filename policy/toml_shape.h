// What is looked at in a TOML text before the TOML library sees it.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace jit::policy {

struct ShapeFault {
    unsigned line = 0; // as in Place
    unsigned column = 0;
    std::string text;
};

inline constexpr std::size_t max_file_bytes = std::size_t{1024} * 1024;

// The first reason not to hand a text to the library: too long, a NUL byte, or, outside of strings
// and comments, a character that is not ASCII or a line with more than 16 dots, which would become
// as many tables inside each other. The first character that follows a backslash in a string must
// be ASCII too.
std::optional<ShapeFault> find_shape_fault(std::string_view text);

} // namespace jit::policy
