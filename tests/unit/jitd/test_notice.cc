// What webhooks are told: from a record to a message of each format, and what an attacker writes
// into a reason.
#include "tests/unit/cmocka_cpp.h"

#include <algorithm>
#include <set>

#include <jansson.h>

#include "jitd/limits.h"
#include "jitd/notice.h"
#include "jitd/notice_text.h"
#include "lib/base/handle.h"
#include "policy/config.h"

using namespace jit;
using namespace jit::daemon;
using namespace std::chrono_literals;
using Format = policy::Webhook::Format;

namespace {

using Json = Handle<json_t, &json_decref>;
constexpr Format formats[] = {Format::teams, Format::slack, Format::json};
constexpr WallTime at{1'800'000'000s};

AuditRecord make_record(Event event)
{
    AuditRecord record;
    record.event = event;
    record.message = "alice asks for role web";
    record.request = "0123456789abcdef";
    record.role = "web";
    record.user = "alice";
    record.oid = "a11ce000-0000-4000-8000-000000000001";
    record.service = "sudo";
    record.command = "/usr/bin/systemctl";
    record.reason = "INC-1 restart";
    record.duration = 1800s;
    return record;
}

StoredRequest make_row()
{
    StoredRequest row;
    row.host = "web01";
    row.deadline = at + 900s;
    return row;
}

Notice make_requested()
{
    const StoredRequest row = make_row();
    return make_notice(make_record(Event::requested), at, &row, "fallback", "00000000000000aa");
}

Json parse(const std::string &text)
{
    Json made{json_loadb(text.data(), text.size(), 0, nullptr)};
    assert_non_null(made.get());
    return made;
}

std::string text_at(const json_t *object, const char *name)
{
    const char *const value = json_string_value(json_object_get(object, name));
    return value ? value : "";
}

// Every text of a JSON value.
void gather(const json_t *value, std::vector<std::string> &into)
{
    if (json_is_string(value))
        into.emplace_back(json_string_value(value), json_string_length(value));
    for (std::size_t i = 0; i < json_array_size(value); ++i)
        gather(json_array_get(value, i), into);
    const char *name = nullptr;
    json_t *member = nullptr;
    json_object_foreach(const_cast<json_t *>(value), name, member) gather(member, into);
}
std::string all_texts(const std::string &body)
{
    std::vector<std::string> texts;
    gather(parse(body).get(), texts);
    std::string all;
    for (const std::string &text : texts)
        all += text + "\n";
    return all;
}

bool holds(std::string_view text, std::string_view part)
{
    if (text.find(part) == text.npos)
        print_message("no %s in:\n%s\n", std::string{part}.c_str(), std::string{text}.c_str());
    return text.find(part) != text.npos;
}

void each_event_that_can_be_asked_for_comes_of_a_record_and_no_other_does(void **)
{
    std::set<std::string_view> told;
    for (int i = 0; i <= static_cast<int>(Event::provider_error); ++i)
        if (const auto name = notice_event_of(static_cast<Event>(i)); !name.empty())
            told.insert(name);
    assert_true(told == std::set<std::string_view>(policy::notice_events.begin(),
                                                   policy::notice_events.end()));
    assert_text(notice_event_of(Event::timed_out), "expired");
    assert_text(notice_event_of(Event::reconciled), "revoked");
    for (const Event quiet : {Event::code_issued, Event::signed_in, Event::used, Event::observed,
                              Event::config_changed})
        assert_text(notice_event_of(quiet), "");
}

void a_notice_is_decoded_as_it_was_encoded(void **)
{
    Notice notice = make_requested();
    notice.until = at + 1800s;
    notice.approver_oid = "b0b";
    notice.cause = "cause";
    notice.grant = notice.request;
    notice.rhost = "192.0.2.1";
    notice.needs_approval = true;
    const std::string text = encode_notice(notice);
    const auto read = decode_notice(text);
    assert_true(read.has_value());
    assert_text(encode_notice(*read), text);
    assert_true(read->deadline == at + 900s && read->until == notice.until && read->at == at);
    assert_true(read->duration == 1800s && read->needs_approval);
    assert_text(read->host, "web01");
    for (const char *bad : {"", "{}", "[]", "{\"id\":\"x\",\"event\":\"granted\"}",
                            "{\"id\":\"x\",\"event\":\"granted\",\"time\":\"now\"}"})
        assert_false(decode_notice(bad).has_value());
}

void a_notice_has_the_host_and_times_of_its_request(void **)
{
    const AuditRecord record = make_record(Event::requested);
    const Notice alone = make_notice(record, at, nullptr, "web02", "id");
    assert_text(alone.host, "web02");
    assert_false(alone.deadline.has_value());
    StoredRequest row = make_row();
    row.since = at;
    row.until = at + 600s;
    AuditRecord granted = make_record(Event::granted);
    granted.has_grant = true;
    granted.until = row.until;
    granted.duration.reset();
    granted.at = at + 5s;
    const Notice notice = make_notice(granted, at, &row, "", "id");
    assert_true(notice.duration == 600s && !notice.deadline && notice.at == at + 5s);
    assert_text(notice.grant, record.request);
    granted.extends = "fedcba9876543210";
    assert_text(make_notice(granted, at, &row, "", "id").grant, "fedcba9876543210");
}

void each_format_says_what_an_approver_wants_to_know(void **)
{
    Notice notice = make_requested();
    notice.needs_approval = true;
    for (const Format format : {Format::teams, Format::slack}) {
        const std::string all = all_texts(write_notice(format, notice, nullptr));
        for (const char *part :
             {"alice asks for role web on web01", "0123456789abcdef", "/usr/bin/systemctl",
              "INC-1 restart", "30m", "2027-01-15 08:15:00 UTC", "jitctl approve 0123456789abcdef"})
            assert_true(holds(all, part));
        assert_true(all.find("code") == all.npos);
    }
    const Json object = parse(write_notice(Format::json, notice, nullptr));
    assert_int_equal(json_integer_value(json_object_get(object.get(), "version")), 1);
    assert_int_equal(json_integer_value(json_object_get(object.get(), "duration_s")), 1800);
    const std::pair<const char *, const char *> members[] = {
        {"id", "00000000000000aa"},
        {"event", "requested"},
        {"record", "requested"},
        {"time", "2027-01-15T08:00:00Z"},
        {"host", "web01"},
        {"request", "0123456789abcdef"},
        {"role", "web"},
        {"user", "alice"},
        {"oid", "a11ce000-0000-4000-8000-000000000001"},
        {"service", "sudo"},
        {"command", "/usr/bin/systemctl"},
        {"reason", "INC-1 restart"},
        {"deadline", "2027-01-15T08:15:00Z"},
        {"message", "alice asks for role web"},
        {"approve", "jitctl approve 0123456789abcdef"}};
    for (const auto &[name, value] : members)
        assert_text(text_at(object.get(), name), value);
    assert_null(json_object_get(object.get(), "code"));
    assert_null(json_object_get(object.get(), "grant"));
}

void an_end_says_its_cause_and_which_end_it_is(void **)
{
    AuditRecord record = make_record(Event::revoked);
    record.has_grant = true;
    record.rule = "policy";
    const std::pair<Event, const char *> titles[] = {
        {Event::approved, "Approved: role web for alice on web01"},
        {Event::denied, "Denied: role web"},
        {Event::cancelled, "Withdrawn: role web"},
        {Event::granted, "Granted: role web"},
        {Event::extended, "Extended: role web"},
        {Event::expired, "Ended: role web"},
        {Event::dropped, "Handed back: role web"},
        {Event::revoked, "Taken away: role web"},
        {Event::reconciled, "Taken away: role web"},
        {Event::refused, "Refused: alice on web01"}};
    const StoredRequest row = make_row();
    for (const auto &[event, title] : titles) {
        record.event = event;
        const Notice notice = make_notice(record, at, &row, "", "id");
        for (const Format format : {Format::teams, Format::slack}) {
            const std::string all = all_texts(write_notice(format, notice, nullptr));
            assert_true(holds(all, title) && holds(all, "policy"));
        }
    }
    record.event = Event::timed_out;
    record.has_grant = false;
    const Notice late = make_notice(record, at, &row, "", "id");
    assert_text(late.event, "expired");
    assert_text(late.record, "timed-out");
    assert_true(
        holds(all_texts(write_notice(Format::teams, late, nullptr)), "Timed out: role web"));
}

void who_said_no_or_may_say_nothing_is_not_said_to_have_approved(void **)
{
    for (const Event event : {Event::approved, Event::granted, Event::denied, Event::refused}) {
        AuditRecord record = make_record(event);
        record.approver_oid = "b0b00000-0000-4000-8000-000000000002";
        const Notice notice = make_notice(record, at, nullptr, "web01", "id");
        const char *deed = event == Event::denied    ? "Denied by"
                           : event == Event::refused ? "Signed in"
                                                     : "Approved by";
        for (const Format format : {Format::teams, Format::slack}) {
            const std::string all = all_texts(write_notice(format, notice, nullptr));
            assert_true(holds(all, record.approver_oid));
            for (const char *one : {"Denied by", "Signed in", "Approved by"})
                assert_int_equal(all.find(one) != all.npos, std::string_view{one} == deed);
        }
    }
}

void an_extension_is_asked_for_as_one(void **)
{
    AuditRecord record = make_record(Event::requested);
    record.extends = "fedcba9876543210";
    const Notice notice = make_notice(record, at, nullptr, "web01", "id");
    assert_text(notice.grant, record.extends);
    assert_text(notice.request, record.request);
    for (const Format format : {Format::teams, Format::slack})
        assert_true(holds(all_texts(write_notice(format, notice, nullptr)),
                          "alice asks to keep role web on web01"));
    // It has no end that is the grant's.
    record.event = Event::timed_out;
    assert_true(holds(all_texts(write_notice(
                          Format::teams, make_notice(record, at, nullptr, "web01", "id"), nullptr)),
                      "Timed out: role web"));
}

void a_code_is_in_the_message_alone_and_only_if_it_is_given(void **)
{
    const Notice notice = make_requested();
    NoticeCode code;
    code.uri = "https://login.microsoft.com/device";
    code.user_code = SecretString{"ABCD-1234"};
    for (const Format format : formats) {
        const std::string with = all_texts(write_notice(format, notice, &code));
        assert_true(holds(with, "ABCD-1234") && holds(with, code.uri));
        assert_true(write_notice(format, notice, nullptr).find("ABCD") == std::string::npos);
    }
    assert_true(encode_notice(notice).find("ABCD") == std::string::npos);
}

// --- what an attacker writes
// ------------------------------------------------------------------------------------------

constexpr const char *hostile =
    "<!channel> <https://evil.example|click> @here [approve](https://evil.example) *bold* "
    "`x` <at>Bob</at> & \"},{\"type\":\"Action.OpenUrl\"\n\x1b[2J\xe2\x80\xae\xff";

Notice make_hostile()
{
    AuditRecord record = make_record(Event::requested);
    record.reason = hostile;
    record.command = hostile;
    record.message = hostile;
    record.rhost = hostile;
    const StoredRequest row = make_row();
    return make_notice(record, at, &row, "", "id");
}

void slack_makes_no_link_and_no_mention_of_what_a_requester_writes(void **)
{
    const std::string body = write_notice(Format::slack, make_hostile(), nullptr);
    assert_true(body.find('<') == std::string::npos && body.find('>') == std::string::npos);
    const Json object = parse(body);
    assert_text(text_at(object.get(), "text"), "alice asks for role web on web01");
    std::size_t seen = 0;
    const json_t *const blocks = json_object_get(object.get(), "blocks");
    for (std::size_t i = 0; i < json_array_size(blocks); ++i) {
        const json_t *const fields = json_object_get(json_array_get(blocks, i), "fields");
        assert_true(json_array_size(fields) <= 10);
        for (std::size_t j = 0; j < json_array_size(fields); ++j) {
            const json_t *const field = json_array_get(fields, j);
            const std::string text = text_at(field, "text");
            // "*Name*", then a span of code that nothing in it ends.
            assert_true(text.size() <= 2000 && text.ends_with('`'));
            assert_int_equal(std::count(text.begin(), text.end(), '`'), 2);
            assert_int_equal(std::count(text.begin(), text.end(), '\n'), 1);
            assert_true(text.substr(text.find('\n')).starts_with("\n`"));
            assert_true(json_is_true(json_object_get(field, "verbatim")));
            seen += text.find("&lt;!channel&gt; &lt;https://evil.example|click&gt;") != text.npos;
        }
    }
    assert_int_equal(seen, 3); // command, reason, message
    assert_true(json_is_false(json_object_get(object.get(), "unfurl_links")));
}

void teams_shows_as_plain_text_what_a_requester_writes(void **)
{
    const std::string body = write_notice(Format::teams, make_hostile(), nullptr);
    const Json object = parse(body);
    assert_text(text_at(object.get(), "type"), "message");
    const json_t *const attachment =
        json_array_get(json_object_get(object.get(), "attachments"), 0);
    assert_text(text_at(attachment, "contentType"), "application/vnd.microsoft.card.adaptive");
    const json_t *const card = json_object_get(attachment, "content");
    assert_text(text_at(card, "type"), "AdaptiveCard");
    assert_null(json_object_get(card, "actions"));
    const json_t *const items = json_object_get(card, "body");
    assert_true(json_array_size(items) > 8);
    for (std::size_t i = 0; i < json_array_size(items); ++i) {
        // Never TextBlock or FactSet, whose texts are Markdown.
        assert_text(text_at(json_array_get(items, i), "type"), "RichTextBlock");
        const json_t *const inlines = json_object_get(json_array_get(items, i), "inlines");
        for (std::size_t j = 0; j < json_array_size(inlines); ++j) {
            const json_t *const run = json_array_get(inlines, j);
            assert_text(text_at(run, "type"), "TextRun");
            assert_null(json_object_get(run, "selectAction"));
        }
    }
    assert_null(json_object_get(json_object_get(card, "msteams"), "entities"));
}

void no_message_has_control_characters_or_is_larger_than_allowed(void **)
{
    AuditRecord record = make_record(Event::requested);
    const std::string bad = std::string(5000, '&') + "\n\x1b";
    record.reason = record.command = record.message = record.rhost = record.rule = bad;
    record.user = record.role = record.service = record.oid = record.approver_oid = bad;
    StoredRequest row = make_row();
    row.host = bad;
    const Notice large = make_notice(record, at, &row, "", "id");
    assert_true(encode_notice(large).size() < 12288);
    for (const Format format : formats)
        for (const Notice &notice : {make_hostile(), large}) {
            const std::string body = write_notice(format, notice, nullptr);
            assert_true(!body.empty() && body.size() <= limits::notice_bytes);
            for (const char *part : {"\\u001b", "\xe2\x80\xae", "\x1b"})
                assert_true(body.find(part) == std::string::npos);
            (void)parse(body); // valid UTF-8, or it would not be read
        }
    Notice older = make_requested(); // as another version may have kept it
    older.command = std::string(100'000, 'x');
    older.host = std::string(100'000, 'x');
    for (const Format format : formats) {
        const std::string body = write_notice(format, older, nullptr);
        assert_true(body.size() <= limits::notice_bytes);
        assert_true(holds(body, "INC-1 restart"));
    }
}

} // namespace

int main()
{
    const CMUnitTest tests[] = {
        cmocka_unit_test(each_event_that_can_be_asked_for_comes_of_a_record_and_no_other_does),
        cmocka_unit_test(a_notice_is_decoded_as_it_was_encoded),
        cmocka_unit_test(a_notice_has_the_host_and_times_of_its_request),
        cmocka_unit_test(each_format_says_what_an_approver_wants_to_know),
        cmocka_unit_test(an_end_says_its_cause_and_which_end_it_is),
        cmocka_unit_test(who_said_no_or_may_say_nothing_is_not_said_to_have_approved),
        cmocka_unit_test(an_extension_is_asked_for_as_one),
        cmocka_unit_test(a_code_is_in_the_message_alone_and_only_if_it_is_given),
        cmocka_unit_test(slack_makes_no_link_and_no_mention_of_what_a_requester_writes),
        cmocka_unit_test(teams_shows_as_plain_text_what_a_requester_writes),
        cmocka_unit_test(no_message_has_control_characters_or_is_larger_than_allowed),
    };
    return cmocka_run_group_tests_name("jitd/notice", tests, nullptr, nullptr);
}
