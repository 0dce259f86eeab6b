#include "jit_grantd/journal_records.h"

#include <array>
#include <syslog.h>

#include "lib/base/text.h"
#include "lib/sys/journal.h"

namespace jit::grantd {

namespace {

struct Kind {
    std::string_view name;
    std::string_view message_id;
    int priority;
};

constexpr std::array<Kind, 7> kinds{{
    {"granted", granted_message_id, LOG_NOTICE},
    {"extended", extended_message_id, LOG_NOTICE},
    {"expired", expired_message_id, LOG_NOTICE},
    {"dropped", dropped_message_id, LOG_NOTICE},
    {"revoked", revoked_message_id, LOG_NOTICE},
    {"reconciled", reconciled_message_id, LOG_WARNING},
    {"terminated", terminated_message_id, LOG_NOTICE},
}};

std::string join(const std::vector<std::string> &words)
{
    std::string text;
    for (const std::string &word : words)
        text += (text.empty() ? "" : ", ") + word;
    return text;
}

std::string list_groups(const Entry &entry)
{
    return join(entry.groups());
}

} // namespace

std::string describe(Records::Event event, const Entry &entry)
{
    const std::string whose = "role " + entry.role + " of " + entry.user;
    if (event == Records::Event::granted)
        return entry.user + " has role " + entry.role + " (" + list_groups(entry) + ") until " +
               format_time(entry.until);
    if (event == Records::Event::extended)
        return entry.user + " has role " + entry.role + " (" + list_groups(entry) +
               ") longer, until " + format_time(entry.until);
    if (event == Records::Event::terminated)
        return whose + " has ended, and what ran under it ends now: " + join(entry.processes);
    return whose + " (" + list_groups(entry) + ") has ended: " + entry.cause;
}

void JournalRecords::record(Event event, const Entry &entry)
{
    const Kind &kind = kinds[static_cast<std::size_t>(event)];
    std::vector<sys::Field> fields{
        {"MESSAGE_ID", std::string{kind.message_id}},
        {"JIT_EVENT", std::string{kind.name}},
        {"JIT_GRANT", entry.id},
        {"JIT_REQUEST", entry.id},
        {"JIT_ROLE", entry.role},
        {"JIT_USER", entry.user},
        {"JIT_UID", std::to_string(entry.uid)},
        {"JIT_OID", entry.oid},
        {"JIT_UNTIL", format_time(entry.until)},
    };
    // What held a group of the grant at its end, or ran under it and is ended.
    if (!entry.processes.empty() && event != Event::granted && event != Event::extended)
        fields.push_back({"JIT_PROCESSES", join(entry.processes)});
    sys::write_journal(kind.priority, describe(event, entry), fields);
}

void JournalRecords::log(int priority, const std::string &text)
{
    sys::write_journal(priority, safe_text(text, 1024));
}

} // namespace jit::grantd
