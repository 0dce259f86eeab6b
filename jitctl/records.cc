#include "jitctl/records.h"

#include <utility>

#include "jitctl/client.h"
#include "jitctl/output.h"

namespace jit::ctl {

namespace {

constexpr std::size_t max_records = 10'000;

} // namespace

Result<Records> ask_records(const std::string &socket, const ipc::ListCall &call)
{
    const BootTime deadline = boot_time() + answer_within;
    Client client = TRY(Client::connect(socket, deadline));
    const ipc::Json parameters = ipc::encode_list_call(call);
    TRY(client.send(ipc::method::list, parameters.get(), true, deadline));
    Records records;
    for (bool continues = true; continues;) {
        ipc::Reply reply = TRY(client.receive(answer_within));
        if (!reply.error.empty()) {
            records.refusal = std::move(reply);
            return records;
        }
        continues = reply.continues;
        ipc::ListReply record = TRY(ipc::decode_list_reply(reply.parameters.get()));
        if (!record.grant && !record.request)
            continue;
        if (records.newest_first.size() == max_records)
            return Error{Code::bad_input, "too many records"};
        records.newest_first.push_back(std::move(record));
    }
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
