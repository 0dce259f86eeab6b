#include "lib/ipc/granting.h"

#include <algorithm>

#include "lib/base/text.h"
#include "lib/ipc/members.h"

namespace jit::ipc {

namespace {

// A frame ends the list before these caps do; they only bound the work on a hostile one.
constexpr std::size_t max_entries = 4096;
constexpr std::size_t max_groups = 256;
constexpr std::size_t max_name_bytes = 64;
constexpr std::size_t max_cause_bytes = 64;

bool is_end_cause(std::string_view text)
{
    return text == "dropped" || text == "revoked" || text == "policy" || text == "interrupted" ||
           text == "used";
}

bool is_backend(std::string_view text)
{
    return text == "userdb" || text == "etc-group";
}

template <typename T> Result<T> finish(MemberReader &reader, T value)
{
    TRY(reader.finish());
    return value;
}

Result<GrantEntry> decode_entry(const json_t *value)
{
    if (!json_is_object(value))
        return Error{Code::bad_input, "an entry is not an object"};
    MemberReader reader{value};
    GrantEntry entry;
    entry.id = reader.id("id");
    entry.user = reader.name("user");
    entry.role = reader.name("role");
    entry.groups = reader.texts("groups", max_groups, max_name_bytes, is_name);
    entry.since = reader.time("since");
    entry.until = reader.time("until");
    entry.live = reader.flag("live");
    entry.cause = reader.maybe_text("cause", max_cause_bytes);
    entry.ended = reader.maybe_time("ended");
    entry.backend = reader.text("backend", 16, is_backend);
    return finish(reader, std::move(entry));
}

Json encode_entry(const GrantEntry &entry)
{
    MemberWriter writer;
    writer.text("id", entry.id);
    writer.text("user", entry.user);
    writer.text("role", entry.role);
    writer.texts("groups", entry.groups);
    writer.time("since", entry.since);
    writer.time("until", entry.until);
    writer.flag("live", entry.live);
    writer.maybe_text("cause", entry.cause);
    writer.maybe_time("ended", entry.ended);
    writer.text("backend", entry.backend);
    return writer.take();
}

} // namespace

bool is_person_id(std::string_view text)
{
    return !text.empty() && text.size() <= 255 &&
           std::all_of(text.begin(), text.end(), [](char c) { return c > 0x20 && c < 0x7f; });
}

bool is_digest(std::string_view text)
{
    return text.size() == 64 && std::all_of(text.begin(), text.end(), [](char c) {
               return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
           });
}

Result<GrantCall> decode_grant_call(const json_t *parameters)
{
    MemberReader reader{parameters};
    GrantCall call;
    call.id = reader.id("id");
    call.user = reader.name("user");
    call.role = reader.name("role");
    call.oid = reader.text("oid", 255, is_person_id);
    call.duration = reader.duration("duration");
    call.policy = reader.text("policy", 64, is_digest);
    call.is_trial = reader.maybe_flag("trial");
    return finish(reader, std::move(call));
}

Result<GrantReply> decode_grant_reply(const json_t *parameters)
{
    MemberReader reader{parameters};
    GrantReply reply;
    reply.since = reader.time("since");
    reply.until = reader.time("until");
    reply.groups = reader.texts("groups", max_groups, max_name_bytes, is_name);
    reply.made = reader.maybe_texts("made", max_groups, max_name_bytes, is_name);
    return finish(reader, std::move(reply));
}

Result<EndCall> decode_end_call(const json_t *parameters)
{
    MemberReader reader{parameters};
    EndCall call;
    call.id = reader.id("id");
    call.cause = reader.text("cause", max_cause_bytes, is_end_cause);
    return finish(reader, std::move(call));
}

Result<UseCall> decode_use_call(const json_t *parameters)
{
    MemberReader reader{parameters};
    UseCall call;
    call.id = reader.id("id");
    return finish(reader, std::move(call));
}

Result<EndReply> decode_end_reply(const json_t *parameters)
{
    MemberReader reader{parameters};
    EndReply reply;
    reply.ended = reader.flag("ended");
    return finish(reader, reply);
}

Result<GrantListCall> decode_grant_list_call(const json_t *parameters)
{
    MemberReader reader{parameters};
    GrantListCall call;
    call.after = reader.maybe_id("after");
    return finish(reader, std::move(call));
}

Result<GrantList> decode_grant_list(const json_t *parameters)
{
    MemberReader reader{parameters};
    GrantList list;
    const json_t *const entries = reader.array("entries", max_entries);
    list.next = reader.maybe_id("next");
    TRY(reader.finish());
    for (std::size_t i = 0; i < json_array_size(entries); ++i) {
        GrantEntry entry = TRY(decode_entry(json_array_get(entries, i)));
        if (!list.entries.empty() && entry.id <= list.entries.back().id)
            return Error{Code::bad_input, "the entries are out of order"};
        list.entries.push_back(std::move(entry));
    }
    if (list.next && (list.entries.empty() || *list.next != list.entries.back().id))
        return Error{Code::bad_input, "the next page does not come after this one"};
    return list;
}

Json encode(const GrantCall &call)
{
    MemberWriter writer;
    writer.text("id", call.id);
    writer.text("user", call.user);
    writer.text("role", call.role);
    writer.text("oid", call.oid);
    writer.duration("duration", call.duration);
    writer.text("policy", call.policy);
    if (call.is_trial)
        writer.flag("trial", true);
    return writer.take();
}

Json encode(const GrantReply &reply)
{
    MemberWriter writer;
    writer.time("since", reply.since);
    writer.time("until", reply.until);
    writer.texts("groups", reply.groups);
    writer.maybe_texts("made", reply.made);
    return writer.take();
}

Json encode(const EndCall &call)
{
    MemberWriter writer;
    writer.text("id", call.id);
    writer.text("cause", call.cause);
    return writer.take();
}

Json encode(const UseCall &call)
{
    MemberWriter writer;
    writer.text("id", call.id);
    return writer.take();
}

Json encode(const EndReply &reply)
{
    MemberWriter writer;
    writer.flag("ended", reply.ended);
    return writer.take();
}

Json encode(const GrantListCall &call)
{
    MemberWriter writer;
    writer.maybe_text("after", call.after);
    return writer.take();
}

Json encode(const GrantList &list)
{
    std::vector<Json> entries;
    entries.reserve(list.entries.size());
    for (const GrantEntry &entry : list.entries)
        entries.push_back(encode_entry(entry));
    MemberWriter writer;
    writer.values("entries", std::move(entries));
    writer.maybe_text("next", list.next);
    return writer.take();
}

} // namespace jit::ipc
