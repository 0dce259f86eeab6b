#include "jitd/audit_record.h"

#include <syslog.h>

#include <algorithm>
#include <array>
#include <charconv>

#include <jansson.h>

#include "lib/base/handle.h"
#include "lib/base/text.h"

namespace jit::daemon {

namespace {

struct Kind {
    Event event;
    std::string_view name;
    const char *message_id; // never changed once released: people match on it
    int priority;
};

constexpr std::array<Kind, 24> kinds{{
    {Event::requested, "requested", "b55f3a3958de4b6f9449670efb2e7791", LOG_INFO},
    {Event::code_issued, "code-issued", "0a1b7d35748048f9adb792909cb71f65", LOG_INFO},
    {Event::signed_in, "signed-in", "89fb6f0a7bd748f8941410fbddc65e06", LOG_INFO},
    {Event::approved, "approved", "84fe01d338f54ecaa4fe215c13d49690", LOG_INFO},
    {Event::denied, "denied", "99865b176e7f4b9ab9e158f1147cd784", LOG_WARNING},
    {Event::cancelled, "cancelled", "65373bb3c4534fe397715126aa74509b", LOG_INFO},
    {Event::timed_out, "timed-out", "ebe2d57cfac44afda082222d1708412e", LOG_INFO},
    {Event::granted, "granted", "938c4a84c7c74f77afabce387ba55d02", LOG_NOTICE},
    {Event::extended, "extended", "4be6a0d37c1f4e9b8a65d2f0917c3ea8", LOG_NOTICE},
    {Event::used, "used", "f1bc8f16f2d44e49a30987c1ed9a75b7", LOG_INFO},
    {Event::warned, "warned", "6b83f1e4c2a94d10b7e05a9d3c4f8812", LOG_INFO},
    {Event::by_key, "by-key", "5f0c1d9e7a6b4c2f8e3d1a7b9c5e2f64", LOG_NOTICE},
    {Event::refused, "refused", "721d98da9ebd4704b8f0bd10de6acfd4", LOG_WARNING},
    {Event::dropped, "dropped", "b96d5c9db672482daacfa6ba537dda81", LOG_INFO},
    {Event::revoked, "revoked", "d04ec404b40e4a83ae2eaca69816f275", LOG_NOTICE},
    {Event::expired, "expired", "e1f82a04b1814d3b97ce8c2aa1486617", LOG_INFO},
    {Event::reconciled, "reconciled", "f52d6addaa774d01b6c842ef9ff961cc", LOG_WARNING},
    {Event::observed, "observed", "e6e075078e884884a137e71a12aa5eb2", LOG_NOTICE},
    {Event::exempted, "exempted", "e3b955dd070b47388da408b56d9df744", LOG_NOTICE},
    {Event::unwatched, "unwatched", "7d2b9c4e51f8436a9e0d3c7ab1f46852", LOG_NOTICE},
    {Event::policy_loaded, "policy-loaded", "d220eeeaf70f41f1bc095f051c6bff6c", LOG_NOTICE},
    {Event::policy_rejected, "policy-rejected", "b499042382a6466d8c08408a2c054a20", LOG_ERR},
    {Event::config_changed, "config-changed", "497faee20615484b87b57542cd755fb0", LOG_NOTICE},
    {Event::provider_error, "provider-error", "2cefe9791e3c49f7a48dc941f8a086ae", LOG_WARNING},
}};

const Kind &kind_of(Event event)
{
    for (const Kind &kind : kinds)
        if (kind.event == event)
            return kind;
    return kinds[0];
}

// A record's longest texts, in bytes.
constexpr std::size_t max_text = 512;
constexpr std::size_t max_command = 256;
constexpr std::size_t max_approvers = 4096; // of a whole quorum, with a space between two

std::string join(const std::vector<std::string> &words)
{
    std::string text;
    for (const std::string &word : words)
        text += (text.empty() ? "" : ", ") + word;
    return text;
}

} // namespace

std::string_view name_of(Event event)
{
    return kind_of(event).name;
}

const char *message_id_of(Event event)
{
    return kind_of(event).message_id;
}

int priority_of(Event event)
{
    return kind_of(event).priority;
}

std::vector<JournalField> journal_fields(const AuditRecord &record)
{
    std::vector<JournalField> fields;
    const auto add = [&](std::string_view name, std::string_view value,
                         std::size_t most = max_text) {
        if (!value.empty())
            fields.push_back({name, safe_text(value, most)});
    };
    add("JIT_EVENT", name_of(record.event));
    add("JIT_REQUEST", record.request);
    if (record.has_grant)
        add("JIT_GRANT", record.extends.empty() ? record.request : record.extends);
    add("JIT_ROLE", record.role);
    // Every record has a user, if only to say that it is about none.
    add("JIT_USER", record.user.empty() ? "-" : record.user);
    if (record.uid)
        add("JIT_UID", std::to_string(*record.uid));
    add("JIT_OID", record.oid);
    add("JIT_APPROVER_OID", record.approver_oid, max_approvers);
    add("JIT_SERVICE", record.service);
    add("JIT_TTY", record.tty);
    add("JIT_RHOST", record.rhost);
    add("JIT_COMMAND", record.command, max_command);
    add("JIT_REASON", record.reason);
    add("JIT_CORRELATION", record.correlation);
    if (record.asked)
        add("JIT_ASKED", format_duration(*record.asked));
    if (record.until)
        add("JIT_UNTIL", format_time(*record.until));
    add("JIT_RULE", record.rule);
    add("JIT_PROCESSES", join(record.processes));
    return fields;
}

std::string encode_record(const AuditRecord &record, WallTime at)
{
    const Handle<json_t, &json_decref> object{json_object()};
    const auto set = [&](const char *name, const std::string &value) {
        (void)json_object_set_new(object.get(), name, json_string(value.c_str()));
    };
    set("time", format_time(at));
    for (const JournalField &field : journal_fields(record)) {
        // JIT_APPROVER_OID becomes approver_oid.
        const std::string name = to_lower(field.name.substr(4));
        set(name.c_str(), field.value);
    }
    set("message", safe_text(record.message, max_text));
    const Handle<char, &free> text{json_dumps(object.get(), JSON_COMPACT)};
    return text ? text.get() : "";
}

Result<AuditRecord> decode_record(const std::string &text)
{
    const Handle<json_t, &json_decref> object{json_loads(text.c_str(), 0, nullptr)};
    const auto get = [&](const char *name) {
        const char *const value = json_string_value(json_object_get(object.get(), name));
        return std::string{value ? value : ""};
    };
    const std::string event = get("event");
    const auto *const kind = std::find_if(kinds.begin(), kinds.end(),
                                          [&](const Kind &each) { return each.name == event; });
    const auto at = parse_time(get("time"));
    if (kind == kinds.end() || !at)
        return Error{Code::bad_input, "not a record of the audit"};
    AuditRecord record;
    record.event = kind->event;
    record.message = get("message");
    record.request = get("request");
    record.has_grant = !get("grant").empty();
    if (record.has_grant && get("grant") != record.request)
        record.extends = get("grant");
    record.role = get("role");
    record.user = get("user");
    record.oid = get("oid");
    record.approver_oid = get("approver_oid");
    record.service = get("service");
    record.tty = get("tty");
    record.rhost = get("rhost");
    record.command = get("command");
    record.reason = get("reason");
    record.correlation = get("correlation");
    if (const std::string processes = get("processes"); !processes.empty())
        record.processes = {processes};
    record.asked = parse_duration(get("asked"));
    record.until = parse_time(get("until"));
    record.rule = get("rule");
    record.at = at;
    const std::string uid = get("uid");
    uid_t number = 0;
    if (std::from_chars(uid.data(), uid.data() + uid.size(), number).ec == std::errc{})
        record.uid = number;
    return record;
}

} // namespace jit::daemon
