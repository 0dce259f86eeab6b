#include "jitctl/records.h"

#include <algorithm>
#include <utility>

#include "jitctl/output.h"
#include "jitctl/pages.h"

namespace jit::ctl {

namespace {

WallTime time_of(const ipc::ListReply &record)
{
    return record.grant ? record.grant->since : record.request->deadline;
}

} // namespace

Result<Records> ask_records(const std::string &socket, const ipc::ListCall &call)
{
    Records records;
    const auto make = [&call](const std::optional<std::string> &after) {
        ipc::ListCall page = call;
        if (after)
            page.after = after;
        return ipc::encode_list_call(page);
    };
    const auto take = [&records](const json_t *parameters) -> Result<std::optional<std::string>> {
        ipc::ListReply record = TRY(ipc::decode_list_reply(parameters));
        std::optional<std::string> next = record.next;
        if (record.grant || record.request)
            records.newest_first.push_back(std::move(record));
        return next;
    };
    records.refusal = TRY(ask_pages(socket, ipc::method::list, make, take));
    // What waits has its deadline before it, and so comes first.
    std::stable_sort(
        records.newest_first.begin(), records.newest_first.end(),
        [](const ipc::ListReply &a, const ipc::ListReply &b) { return time_of(a) > time_of(b); });
    return records;
}

ipc::Json json_of(const Records &records)
{
    ipc::Json object{json_pack("{s:[],s:[]}", "grants", "requests")};
    json_t *grants = json_object_get(object.get(), "grants");
    json_t *requests = json_object_get(object.get(), "requests");
    for (const ipc::ListReply &record : records.newest_first) {
        const int failed =
            record.grant ? json_array_append_new(grants, json_of(*record.grant).release())
                         : json_array_append_new(requests, json_of(*record.request).release());
        if (failed != 0)
            return {};
    }
    return object;
}

} // namespace jit::ctl
