#include "jitd/notice.h"

#include <array>
#include <utility>

#include <jansson.h>

#include "lib/base/handle.h"
#include "lib/base/text.h"

namespace jit::daemon {

namespace {

using Json = Handle<json_t, &json_decref>;

// A notice's longest texts, in bytes.
constexpr std::size_t max_text = 512;
constexpr std::size_t max_command = 256;
constexpr std::size_t max_approvers = 4096;

struct Told {
    Event record;
    std::string_view event;
};
constexpr std::array<Told, 12> all_told{{
    {Event::requested, "requested"},
    {Event::approved, "approved"},
    {Event::denied, "denied"},
    {Event::cancelled, "cancelled"},
    {Event::timed_out, "expired"},
    {Event::granted, "granted"},
    {Event::extended, "extended"},
    {Event::expired, "expired"},
    {Event::dropped, "dropped"},
    {Event::revoked, "revoked"},
    {Event::reconciled, "revoked"},
    {Event::refused, "refused"},
}};

// The members that are texts, by the names they have in JSON.
constexpr std::array<std::pair<const char *, std::string Notice::*>, 15> texts{{
    {"id", &Notice::id},
    {"event", &Notice::event},
    {"record", &Notice::record},
    {"host", &Notice::host},
    {"request", &Notice::request},
    {"grant", &Notice::grant},
    {"role", &Notice::role},
    {"user", &Notice::user},
    {"oid", &Notice::oid},
    {"approver_oid", &Notice::approver_oid},
    {"service", &Notice::service},
    {"rhost", &Notice::rhost},
    {"command", &Notice::command},
    {"reason", &Notice::reason},
    {"cause", &Notice::cause},
}};

} // namespace

std::string_view notice_event_of(Event event)
{
    for (const Told &told : all_told)
        if (told.record == event)
            return told.event;
    return {};
}

Notice make_notice(const AuditRecord &record, WallTime at, const StoredRequest *row,
                   std::string_view host, std::string id)
{
    Notice made;
    made.id = std::move(id);
    made.event = notice_event_of(record.event);
    made.record = name_of(record.event);
    made.at = record.at.value_or(at);
    made.host = safe_text(row && !row->host.empty() ? row->host : host, max_text);
    made.request = safe_text(record.request, max_text);
    if (record.has_grant || (record.event == Event::requested && !record.extends.empty()))
        made.grant = safe_text(record.extends.empty() ? record.request : record.extends, max_text);
    made.role = safe_text(record.role, max_text);
    made.user = safe_text(record.user, max_text);
    made.oid = safe_text(record.oid, max_text);
    made.approver_oid = safe_text(record.approver_oid, max_approvers);
    made.service = safe_text(record.service, max_text);
    made.rhost = safe_text(record.rhost, max_text);
    made.command = safe_text(record.command, max_command);
    made.reason = safe_text(record.reason, max_text);
    made.duration = record.duration;
    if (row && row->since && row->until)
        made.duration = *row->until - *row->since;
    if (row && record.event == Event::requested)
        made.deadline = row->deadline;
    made.until = record.until;
    made.cause = safe_text(record.rule, max_text);
    made.message = safe_text(record.message, max_text);
    made.needs_approval = record.needs_approval;
    return made;
}

std::string encode_notice(const Notice &notice)
{
    const Json object{json_object()};
    const auto set = [&](const char *name, const std::string &value) {
        if (!value.empty())
            (void)json_object_set_new(object.get(), name, json_stringn(value.data(), value.size()));
    };
    (void)json_object_set_new(object.get(), "version", json_integer(1));
    for (const auto &[name, member] : texts)
        set(name, notice.*member);
    set("time", format_time(notice.at));
    if (notice.duration)
        (void)json_object_set_new(object.get(), "duration_s",
                                  json_integer(notice.duration->count()));
    if (notice.deadline)
        set("deadline", format_time(*notice.deadline));
    if (notice.until)
        set("until", format_time(*notice.until));
    set("message", notice.message);
    if (notice.needs_approval)
        set("approve", "jitctl approve " + notice.request);
    const Handle<char, &free> text{json_dumps(object.get(), JSON_COMPACT)};
    return text ? text.get() : "";
}

Result<Notice> decode_notice(const std::string &text)
{
    const Json object{json_loadb(text.data(), text.size(), 0, nullptr)};
    const auto get = [&](const char *name) {
        const char *const value = json_string_value(json_object_get(object.get(), name));
        return std::string{value ? value : ""};
    };
    Notice notice;
    for (const auto &[name, member] : texts)
        notice.*member = get(name);
    const auto at = parse_time(get("time"));
    if (notice.id.empty() || notice.event.empty() || !at)
        return Error{Code::bad_input, "not a notice"};
    notice.at = *at;
    const json_t *const duration = json_object_get(object.get(), "duration_s");
    if (json_is_integer(duration))
        notice.duration = std::chrono::seconds{json_integer_value(duration)};
    notice.deadline = parse_time(get("deadline"));
    notice.until = parse_time(get("until"));
    notice.message = get("message");
    notice.needs_approval = !get("approve").empty();
    return notice;
}

} // namespace jit::daemon
