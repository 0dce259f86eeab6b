// A situation made from bytes: a role, its zone, who asks for it, when, and what he has had. What
// is decided goes past no bound, and neither a condition more nor a requester less grants more.
#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>

#include "tests/unit/policy/decide_judge.h"

using namespace jit::policy;
using namespace jit::policy::test;

namespace {

void expect(const char *fault)
{
    if (fault == nullptr)
        return;
    (void)std::fprintf(stderr, "decide: %s\n", fault);
    std::abort();
}

void expect_no_more(const Decision &before, const Situation &after, const char *fault)
{
    expect(judge::is_more(before, after.decide()) ? fault : nullptr);
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t *data, std::size_t size)
{
    // As many bytes for a number as it needs; past the end there are zeros.
    std::size_t at = 0;
    const Numbers below = [&](std::uint64_t most) {
        std::uint64_t number = 0;
        for (std::uint64_t left = most - 1; left > 0; left >>= 8)
            number = number << 8 | (at < size ? data[at++] : 0U);
        return number % most;
    };
    const Situation situation = make_situation(below);
    expect(judge::find_fault(situation));
    const Decision decision = situation.decide();
    expect(judge::is_same(decision, situation.decide()) ? nullptr : "two answers");

    for (unsigned number = 0; number < condition_count; ++number) {
        Situation narrower = situation;
        add_condition(narrower, number, below);
        expect_no_more(decision, narrower, "a condition more grants more");
    }
    for (std::size_t i = 0; i < situation.web().requesters.size(); ++i) {
        Situation fewer = situation;
        auto &requesters = fewer.web().requesters;
        requesters.erase(requesters.begin() + static_cast<std::ptrdiff_t>(i));
        expect_no_more(decision, fewer, "a requester less grants more");
    }
    Situation more = situation;
    make_use(more, below);
    more.use.others_active += situation.use.others_active;
    expect_no_more(decision, more, "who had more is granted more");
    return 0;
}
