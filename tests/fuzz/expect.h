// What a fuzzer holds to be true; else it has found something.
#pragma once

#include <cstdlib>

inline void expect(bool truth)
{
    if (!truth)
        std::abort();
}
