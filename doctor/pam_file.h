// PAM's files as libpam reads them: pam.conf(5). Pure.
#pragma once

#include <cstddef>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace jit::doctor {

// What a stack does with what a module returned.
struct Action {
    enum class Kind {
        ignore,
        bad,
        die,
        ok,
        done,
        reset,
        jump
    } kind = Kind::ignore;
    unsigned jump = 0; // over so many lines
};

// By the name of the returned value ("success", "perm_denied").
struct Control {
    std::map<std::string, Action, std::less<>> actions;
    Action otherwise; // libpam: bad, where nothing else is said

    const Action &of(std::string_view value) const
    {
        const auto found = actions.find(value);
        return found == actions.end() ? otherwise : found->second;
    }
};

struct PamLine {
    std::string file; // its name in /etc/pam.d
    int number = 0;
    std::string kind;    // auth, account, session, password; empty: @include
    std::string control; // as written: "required", "include", "[success=done default=die]"
    std::string module;  // or the file that is included
    std::vector<std::string> arguments;
};

// "pam_unix.so" of "/lib/security/pam_unix.so".
std::string_view base_of(std::string_view module);

// Its lines in order; what is not a line of PAM's is left out. At most 1,000 of them.
std::vector<PamLine> parse_pam_file(const std::string &name, std::string_view text);

// Absent: no control word, or brackets that libpam would not take.
std::optional<Control> parse_control(std::string_view control);

// One kind of a service's lines, with what they include in their place. A substack is an item of
// its own: what ends in it ends nothing else.
struct StackItem {
    PamLine line;
    std::vector<StackItem> substack;
};
// The text of a file in /etc/pam.d; absent: there is none.
using ReadPamFile = std::function<std::optional<std::string>(const std::string &name)>;
// Includes are followed sixteen deep, a thousand lines in all.
std::vector<StackItem> read_stack(const std::string &service, std::string_view kind,
                                  const ReadPamFile &read);

} // namespace jit::doctor
