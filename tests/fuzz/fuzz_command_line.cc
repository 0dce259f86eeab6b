// Any bytes as /proc/self/cmdline of sudo: read as sudo's own getopt_long() reads them, and what is
// made of them for the log is cut and whole. And any words as the arguments of a PAM line.
#include <getopt.h>

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "lib/base/text.h"
#include "pam_jit/args.h"
#include "pam_jit/command_line.h"
#include "tests/fuzz/expect.h"

using namespace jit;
using namespace jit::pam;

namespace {

// sudo 1.9's parse_args.c: the options, and how they and variables take turns.
constexpr const char *short_options = "+Aa:BbC:c:D:Eeg:Hh::iKklNnPp:R:r:SsT:t:U:u:Vv";
constexpr int of_long_alone = 256;
const option long_options[] = {
    {"askpass", no_argument, nullptr, 'A'},
    {"auth-type", required_argument, nullptr, 'a'},
    {"background", no_argument, nullptr, 'b'},
    {"bell", no_argument, nullptr, 'B'},
    {"close-from", required_argument, nullptr, 'C'},
    {"login-class", required_argument, nullptr, 'c'},
    {"chdir", required_argument, nullptr, 'D'},
    {"preserve-env", optional_argument, nullptr, 'E'},
    {"edit", no_argument, nullptr, 'e'},
    {"group", required_argument, nullptr, 'g'},
    {"set-home", no_argument, nullptr, 'H'},
    {"help", no_argument, nullptr, of_long_alone},
    {"host", required_argument, nullptr, of_long_alone + 1},
    {"login", no_argument, nullptr, 'i'},
    {"remove-timestamp", no_argument, nullptr, 'K'},
    {"reset-timestamp", no_argument, nullptr, 'k'},
    {"list", no_argument, nullptr, 'l'},
    {"no-update", no_argument, nullptr, 'N'},
    {"non-interactive", no_argument, nullptr, 'n'},
    {"preserve-groups", no_argument, nullptr, 'P'},
    {"prompt", required_argument, nullptr, 'p'},
    {"chroot", required_argument, nullptr, 'R'},
    {"role", required_argument, nullptr, 'r'},
    {"stdin", no_argument, nullptr, 'S'},
    {"shell", no_argument, nullptr, 's'},
    {"type", required_argument, nullptr, 't'},
    {"command-timeout", required_argument, nullptr, 'T'},
    {"other-user", required_argument, nullptr, 'U'},
    {"user", required_argument, nullptr, 'u'},
    {"version", no_argument, nullptr, 'V'},
    {"validate", no_argument, nullptr, 'v'},
    {nullptr, 0, nullptr, 0},
};

struct Judged {
    bool has_n = false;
    std::size_t command = 0; // the index of its first word
};

// Nothing: sudo would refuse such a line, and never ask PAM.
std::optional<Judged> judge(std::vector<std::string> words)
{
    std::vector<char *> argv;
    for (std::string &word : words)
        argv.push_back(word.data());
    argv.push_back(nullptr);
    const int argc = static_cast<int>(words.size());
    Judged judged;
    optind = 0; // begin anew
    opterr = 0;
    const char *last_argument = nullptr;
    const auto is_end = [&] {
        return optind > 1 && std::string_view{argv[static_cast<std::size_t>(optind) - 1]} == "--" &&
               argv[static_cast<std::size_t>(optind) - 1] != last_argument;
    };
    const auto is_variable = [&] {
        if (optind >= argc)
            return false;
        const std::string_view word{argv[static_cast<std::size_t>(optind)]};
        return !word.starts_with('/') && !word.starts_with('=') &&
               word.find('=') != std::string_view::npos;
    };
    for (;;) {
        const int found = getopt_long(argc, argv.data(), short_options, long_options, nullptr);
        if (found == '?' || found == ':')
            return std::nullopt;
        if (found == -1) {
            if (is_end() || !is_variable())
                break;
            ++optind;
            continue;
        }
        last_argument = optarg;
        judged.has_n |= found == 'n';
        // -h takes the next word for the host, unless that is an option or a variable.
        if (found == 'h' && optarg == nullptr && optind < argc &&
            *argv[static_cast<std::size_t>(optind)] != '-' && !is_variable())
            last_argument = argv[static_cast<std::size_t>(optind++)];
    }
    judged.command = static_cast<std::size_t>(optind);
    return judged;
}

void check_command_line(std::string_view bytes)
{
    const bool says_n = is_non_interactive(bytes);
    FixedText<max_command_bytes> written;
    FixedText<max_command_bytes> plain;
    write_command(bytes, true, written);
    write_command(bytes, false, plain);
    for (const std::string_view text : {written.view(), plain.view()})
        expect(text.find('\0') == std::string_view::npos);

    std::vector<std::string> words;
    for (std::size_t at = 0; at < bytes.size();) {
        const std::size_t end = std::min(bytes.find('\0', at), bytes.size());
        words.emplace_back(bytes.substr(at, end - at));
        at = end + 1;
    }
    const auto join = [&](std::size_t from) {
        std::string line;
        for (std::size_t i = from; i < words.size(); ++i)
            line += (i == from ? "" : " ") + words[i];
        return line;
    };
    const std::string whole = join(0);
    if (whole.size() <= max_command_bytes)
        expect(plain.view() == whole);
    if (words.empty())
        return;
    const auto judged = judge(words);
    if (!judged)
        return;
    expect(says_n == judged->has_n);
    const std::string command = judged->command < words.size() ? join(judged->command) : whole;
    if (command.size() <= max_command_bytes)
        expect(written.view() == command);
    else
        expect(command.starts_with(written.view()) && written.size() + 4 > max_command_bytes);
}

void check_arguments(const std::string &text)
{
    std::vector<std::string> words;
    for (std::size_t at = 0; at <= text.size();) {
        const std::size_t end = std::min(text.find('\0', at), text.size());
        words.push_back(text.substr(at, end - at));
        at = end + 1;
    }
    std::vector<const char *> pointers;
    for (const std::string &word : words)
        pointers.push_back(word.c_str());
    const Arguments read = parse_arguments(pointers);
    expect(read.bad == nullptr ||
           std::find(pointers.begin(), pointers.end(), read.bad) != pointers.end());
    expect(read.role.empty() || is_name(read.role));
    expect(read.socket.starts_with('/') && read.socket.size() <= 107);
    expect(read.fast.count() >= 1 && read.fast.count() <= 86400);
    expect(!read.timeout || (read.timeout->count() >= 1 && read.timeout->count() <= 86400));
    if (!read.only.empty()) {
        // Every service of the list is in it.
        for (std::size_t at = 0; at <= read.only.size();) {
            const std::size_t end = std::min(read.only.find(',', at), read.only.size());
            expect(end > at && !is_left_out(read, read.only.substr(at, end - at)));
            at = end + 1;
        }
        expect(is_left_out(read, ""));
    }
    // A wait is a duration as the daemons read it, from 1 s to 1 day.
    for (const std::string &word : words) {
        const auto wait = parse_wait(word);
        auto duration = parse_duration(word);
        if (duration && (duration->count() < 1 || duration->count() > 86400))
            duration = std::nullopt;
        expect(wait == duration);
    }
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t *data, std::size_t size)
{
    const std::string text{reinterpret_cast<const char *>(data), size};
    check_command_line(text);
    check_arguments(text);
    return 0;
}
