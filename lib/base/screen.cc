#include "lib/base/screen.h"

#include <cstdlib>
#include <strings.h>
#include <sys/ioctl.h>

namespace jit {

namespace {

bool is_utf8(const char *locale)
{
    // "de_DE.UTF-8@euro", "C.utf8"
    for (const char *at = locale; *at != '\0'; ++at)
        if (*at == '.')
            return strncasecmp(at + 1, "UTF-8", 5) == 0 || strncasecmp(at + 1, "utf8", 4) == 0;
    return false;
}

} // namespace

Screen read_screen(int terminal)
{
    Screen screen;
    constexpr const char *names[] = {"LC_ALL", "LC_CTYPE", "LANG"};
    for (const char *name : names) {
        const char *locale = std::getenv(name);
        if (locale == nullptr || *locale == '\0')
            continue;
        screen.is_utf8 = is_utf8(locale);
        break;
    }
    winsize size{};
    if (terminal >= 0 && ioctl(terminal, TIOCGWINSZ, &size) == 0) {
        screen.rows = size.ws_row;
        screen.columns = size.ws_col;
    }
    return screen;
}

} // namespace jit
