#include "jitd/notice_text.h"

#include <algorithm>
#include <vector>

#include <jansson.h>

#include "jitd/limits.h"
#include "lib/base/handle.h"
#include "lib/base/text.h"

namespace jit::daemon {

namespace {

using Json = Handle<json_t, &json_decref>;

// Slack takes 150 characters of a header, and 2000 of a field, in which '&' is five.
constexpr std::size_t max_title = 150;
constexpr std::size_t max_value = 300;
constexpr std::size_t max_fields = 10; // of a section

struct Fact {
    const char *name;
    std::string value;
};

std::string role_of(const Notice &notice)
{
    return "role " + notice.role + " for " + notice.user + " on " + notice.host;
}

std::string title_of(const Notice &notice)
{
    const auto what = [&]() -> std::string {
        if (notice.event == "requested")
            return notice.user +
                   (notice.grant.empty() ? " asks for role " : " asks to keep role ") +
                   notice.role + " on " + notice.host;
        if (notice.event == "approved")
            return "Approved: " + role_of(notice);
        if (notice.event == "denied")
            return "Denied: " + role_of(notice);
        if (notice.event == "cancelled")
            return "Withdrawn: " + role_of(notice);
        if (notice.event == "granted")
            return "Granted: " + role_of(notice);
        if (notice.event == "extended")
            return "Extended: " + role_of(notice);
        if (notice.event == "expired" && notice.grant.empty())
            return "Timed out: " + role_of(notice);
        if (notice.event == "expired")
            return "Ended: " + role_of(notice);
        if (notice.event == "dropped")
            return "Handed back: " + role_of(notice);
        if (notice.event == "revoked")
            return "Taken away: " + role_of(notice);
        return "Refused: " + notice.user + " on " + notice.host;
    };
    return safe_text(what(), max_title);
}

// "2026-03-17 09:41:05 UTC"
std::string time_for_people(WallTime at)
{
    std::string text = format_time(at);
    text.replace(text.find('T'), 1, " ");
    text.replace(text.find('Z'), 1, " UTC");
    return text;
}

// What the person did whose object id a notice has beside the requester's.
const char *deed_of(const Notice &notice)
{
    if (notice.event == "denied")
        return "Denied by";
    return notice.event == "refused" ? "Signed in" : "Approved by";
}

std::vector<Fact> facts_of(const Notice &notice, const NoticeCode *code)
{
    std::vector<Fact> facts;
    const auto add = [&](const char *name, std::string_view value) {
        if (!value.empty())
            facts.push_back({name, safe_text(value, max_value)});
    };
    add("Who", notice.user);
    add("Host", notice.host);
    add("Role", notice.role);
    add("Command", notice.command);
    add("Duration", notice.duration ? format_duration(*notice.duration) : "");
    add("Reason", notice.reason);
    add("Until", notice.until ? time_for_people(*notice.until) : "");
    add("Answer before", notice.deadline ? time_for_people(*notice.deadline) : "");
    add("What happened", notice.message);
    add("Cause", notice.cause);
    add(deed_of(notice), notice.approver_oid);
    add("Request", notice.request);
    if (notice.needs_approval)
        add("To approve, on the host", "jitctl approve " + notice.request);
    if (code != nullptr) {
        add("Or sign in at", code->uri);
        add("with the code", code->user_code.reveal());
    }
    return facts;
}

json_t *text_of(std::string_view text)
{
    return json_stringn(text.data(), text.size());
}

// An Adaptive Card in the envelope of a message. Its TextRun, unlike TextBlock and FactSet, knows
// no Markdown: what it shows is what is there. https://adaptivecards.io/explorer/TextRun.html
Json write_teams(const Notice &notice, const NoticeCode *code)
{
    const auto run = [](std::string_view text, const char *weight) {
        return json_pack("{s:s,s:o,s:s}", "type", "TextRun", "text", text_of(text), "weight",
                         weight);
    };
    json_t *const body = json_array();
    (void)json_array_append_new(body, json_pack("{s:s,s:[{s:s,s:o,s:s,s:s}]}", "type",
                                                "RichTextBlock", "inlines", "type", "TextRun",
                                                "text", text_of(title_of(notice)), "weight",
                                                "Bolder", "size", "Medium"));
    for (const Fact &fact : facts_of(notice, code))
        (void)json_array_append_new(body, json_pack("{s:s,s:s,s:[o,o]}", "type", "RichTextBlock",
                                                    "spacing", "Small", "inlines",
                                                    run(std::string{fact.name} + ": ", "Bolder"),
                                                    run(fact.value, "Default")));
    return Json{json_pack(
        "{s:s,s:[{s:s,s:n,s:{s:s,s:s,s:s,s:{s:s},s:o}}]}", "type", "message", "attachments",
        "contentType", "application/vnd.microsoft.card.adaptive", "contentUrl", "content",
        "$schema", "http://adaptivecards.io/schemas/adaptive-card.json", "type", "AdaptiveCard",
        "version", "1.4", "msteams", "width", "Full", "body", body)};
}

// https://api.slack.com/reference/surfaces/formatting#escaping
std::string escape_slack(std::string_view text)
{
    std::string out;
    for (const char c : text) {
        if (c == '&')
            out += "&amp;";
        else if (c == '<')
            out += "&lt;";
        else if (c == '>')
            out += "&gt;";
        else
            out += c;
    }
    return out;
}

// As code, in which Slack finds no link, no channel, no bold.
std::string as_code(std::string text)
{
    std::replace(text.begin(), text.end(), '`', '\'');
    return "`" + escape_slack(text) + "`";
}

Json write_slack(const Notice &notice, const NoticeCode *code)
{
    const std::string title = title_of(notice);
    json_t *const blocks = json_array();
    (void)json_array_append_new(blocks,
                                json_pack("{s:s,s:{s:s,s:o,s:b}}", "type", "header", "text", "type",
                                          "plain_text", "text", text_of(title), "emoji", 0));
    json_t *fields = nullptr; // of the last section
    for (const Fact &fact : facts_of(notice, code)) {
        if (fields == nullptr || json_array_size(fields) == max_fields) {
            fields = json_array();
            (void)json_array_append_new(
                blocks, json_pack("{s:s,s:o}", "type", "section", "fields", fields));
        }
        const std::string text = "*" + std::string{fact.name} + "*\n" + as_code(fact.value);
        (void)json_array_append_new(fields, json_pack("{s:s,s:o,s:b}", "type", "mrkdwn", "text",
                                                      text_of(text), "verbatim", 1));
    }
    // The line of a notification, where no blocks are shown.
    return Json{json_pack("{s:o,s:o,s:b,s:b}", "text", text_of(escape_slack(title)), "blocks",
                          blocks, "unfurl_links", 0, "unfurl_media", 0)};
}

Json write_object(const Notice &notice, const NoticeCode *code)
{
    const std::string text = encode_notice(notice);
    Json object{json_loadb(text.data(), text.size(), 0, nullptr)};
    if (code != nullptr)
        (void)json_object_set_new(object.get(), "code",
                                  json_pack("{s:o,s:o}", "uri", text_of(safe_text(code->uri, 512)),
                                            "user_code",
                                            text_of(safe_text(code->user_code.reveal(), 64))));
    return object;
}

std::string write(policy::Webhook::Format format, const Notice &notice, const NoticeCode *code)
{
    const Json object = [&] {
        switch (format) {
        case policy::Webhook::Format::teams:
            return write_teams(notice, code);
        case policy::Webhook::Format::slack:
            return write_slack(notice, code);
        case policy::Webhook::Format::json:
            break;
        }
        return write_object(notice, code);
    }();
    const Handle<char, &free> text{json_dumps(object.get(), JSON_COMPACT)};
    return text ? text.get() : "";
}

} // namespace

std::string write_notice(policy::Webhook::Format format, const Notice &notice,
                         const NoticeCode *code)
{
    std::string text = write(format, notice, code);
    if (text.size() <= limits::notice_bytes)
        return text;
    // Nothing of ours is so long; an older ledger's may be.
    Notice cut;
    cut.id = safe_text(notice.id, 64);
    cut.event = safe_text(notice.event, 64);
    cut.record = safe_text(notice.record, 64);
    cut.at = notice.at;
    for (const auto member : {&Notice::host, &Notice::request, &Notice::grant, &Notice::role,
                              &Notice::user, &Notice::oid, &Notice::reason, &Notice::message})
        cut.*member = safe_text(notice.*member, max_value);
    cut.needs_approval = notice.needs_approval;
    return write(format, cut, code);
}

} // namespace jit::daemon
