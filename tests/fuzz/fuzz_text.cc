// Any bytes as the small texts that are read everywhere: what is made fit for a terminal is fit,
// what is read is written back the same, and a glob matches as fnmatch() says.
#include <fnmatch.h>

#include <algorithm>
#include <cstdint>
#include <string>

#include "lib/base/fixed_text.h"
#include "lib/base/json_depth.h"
#include "lib/base/text.h"
#include "tests/fuzz/expect.h"

using namespace jit;

namespace {

void expect_safe(std::string_view text)
{
    while (!text.empty()) {
        char32_t point = 0;
        const std::size_t length = utf8_front(text, point);
        expect(length > 0 && !is_unsafe_point(point));
        char bytes[4];
        expect(utf8_put(point, bytes) == length &&
               text.substr(0, length) == std::string_view(bytes, length));
        text.remove_prefix(length);
    }
}

void check_safe_text(std::string_view text, std::size_t most)
{
    const std::string safe = safe_text(text, most);
    expect(safe.size() <= most && safe.size() <= text.size());
    expect_safe(safe);
    expect(safe_text(safe, safe.size()) == safe);
    // The module's own way to it comes to the same.
    FixedText<256> fixed;
    fixed.add_safe(text, std::min<std::size_t>(most, 256));
    expect(fixed.view() == safe_text(text, std::min<std::size_t>(most, 256)));
}

void check_times(std::string_view text)
{
    if (const auto time = parse_time(text))
        expect(format_time(*time) == text);
    if (const auto duration = parse_duration(text)) {
        expect(duration->count() >= 0 && duration->count() <= 366L * 86400);
        const std::string shortest = format_duration(*duration);
        expect(shortest.size() <= text.size() + 12 && parse_duration(shortest) == duration);
    }
}

void check_names(std::string_view text)
{
    const bool is_fit =
        !text.empty() && text.size() <= 64 && text[0] != '.' && text[0] != '-' && text[0] != '@' &&
        (text[0] < '0' || text[0] > '9') &&
        text.find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                               "0123456789_.@-") == std::string_view::npos;
    expect(is_name(text) == is_fit);
    expect(!is_id(text) || (is_name("x" + std::string{text}) && text.size() == 16));
    expect(!is_guid(text) || text.size() == 36);
}

// The first newline parts a pattern from what it is held against.
void check_glob(const std::string &text)
{
    const std::size_t at = text.find('\n');
    if (at == std::string::npos)
        return;
    const std::string pattern = text.substr(0, std::min<std::size_t>(at, 64));
    const std::string name = text.substr(at + 1, 256);
    const bool is_match = matches_glob(pattern, name);
    // fnmatch() knows brackets and escapes too, takes bytes in the C locale, and can take forever.
    if (pattern.find_first_of(std::string_view{"[\\\0", 3}) == std::string::npos &&
        name.find('\0') == std::string::npos && std::count(pattern.begin(), pattern.end(), '*') < 4)
        expect(is_match == (fnmatch(pattern.c_str(), name.c_str(), FNM_NOESCAPE) == 0));
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t *data, std::size_t size)
{
    if (size == 0)
        return 0;
    const std::string text{reinterpret_cast<const char *>(data) + 1, size - 1};
    check_safe_text(text, data[0]);
    check_times(text);
    check_names(text);
    check_glob(text);
    (void)is_nested_at_most(text, data[0]);
    return 0;
}
