#include "jitctl/leftovers.h"

#include "lib/base/text.h"

namespace jit::ctl {

namespace {

const char *explain(ipc::Missed missed)
{
    switch (missed) {
    case ipc::Missed::too_many_files:
        return "too many files";
    case ipc::Missed::too_long:
        return "it would have taken too long";
    case ipc::Missed::too_deep:
        return "folders too deep in folders";
    case ipc::Missed::unreadable:
        return "something could not be read";
    case ipc::Missed::homes_elsewhere:
        return "homes on other file systems";
    }
    return "";
}

} // namespace

std::vector<std::string> format_leftovers(const ipc::Leftovers &leftovers)
{
    constexpr const char *head = "left behind: ";
    switch (leftovers.look) {
    case ipc::Look::waits:
        return {std::string{head} + "nobody has looked yet"};
    case ipc::Look::forgotten:
        return {std::string{head} +
                "no longer known here; the journal has it (JIT_EVENT=leftovers)"};
    case ipc::Look::unreadable:
        return {std::string{head} + "the report can't be read; see journalctl -u jit-leftovers"};
    case ipc::Look::done:
        break;
    }
    std::vector<std::string> lines;
    for (const ipc::Leftover &leftover : leftovers.found)
        lines.push_back(head + std::string{name_of(leftover.kind)} + " " + leftover.what + " (" +
                        format_time(leftover.at) + ")");
    if (leftovers.more > 0)
        lines.push_back(head + std::to_string(leftovers.more) + " more");
    if (lines.empty())
        lines.push_back(std::string{head} + "nothing was found");
    std::string missed;
    for (const ipc::Missed one : leftovers.missed)
        missed += (missed.empty() ? "" : ", ") + std::string{explain(one)};
    if (!missed.empty())
        lines.push_back("not all could be looked at: " + missed);
    return lines;
}

} // namespace jit::ctl
