// What somebody may have meant who mistyped a word.
#pragma once

#include <span>
#include <string>
#include <string_view>

namespace jit::policy {

// The known word that takes the fewest changes of one character to reach, two neighbours swapped
// being one change; empty: none is near (a third of the word's length, at least one change).
std::string_view nearest(std::string_view word, std::span<const std::string_view> known);

// `, did you mean "WORD"?`, or nothing.
std::string suggest(std::string_view word, std::span<const std::string_view> known);

} // namespace jit::policy
