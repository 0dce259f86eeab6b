#include "pam_jit/command_line.h"

#include <cstddef>

#include "pam_jit/names.h"

namespace jit::pam {

namespace {

// sudo(8), 1.9: short options that take an argument, and the long ones with whether they do.
constexpr std::string_view with_argument = "aCcDgpRrTtUu";

struct LongOption {
    char name[20]; // no pointer: nothing to relocate when sudo loads the module
    bool takes_argument;
};
constexpr LongOption long_options[] = {
    {"askpass", false},
    {"auth-type", true},
    {"background", false},
    {"bell", false},
    {"chdir", true},
    {"chroot", true},
    {"close-from", true},
    {"command-timeout", true},
    {"edit", false},
    {"group", true},
    {"help", false},
    {"host", true},
    {"list", false},
    {"login", false},
    {"login-class", true},
    {"no-update", false},
    {"non-interactive", false},
    {"other-user", true},
    {"preserve-env", false},
    {"preserve-groups", false},
    {"prompt", true},
    {"remove-timestamp", false},
    {"reset-timestamp", false},
    {"role", true},
    {"set-home", false},
    {"shell", false},
    {"stdin", false},
    {"type", true},
    {"user", true},
    {"validate", false},
    {"version", false},
};

// Takes the arguments one by one.
class Words
{
  public:
    explicit Words(std::string_view bytes) : left_(bytes) {}
    bool is_empty() const { return left_.empty(); }
    std::string_view front() const
    {
        std::size_t length = 0;
        while (length < left_.size() && left_[length] != '\0')
            ++length;
        return {left_.data(), length};
    }
    void pop()
    {
        const std::size_t length = front().size();
        left_.remove_prefix(length == left_.size() ? length : length + 1);
    }

  private:
    std::string_view left_;
};

bool has(std::string_view text, char c)
{
    for (const char each : text)
        if (each == c)
            return true;
    return false;
}

bool is_variable(std::string_view word)
{
    return !word.empty() && word[0] != '/' && word[0] != '=' && has(word, '=');
}

// A long option may be cut short as far as it stays the only one: getopt_long(3).
const LongOption *find_long(std::string_view name)
{
    const LongOption *found = nullptr;
    for (const LongOption &option : long_options) {
        const std::string_view whole{option.name};
        if (whole == name)
            return &option;
        if (begins_with(whole, name)) {
            if (found != nullptr)
                return nullptr;
            found = &option;
        }
    }
    return found;
}

// True for -n. Takes what belongs to the option from words.
bool read_long(std::string_view word, Words &words)
{
    std::size_t length = 0;
    while (length < word.size() && word[length] != '=')
        ++length;
    const LongOption *option = find_long({word.data(), length});
    if (option == nullptr)
        return false;
    if (option->takes_argument && length == word.size())
        words.pop();
    return std::string_view{option->name} == "non-interactive";
}

bool read_cluster(std::string_view cluster, Words &words)
{
    bool found = false;
    while (!cluster.empty()) {
        const char letter = cluster[0];
        cluster.remove_prefix(1);
        if (letter == 'n')
            found = true;
        const bool is_host = letter == 'h'; // its argument is optional
        if (!is_host && !has(with_argument, letter))
            continue;
        const bool takes_next =
            cluster.empty() &&
            !(is_host && (begins_with(words.front(), "-") || is_variable(words.front())));
        if (takes_next)
            words.pop();
        break;
    }
    return found;
}

// Takes sudo's own name, options and variables from words, up to the command, if there is one.
// True for -n.
bool pop_options(Words &words)
{
    bool found = false;
    words.pop(); // its own name, which anybody may choose
    while (!words.is_empty()) {
        const std::string_view word = words.front();
        if (is_variable(word) && word[0] != '-') {
            words.pop();
            continue;
        }
        if (word.size() < 2 || word[0] != '-')
            break;
        words.pop();
        if (word == "--")
            break;
        found |= word[1] == '-' ? read_long(without_front(word, 2), words)
                                : read_cluster(without_front(word, 1), words);
    }
    return found;
}

} // namespace

bool is_non_interactive(std::string_view command_line)
{
    Words words{command_line};
    return pop_options(words);
}

void write_command(std::string_view command_line, bool is_sudo, FixedText<max_command_bytes> &out)
{
    out.clear();
    Words words{command_line};
    if (is_sudo)
        (void)pop_options(words);
    // sudo -i, -l and the like run no command that was named: then they are what is known.
    if (words.is_empty())
        words = Words{command_line};
    for (bool first = true; !words.is_empty(); first = false) {
        if (!first)
            out.add(" ");
        // After a word that was cut nothing follows, though it might fit: that would hide the cut.
        const std::size_t before = out.size();
        if (out.add(words.front()).size() - before < words.front().size())
            return;
        words.pop();
    }
}

} // namespace jit::pam
