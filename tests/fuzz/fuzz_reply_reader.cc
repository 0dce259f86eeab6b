// Any bytes as a reply to the module: its own reader and jansson must see the same.
#include <cstdio>

#include "tests/unit/ipc/reply_judge.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t *data, std::size_t size)
{
    // A copy of exactly the size, so that reading past the end is seen.
    const std::unique_ptr<char[]> bytes{new char[size]};
    if (size > 0)
        std::memcpy(bytes.get(), data, size);
    if (const char *what = jit::ipc::judge::differs({bytes.get(), size})) {
        (void)std::fprintf(stderr, "reply_reader: %s\n", what);
        std::abort();
    }
    return 0;
}
