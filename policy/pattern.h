// A regular expression from a policy file, justification.pattern.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

namespace jit::policy {

inline constexpr std::size_t max_pattern_bytes = 256;

// Matches in time linear in the text, whatever the pattern: RE2, whose syntax it is.
class Pattern
{
  public:
    // UTF-8, at most max_pattern_bytes.
    //   fault    set to what is wrong with it, for people
    //   returns  null: it is no pattern, or one that needs too much memory
    static std::shared_ptr<const Pattern> make(std::string_view text, std::string &fault);

    virtual ~Pattern() = default;
    Pattern(const Pattern &) = delete;
    Pattern &operator=(const Pattern &) = delete;

    // Whether it is found anywhere in the text: '^' and '$' tie it to the ends.
    virtual bool is_in(std::string_view text) const = 0;
    // As it was written.
    virtual std::string_view text() const = 0;

  protected:
    Pattern() = default;
};

} // namespace jit::policy
