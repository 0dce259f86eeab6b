#include "jit_grantd/tell.h"

#include <algorithm>

#include "jit_grantd/ledger.h"
#include "jit_grantd/terminals.h"
#include "lib/base/text.h"

namespace jit::grantd {

std::string describe_standing(const Entry &entry, const Now &now)
{
    const std::string role = "jit: role \"" + entry.role + "\" ";
    if (entry.is_ended()) {
        const bool is_taken = entry.cause == "revoked" || entry.cause == "policy";
        const bool ends_runs = entry.grace && !entry.processes.empty();
        return role + (is_taken ? "was taken back" : "has ended") +
               (ends_runs
                    ? ", and what you started under it ends within " + format_duration(*entry.grace)
                    : "");
    }
    const auto left = std::chrono::floor<std::chrono::seconds>(
        std::min<BootTime::duration>(entry.until - now.wall, entry.until_boot - now.boot));
    return role + "ends in " + format_duration(std::max(left, std::chrono::seconds{1})) + ", at " +
           format_time(entry.until) + (entry.grace ? ", with all that you started under it" : "") +
           "; to go on: jitctl extend " + entry.role;
}

Result<void> tell(const Places &places, Disk &disk, const std::string &id, const Now &now)
{
    const Ledger ledger = TRY(Ledger::read(places, disk));
    const Entry *const entry = ledger.find(id);
    if (entry == nullptr)
        return Error{Code::not_found, "there is no such grant"};
    tell_terminals(places.devices, entry->uid, describe_standing(*entry, now));
    return {};
}

} // namespace jit::grantd
