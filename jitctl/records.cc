#include "jitctl/records.h"

#include <algorithm>
#include <utility>

#include "jitctl/client.h"
#include "jitctl/output.h"

namespace jit::ctl {

namespace {

constexpr std::size_t max_records = 10'000;

WallTime time_of(const ipc::ListReply &record)
{
    return record.grant ? record.grant->since : record.request->deadline;
}

// Adds what one call is told; the id after which there is more.
Result<std::optional<std::string>> ask_page(Client &client, const ipc::ListCall &call,
                                            Records &records)
{
    const ipc::Json parameters = ipc::encode_list_call(call);
    TRY(client.send(ipc::method::list, parameters.get(), true, boot_time() + answer_within));
    std::optional<std::string> next;
    for (bool continues = true; continues;) {
        ipc::Reply reply = TRY(client.receive(answer_within));
        if (!reply.error.empty()) {
            records.refusal = std::move(reply);
            return std::optional<std::string>{};
        }
        continues = reply.continues;
        ipc::ListReply record = TRY(ipc::decode_list_reply(reply.parameters.get()));
        next = record.next;
        if (!record.grant && !record.request)
            continue;
        if (records.newest_first.size() == max_records)
            return Error{Code::bad_input, "too many records"};
        records.newest_first.push_back(std::move(record));
    }
    return next;
}

} // namespace

Result<Records> ask_records(const std::string &socket, const ipc::ListCall &call)
{
    Client client = TRY(Client::connect(socket, boot_time() + answer_within));
    Records records;
    for (std::optional<ipc::ListCall> page = call; page;) {
        const auto next = TRY(ask_page(client, *page, records));
        // Else there would be no end to it.
        if (next && page->after && *next <= *page->after)
            return Error{Code::bad_input, "the pages do not go on"};
        page->after = next;
        if (!next)
            page.reset();
    }
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
