#include "tests/unit/cmocka_cpp.h"

#include <functional>

#include "tests/unit/jitd/session_script.h"

using namespace jit;
using namespace jit::daemon;
using namespace jit::daemon::test;

namespace {

const World &world()
{
    static const World made;
    return made;
}

constexpr Stage stages[] = {Stage::idle,     Stage::finding_party, Stage::asking_code,
                            Stage::waiting,  Stage::polling,       Stage::judging,
                            Stage::granting, Stage::recording,     Stage::closed};

const Close *close_of(const Actions &actions)
{
    return actions.empty() ? nullptr : std::get_if<Close>(&actions.back());
}

// What a policy is held against later: not what it was cut to.
void how_long_was_asked_for_is_on_record(void **)
{
    World w = world();
    for (const std::optional<seconds> asked :
         {std::optional<seconds>{7200}, std::optional<seconds>{}}) {
        w.facts.asked = asked;
        Session session{w.facts};
        const Actions actions = session.start();
        const auto &record = std::get<WriteRecord>(actions.front()).record;
        const std::string line = encode_record(record, w.now);
        assert_int_equal(line.find(R"("asked":"2h")") != line.npos, asked.has_value());
        assert_true(decode_record(line)->asked == asked);
    }
}

void the_happy_path_says_each_thing_once(void **)
{
    const World &w = world();
    Session session{w.facts};
    assert_text(shape_of(session.start()), "record:requested wake find-party");
    assert_text(shape_of(session.on_party(w.party(), flow_id, boot_at(1))), "http");
    assert_false(session.code().has_value());
    const auto shown = session.on_reply(
        reply_of(R"({"device_code":"dev","user_code":"ABCD-1234","expires_in":600,"interval":5,)"
                 R"("verification_uri":"https://microsoft.com/devicelogin"})"),
        boot_at(2));
    assert_text(shape_of(shown), "record:code-issued code wake");
    assert_text(session.code()->user_code, "ABCD-1234");
    assert_true(session.code()->expires == boot_at(602));
    assert_text(shape_of(session.on_time(boot_at(7))), "http");
    assert_text(shape_of(session.on_reply(reply_of(R"({"error":"authorization_pending"})", 400),
                                          boot_at(8))),
                "wake");
    assert_text(shape_of(session.on_time(boot_at(13))), "http");
    assert_text(shape_of(session.on_reply(reply_of("{\"id_token\":\"" + w.token("entra") + "\"}"),
                                          boot_at(14))),
                "wake keys");
    assert_false(session.code().has_value());
    const auto judged = session.on_keys(w.keys, w.rules(), w.now);
    assert_text(shape_of(judged), "record:signed-in grant:approved");
    assert_true(session.is_granting());
    const auto granted = session.on_granted(w.now, w.now + seconds{600}, {"jit-web"});
    assert_text(shape_of(granted), "record-grant");
    const auto &record = std::get<RecordGrant>(granted.front()).record;
    assert_true(record.event == Event::granted);
    assert_true(record.has_grant);
    assert_true(record.until == w.now + seconds{600});
    assert_text(record.approver_oid, alice_oid);
    assert_text(record.correlation, flow_id);
    assert_text(shape_of(session.on_recorded(true)), "close:granted");
    assert_true(session.is_closed());
    assert_true(session.until() == w.now + seconds{600});
}

void every_record_names_request_user_and_role(void **)
{
    for (const Stage stage : stages) {
        Session session = walk(world(), stage);
        for (const Action &action : session.cancel(ipc::Cause::cancelled, "cancelled")) {
            if (const auto *record = std::get_if<WriteRecord>(&action)) {
                assert_text(record->record.request, "0123456789abcdef");
                assert_text(record->record.user, "alice");
                assert_text(record->record.role, "web");
                assert_text(record->record.service, "sudo");
                assert_text(record->record.reason, "INC-1");
                assert_int_equal(*record->record.uid, 1000);
            }
        }
    }
}

// Each event in each state: what it must not be is an answer of another state.
void each_event_in_each_state_does_what_the_table_says(void **)
{
    const World &w = world();
    struct Row {
        const char *name;
        std::function<Actions(Session &)> event;
        const char *expected[std::size(stages)];
    };
    const char *const broken = "record:provider-error record:denied close:broken";
    const char *const timed_out = "record:timed-out close:timed-out";
    const char *const unreachable = "record:provider-error record:denied close:unreachable";
    const Row rows[] = {
        {"start",
         [](Session &s) { return s.start(); },
         {"record:requested wake find-party", "", "", "", "", "", "", "", ""}},
        {"provider",
         [&](Session &s) { return s.on_party(w.party(), flow_id, boot_at(9)); },
         {"", "http", "", "", "", "", "", "", ""}},
        {"provider after the deadline",
         [&](Session &s) { return s.on_party(w.party(), flow_id, boot_at(900)); },
         {"", timed_out, "", "", "", "", "", "", ""}},
        {"provider failed",
         [](Session &s) { return s.on_provider_failed(oidc::Failure::unreachable, ""); },
         {"", unreachable, "", "", "", unreachable, "", "", ""}},
        {"a reply without sense",
         [](Session &s) { return s.on_reply(reply_of("?"), boot_at(9)); },
         {"", "", broken, broken, broken, "", "", "", ""}},
        {"declined",
         [](Session &s) {
             return s.on_reply(reply_of(R"({"error":"authorization_declined"})", 400), boot_at(9));
         },
         {"", "", "record:denied close:declined", broken, "record:denied close:declined", "", "",
          "", ""}},
        {"time, early",
         [](Session &s) { return s.on_time(boot_at(3)); },
         {"wake", "wake", "wake", "wake", "wake", "wake", "", "", ""}},
        {"the deadline",
         [](Session &s) { return s.on_time(boot_at(900)); },
         {timed_out, timed_out, timed_out, timed_out, timed_out, timed_out, "", "", ""}},
        {"keys",
         [&](Session &s) { return s.on_keys(w.keys, w.rules(), w.now); },
         {"", "", "", "", "", "record:signed-in grant:approved", "", "", ""}},
        {"no keys",
         [&](Session &s) { return s.on_keys({}, w.rules(), w.now); },
         {"", "", "", "", "", "keys", "", "", ""}},
        {"granted",
         [&](Session &s) { return s.on_granted(w.now, w.now + seconds{60}, {"g"}); },
         {"", "", "", "", "", "", "record-grant", "", ""}},
        {"grant failed",
         [](Session &s) { return s.on_grant_failed(ipc::Cause::failed, "no"); },
         {"", "", "", "", "", "", "record:denied close:failed", "", ""}},
        {"cancel",
         [](Session &s) { return s.cancel(ipc::Cause::cancelled, "cancelled"); },
         {"record:cancelled close:cancelled", "record:cancelled close:cancelled",
          "record:cancelled close:cancelled", "record:cancelled close:cancelled",
          "record:cancelled close:cancelled", "record:cancelled close:cancelled", "", "", ""}},
        {"recorded",
         [](Session &s) { return s.on_recorded(true); },
         {"", "", "", "", "", "", "", "close:granted", ""}},
        {"not recorded",
         [](Session &s) { return s.on_recorded(false); },
         {"", "", "", "", "", "", "", "take-back record:denied close:failed", ""}},
    };
    int wrong = 0;
    for (const Row &row : rows) {
        for (std::size_t i = 0; i < std::size(stages); ++i) {
            Session session = walk(w, stages[i]);
            const Actions said = row.event(session);
            const std::string shape = shape_of(said);
            if (shape != row.expected[i]) {
                print_error("%s in state %zu: \"%s\", expected \"%s\"\n", row.name, i,
                            shape.c_str(), row.expected[i]);
                ++wrong;
            }
            if (close_of(said) != nullptr) {
                assert_true(session.is_closed());
                assert_false(session.code().has_value());
            }
        }
    }
    assert_int_equal(wrong, 0);
}

void a_closed_session_says_nothing_more(void **)
{
    const World &w = world();
    for (const Stage stage : stages) {
        Session session = walk(w, stage);
        (void)session.cancel(ipc::Cause::cancelled, "cancelled");
        (void)session.on_grant_failed(ipc::Cause::failed, "no");
        (void)session.on_recorded(false);
        assert_true(session.is_closed());
        assert_true(session.start().empty());
        assert_true(session.on_party(w.party(), flow_id, boot_at(9)).empty());
        assert_true(session.on_provider_failed(oidc::Failure::broken, "").empty());
        assert_true(session.on_reply(reply_of("{}"), boot_at(9)).empty());
        assert_true(session.on_time(boot_at(9000)).empty());
        assert_true(session.on_keys(w.keys, w.rules(), w.now).empty());
        assert_true(session.on_granted(w.now, w.now, {}).empty());
        assert_true(session.on_recorded(true).empty());
        assert_true(session.on_grant_failed(ipc::Cause::failed, "no").empty());
        assert_true(session.cancel(ipc::Cause::cancelled, "again").empty());
        assert_true(session.is_closed());
    }
}

void cancelled_while_granting_the_grant_is_taken_back(void **)
{
    const World &w = world();
    Session session = walk(w, Stage::granting);
    assert_true(session.cancel(ipc::Cause::cancelled, "gone").empty());
    assert_true(session.cancel(ipc::Cause::policy_changed, "later").empty());
    assert_false(session.is_closed());
    const auto said = session.on_granted(w.now, w.now + seconds{60}, {"jit-web"});
    assert_text(shape_of(said), "take-back record:cancelled close:cancelled");
    assert_text(close_of(said)->message, "gone");
    for (const Action &action : said) {
        assert_null(std::get_if<RecordGrant>(&action));
        if (const auto *record = std::get_if<WriteRecord>(&action))
            assert_true(record->record.event != Event::granted);
    }

    Session failed = walk(w, Stage::granting);
    (void)failed.cancel(ipc::Cause::cancelled, "gone");
    assert_text(shape_of(failed.on_grant_failed(ipc::Cause::failed, "no")),
                "record:cancelled close:cancelled");
}

void somebody_elses_sign_in_is_refused_and_recorded_with_his_id(void **)
{
    World w;
    w.facts.oid = "b0b00000-0000-4000-8000-000000000004";
    w.policy.roles[0].requesters[0].value = w.facts.oid;
    Session session = walk(w, Stage::judging);
    const auto said = session.on_keys(w.keys, w.rules(), w.now);
    assert_text(shape_of(said), "record:signed-in record:denied close:wrong-person");
    for (const std::size_t i : {0U, 1U})
        assert_text(std::get<WriteRecord>(said[i]).record.oid, alice_oid);
    assert_text(std::get<WriteRecord>(said[1]).record.rule, "wrong-person");

    // A request of nobody is nobody's, whoever signs in.
    w.facts.oid.clear();
    Session nobody = walk(w, Stage::judging);
    assert_text(shape_of(nobody.on_keys(w.keys, w.rules(), w.now)),
                "record:signed-in record:denied close:wrong-person");
}

void the_policy_is_asked_again_after_the_sign_in(void **)
{
    struct Row {
        const char *why;
        std::function<void(World &)> change;
        const char *expected;
    };
    const char *const refused = "record:signed-in record:denied close:refused";
    const Row rows[] = {
        {"another requester",
         [](World &w) { w.policy.roles[0].requesters[0].value = "user-of-another"; }, refused},
        {"a group that the token does not name",
         [](World &w) {
             w.policy.roles[0].requesters[0] = {policy::Requester::Kind::group,
                                                "abcdef00-0000-4000-8000-000000000004"};
         },
         refused},
        {"the role is gone", [](World &w) { w.policy.roles.clear(); },
         "record:signed-in record:denied close:policy-changed"},
        {"another host",
         [](World &w) {
             w.policy.roles[0].hosts = {{false, "db*"}};
         },
         refused},
        {"a duration past the new end",
         [](World &w) {
             w.facts.asked = seconds{3600};
             w.policy.roles[0].max_duration = seconds{60};
         },
         refused},
    };
    for (const Row &row : rows) {
        World w;
        row.change(w);
        Session session = walk(w, Stage::judging);
        const std::string shape = shape_of(session.on_keys(w.keys, w.rules(), w.now));
        if (shape != row.expected)
            print_error("%s\n", row.why);
        assert_text(shape, row.expected);
    }
    World w;
    w.policy.roles[0].requesters[0] = {policy::Requester::Kind::group,
                                       "abcdef00-0000-4000-8000-000000000004"};
    Session member = walk(w, Stage::judging, "entra-upper-case");
    assert_text(shape_of(member.on_keys(w.keys, w.rules(), w.now)),
                "record:signed-in grant:approved");
}

void a_changed_policy_can_only_narrow_a_request(void **)
{
    World w;
    Session session = walk(w, Stage::judging);
    w.policy.roles[0].default_duration = seconds{60};
    w.policy.roles[0].groups = {"jit-other"};
    (void)session.on_keys(w.keys, w.rules(), w.now);
    assert_int_equal(session.facts().duration.count(), 60);
    assert_true(session.facts().groups == std::vector<std::string>{"jit-other"});

    w.facts.duration = seconds{60};
    w.policy.roles[0].default_duration = seconds{3600};
    Session wider = walk(w, Stage::judging);
    (void)wider.on_keys(w.keys, w.rules(), w.now);
    assert_int_equal(wider.facts().duration.count(), 60);
}

void an_unknown_key_is_looked_for_once_more_then_denied(void **)
{
    const World &w = world();
    Session session = walk(w, Stage::judging);
    const auto again = session.on_keys({}, w.rules(), w.now);
    assert_text(shape_of(again), "keys");
    assert_true(std::get<FindKeys>(again.front()).refresh);
    Session found = walk(w, Stage::judging);
    (void)found.on_keys({}, w.rules(), w.now);
    assert_text(shape_of(found.on_keys(w.keys, w.rules(), w.now)),
                "record:signed-in grant:approved");
    assert_text(shape_of(session.on_keys({}, w.rules(), w.now)),
                "record:provider-error record:denied close:not-trusted");
}

void a_forged_token_is_denied_at_once(void **)
{
    const World &w = world();
    for (const char *name :
         {"alg-none", "hs256-pem", "payload-changed", "signature-cut", "iss-of-other-tid",
          "aud-other", "exp-old", "iat-stale", "oid-absent", "key-of-consumers", "plain"}) {
        Session session = walk(w, Stage::judging, name);
        Actions said = session.on_keys(w.keys, w.rules(), w.now);
        if (shape_of(said) == "keys")
            said = session.on_keys(w.keys, w.rules(), w.now);
        assert_text(shape_of(said), "record:provider-error record:denied close:not-trusted");
    }
}

// A login over ssh: what is approved is granted when somebody comes for it.
Session walk_to_held(World &w)
{
    w.facts.is_held = true;
    Session session = walk(w, Stage::judging);
    assert_text(shape_of(session.on_keys(w.keys, w.rules(), w.now)), "record:signed-in hold wake");
    assert_true(session.is_approved());
    return session;
}

void what_is_held_is_granted_when_somebody_comes_for_it(void **)
{
    World w;
    Session session = walk_to_held(w);
    assert_false(session.is_granting());
    assert_text(shape_of(session.on_time(boot_at(60))), "wake");
    assert_text(shape_of(session.claim()), "rules");
    assert_true(session.is_approved());
    assert_text(shape_of(session.on_rules(w.rules())), "grant:approved");
    assert_text(shape_of(session.claim()), ""); // a second one waits for the same grant
    assert_true(session.is_approved() && session.is_granting());
    assert_text(shape_of(session.on_granted(w.now, w.now + seconds{60}, {"jit-web"})),
                "record-grant");
    assert_text(shape_of(session.on_recorded(true)), "close:granted");
    assert_false(session.is_approved());
}

void what_nobody_comes_for_ends_with_the_request(void **)
{
    World w;
    Session session = walk_to_held(w);
    const auto said = session.on_time(boot_at(900));
    assert_text(shape_of(said), "record:timed-out close:timed-out");
    assert_true(close_of(said)->message.find("no login came for it") != std::string::npos);
    Session cancelled = walk_to_held(w);
    assert_text(shape_of(cancelled.cancel(ipc::Cause::cancelled, "gone")),
                "record:cancelled close:cancelled");
    assert_text(shape_of(cancelled.claim()), "");
}

void the_rules_are_asked_again_when_somebody_comes(void **)
{
    World w;
    Session session = walk_to_held(w);
    w.policy.roles[0].requesters[0].value = "user-of-another";
    (void)session.claim();
    assert_text(shape_of(session.on_rules(w.rules())), "record:denied close:refused");
}

void nothing_is_claimed_before_it_is_held(void **)
{
    World w;
    w.facts.is_held = true;
    for (const Stage stage : {Stage::idle, Stage::finding_party, Stage::asking_code, Stage::waiting,
                              Stage::polling, Stage::judging}) {
        Session session = walk(w, stage);
        assert_text(shape_of(session.claim()), "");
        assert_false(session.is_approved());
    }
    // Nor where no login is waited for.
    w.facts.is_held = false;
    Session session = walk(w, Stage::granting);
    assert_text(shape_of(session.claim()), "");
}

void no_record_or_message_holds_code_or_token(void **)
{
    const World &w = world();
    const std::string token = w.token("entra");
    Session session{w.facts};
    std::string all;
    const auto collect = [&](const Actions &actions) {
        for (const Action &action : actions) {
            if (const auto *record = std::get_if<WriteRecord>(&action))
                all += encode_record(record->record, w.now) + record->record.message;
            else if (const auto *asked = std::get_if<AskGrant>(&action))
                all += encode_record(*asked->approved, w.now) + asked->approved->message;
            else if (const auto *grant = std::get_if<RecordGrant>(&action))
                all += encode_record(grant->record, w.now) + grant->record.message;
            else if (const auto *close = std::get_if<Close>(&action))
                all += close->message;
        }
    };
    collect(session.start());
    collect(session.on_party(w.party(), flow_id, boot_at(1)));
    collect(session.on_reply(
        reply_of(R"({"device_code":"DEVCODE","user_code":"ABCD-1234","expires_in":600,)"
                 R"("verification_uri":"https://microsoft.com/devicelogin"})"),
        boot_at(2)));
    collect(session.on_time(boot_at(7)));
    collect(session.on_reply(reply_of("{\"id_token\":\"" + token + "\"}"), boot_at(8)));
    collect(session.on_keys(w.keys, w.rules(), w.now));
    collect(session.on_granted(w.now, w.now + seconds{60}, {"jit-web"}));
    collect(session.on_recorded(true));
    assert_true(all.size() > 500);
    for (const std::string_view secret :
         {std::string_view{"ABCD-1234"}, std::string_view{"DEVCODE"},
          std::string_view{token}.substr(token.rfind('.') + 1, 40)})
        assert_true(all.find(secret) == std::string::npos);
}

} // namespace

int main()
{
    const CMUnitTest tests[] = {
        cmocka_unit_test(how_long_was_asked_for_is_on_record),
        cmocka_unit_test(the_happy_path_says_each_thing_once),
        cmocka_unit_test(every_record_names_request_user_and_role),
        cmocka_unit_test(each_event_in_each_state_does_what_the_table_says),
        cmocka_unit_test(a_closed_session_says_nothing_more),
        cmocka_unit_test(cancelled_while_granting_the_grant_is_taken_back),
        cmocka_unit_test(somebody_elses_sign_in_is_refused_and_recorded_with_his_id),
        cmocka_unit_test(the_policy_is_asked_again_after_the_sign_in),
        cmocka_unit_test(a_changed_policy_can_only_narrow_a_request),
        cmocka_unit_test(an_unknown_key_is_looked_for_once_more_then_denied),
        cmocka_unit_test(a_forged_token_is_denied_at_once),
        cmocka_unit_test(no_record_or_message_holds_code_or_token),
        cmocka_unit_test(what_is_held_is_granted_when_somebody_comes_for_it),
        cmocka_unit_test(what_nobody_comes_for_ends_with_the_request),
        cmocka_unit_test(the_rules_are_asked_again_when_somebody_comes),
        cmocka_unit_test(nothing_is_claimed_before_it_is_held),
    };
    return cmocka_run_group_tests_name("jitd/session", tests, nullptr, nullptr);
}
