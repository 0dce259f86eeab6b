#include "jit_leftovers/report.h"

#include <algorithm>
#include <syslog.h>

#include "lib/base/text.h"

namespace jit::leftovers {

namespace {

constexpr std::string_view message_id = "3a7d1c60f2be4c0f9d58e1b4a6073f9e";

std::string line_of(const ipc::Leftover &leftover)
{
    return std::string{name_of(leftover.kind)} + " " + leftover.what;
}

std::string count_of(const ipc::Leftovers &leftovers)
{
    return std::to_string(static_cast<std::int64_t>(leftovers.found.size()) + leftovers.more);
}

} // namespace

ipc::LeftoversReport make_report(const Ended &ended, const Traces &traces,
                                 const std::set<ipc::Missed> &missed, WallTime now)
{
    ipc::LeftoversReport report;
    report.grant = ended.id;
    ipc::Leftovers &leftovers = report.leftovers;
    leftovers.look = ipc::Look::done;
    leftovers.looked = now;
    leftovers.missed.assign(missed.begin(), missed.end());
    leftovers.more = static_cast<std::int64_t>(traces.dropped());
    std::size_t bytes = 0;
    for (const Trace &trace : traces.in_order()) {
        const auto at = trace.time_in(ended.span);
        if (!at)
            continue;
        const ipc::Leftover leftover{trace.kind, trace.what, *at};
        const bool is_listed = std::any_of(
            leftovers.found.begin(), leftovers.found.end(), [&](const ipc::Leftover &listed) {
                return listed.kind == leftover.kind && listed.what == leftover.what;
            });
        if (is_listed)
            continue; // an account that shows in two ways
        const std::size_t more = wire_bytes(leftover);
        if (leftovers.found.size() == ipc::max_leftovers ||
            bytes + more > ipc::max_leftovers_bytes) {
            ++leftovers.more;
            continue;
        }
        bytes += more;
        leftovers.found.push_back(leftover);
    }
    return report;
}

std::string describe(const Ended &ended, const ipc::Leftovers &leftovers)
{
    const std::string whose = "in the time of role " + ended.role + " of " + ended.user;
    std::string text;
    if (leftovers.found.empty() && leftovers.more == 0) {
        text = "nothing was found that was left behind " + whose;
    } else {
        constexpr std::size_t named = 3;
        text = count_of(leftovers) + " left behind " + whose + ": ";
        for (std::size_t i = 0; i < std::min(named, leftovers.found.size()); ++i)
            text += (i == 0 ? "" : ", ") + line_of(leftovers.found[i]);
        if (leftovers.found.size() > named || leftovers.more > 0)
            text += ", ...";
    }
    return text + (leftovers.missed.empty() ? "" : "; not all could be looked at");
}

Record make_record(const Ended &ended, const ipc::Leftovers &leftovers)
{
    std::string list;
    for (const ipc::Leftover &leftover : leftovers.found)
        list += (list.empty() ? "" : "\n") + line_of(leftover) + " " + format_time(leftover.at);
    std::string missed;
    for (const ipc::Missed one : leftovers.missed)
        missed += (missed.empty() ? "" : " ") + std::string{name_of(one)};
    const bool is_any = !leftovers.found.empty() || leftovers.more > 0;
    Record record{is_any ? LOG_WARNING : LOG_INFO,
                  describe(ended, leftovers),
                  {
                      {"MESSAGE_ID", std::string{message_id}},
                      {"JIT_EVENT", "leftovers"},
                      {"JIT_GRANT", ended.id},
                      {"JIT_REQUEST", ended.id},
                      {"JIT_ROLE", ended.role},
                      {"JIT_USER", ended.user},
                      {"JIT_UID", std::to_string(ended.uid)},
                      {"JIT_OID", ended.oid},
                      {"JIT_LEFTOVERS_COUNT", count_of(leftovers)},
                  }};
    if (!list.empty())
        record.fields.push_back({"JIT_LEFTOVERS", list});
    if (!missed.empty())
        record.fields.push_back({"JIT_LEFTOVERS_MISSED", missed});
    return record;
}

} // namespace jit::leftovers
