// An entry of root's ledger, as any grant could have it.
#pragma once

#include <string>

#include "lib/ledger/entry.h"

namespace jit::ledger::test {

inline Entry sample()
{
    using namespace std::chrono_literals;
    Entry entry;
    entry.id = "00000000000000aa";
    entry.user = "alice";
    entry.uid = 1000;
    entry.role = "dba";
    entry.parts = {{"jit-dba", false}, {"jit-ops", true}};
    entry.oid = "aaaaaaaa-0000-4000-8000-000000000001";
    entry.policy = std::string(64, 'd');
    entry.since = WallTime{1'800'000'000s};
    entry.until = WallTime{1'800'000'600s};
    entry.boot_id = "11111111-0000-4000-8000-000000000001";
    entry.since_boot = BootTime{5s};
    entry.until_boot = BootTime{605s};
    entry.state = Entry::State::live;
    return entry;
}

} // namespace jit::ledger::test
