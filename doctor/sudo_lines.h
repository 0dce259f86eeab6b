// The text of a sudoers file, line by line: sudoers(5), sudo.conf(5). Pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace jit::doctor {

struct SudoLine {
    int number = 0; // of the first, where a '\' goes on
    std::string text;
};

// Those that a '\' goes on after joined, without comments. A '#' before a digit is a user's number.
std::vector<SudoLine> read_sudo_lines(std::string_view text);

} // namespace jit::doctor
