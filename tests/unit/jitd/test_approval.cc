// One approver's sign-in: who it counts for, what it has to prove, and that whatever goes wrong
// with it leaves a record and says nothing of the request.
#include "tests/unit/cmocka_cpp.h"

#include "jitd/approval.h"
#include "tests/unit/jitd/session_script.h"

using namespace jit;
using namespace jit::daemon;
using namespace jit::daemon::test;
using namespace std::chrono_literals;

namespace {

// The vectors' person is alice: it is she who approves, and bob who has asked.
constexpr const char *bob_oid = "b0b00000-0000-4000-8000-000000000004";
constexpr const char *carol_oid = "ca701000-0000-4000-8000-000000000005";
constexpr const char *some_group = "abcdef00-0000-4000-8000-000000000004";

policy::Approver person(const char *oid)
{
    return {policy::Approver::Kind::user, oid};
}
policy::Approver group(const char *oid)
{
    return {policy::Approver::Kind::group, oid};
}

struct Asked : World {
    Asked()
    {
        policy::Approval &approval = policy.roles[0].approval;
        approval.mode = policy::Approval::Mode::approver;
        approval.approvers = {person(alice_oid), person(carol_oid)};
        asked.id = "0123456789abcdef";
        asked.role = "web";
        asked.requester = "bob";
        asked.requester_uid = 1001;
        asked.requester_oid = bob_oid;
        asked.user = "alice";
        asked.oid = alice_oid;
        asked.tty = "pts/7";
        mapped.users = {{"alice", alice_oid}, {"carol", carol_oid}};
        config = &mapped;
        asked.began = {now - 60s, boot_at(-50)};
        asked.deadline = boot_at(7200);
    }
    policy::Role &role() { return policy.roles[0]; }
    void give_graph()
    {
        expected.graph_hosts = {"graph.microsoft.com"};
        expected.scopes = {"openid", "https://graph.microsoft.com/User.Read"};
    }

    Asked(const Asked &) = delete;
    Asked &operator=(const Asked &) = delete;

    policy::Config mapped;
    ApprovalFacts asked;
};

const char *const shown =
    R"({"device_code":"dev","user_code":"ABCD-1234","expires_in":600,"interval":5,)"
    R"("verification_uri":"https://microsoft.com/devicelogin"})";

// Until the token is there, and its keys are not.
Approval signed_in(const Asked &world, std::string_view token)
{
    Approval approval{world.asked};
    (void)approval.start();
    (void)approval.on_party(world.party(), flow_id, boot_at(1));
    (void)approval.on_reply(reply_of(shown), boot_at(2));
    (void)approval.on_time(boot_at(7));
    (void)approval.on_reply(
        reply_of("{\"access_token\":\"graph-at\",\"id_token\":\"" + world.token(token) + "\"}"),
        boot_at(8));
    return approval;
}

Actions judge(Approval &approval, const Asked &world)
{
    return approval.on_keys(world.keys, world.rules(), world.now);
}

const AuditRecord &last_record(const Actions &actions)
{
    for (auto action = actions.rbegin(); action != actions.rend(); ++action)
        if (const auto *record = std::get_if<WriteRecord>(&*action))
            return record->record;
    _fail(__FILE__, __LINE__);
    abort();
}

std::string message_of(const Actions &actions)
{
    const auto *close = actions.empty() ? nullptr : std::get_if<Close>(&actions.back());
    return close != nullptr ? close->message : "";
}

void the_code_is_for_this_request_by_the_other_registration(void **)
{
    const Asked world;
    Approval approval{world.asked};
    const Actions begun = approval.start();
    assert_text(shape_of(begun), "wake find-party");
    assert_true(std::get<WakeAt>(begun[0]).at == boot_at(7200));
    assert_true(std::get<FindParty>(begun[1]).purpose == Purpose::approval);
    assert_text(shape_of(approval.start()), ""); // once
    assert_text(shape_of(approval.on_party(world.party(), flow_id, boot_at(1))), "http");
    const Actions code = approval.on_reply(reply_of(shown), boot_at(2));
    assert_text(shape_of(code), "record:code-issued code wake");
    // The record is one of the request, and says who was shown what.
    const AuditRecord &record = std::get<WriteRecord>(code[0]).record;
    assert_text(record.request, "0123456789abcdef");
    assert_text(record.user, "bob");
    assert_text(record.oid, bob_oid);
    assert_text(record.tty, "pts/7");
    assert_text(record.message,
                "a code to approve request 0123456789abcdef of bob for role web was "
                "shown to alice");
    assert_true(record.message.find("ABCD") == std::string::npos);
}

void the_right_person_says_yes(void **)
{
    const Asked world;
    Approval approval = signed_in(world, "entra");
    const Actions said = judge(approval, world);
    assert_text(shape_of(said), "record:signed-in say");
    const AuditRecord &record = std::get<WriteRecord>(said[0]).record;
    assert_text(record.approver_oid, alice_oid);
    assert_text(record.oid, bob_oid);
    const GivenApproval &by = std::get<Say>(said[1]).by;
    assert_text(by.oid, alice_oid);
    assert_text(by.user, "alice");
    assert_true(by.groups.empty());
    assert_true(by.at == world.now);
    assert_true(approval.is_saying());
    assert_text(shape_of(approval.on_time(boot_at(9000))), "");
    assert_text(shape_of(approval.on_said(std::nullopt, "done")), "close:granted");
    assert_true(approval.is_closed());
    assert_text(shape_of(approval.on_said(std::nullopt, "done")), "");
    assert_text(shape_of(approval.cancel(ipc::Cause::cancelled, "x")), "");

    // The request ended while he signed in.
    Approval late = signed_in(world, "entra");
    (void)judge(late, world);
    assert_text(shape_of(late.on_said(ipc::Cause::timed_out, "over")), "close:timed-out");
    // Enough had said yes, and something else was against it: the request's records say that.
    Approval in_vain = signed_in(world, "entra");
    (void)judge(in_vain, world);
    assert_text(shape_of(in_vain.on_said(ipc::Cause::policy_changed, "x")), "close:policy-changed");
}

// What of him, of the role or of the token decides.
void who_may_say_something_and_who_may_not(void **)
{
    using Change = void (*)(Asked &);
    const struct {
        const char *name;
        const char *token;
        Change change;
        const char *shape;
        const char *rule;
    } rows[] = {
        {"a denial by the right person", "entra",
         [](Asked &world) { world.asked.verb = ApprovalFacts::Verb::deny; }, "record:signed-in say",
         ""},
        {"the requester, under another local name", "entra",
         [](Asked &world) {
             world.asked.requester = "al2";
             world.asked.requester_oid = alice_oid;
         },
         "record:signed-in record:refused close:refused", "own-request"},
        {"the requester, in other letters", "entra",
         [](Asked &world) { world.asked.requester_oid = "A11CE000-0000-4000-8000-000000000003"; },
         "record:signed-in record:refused close:refused", "own-request"},
        {"the requester denies it himself", "entra",
         [](Asked &world) {
             world.asked.verb = ApprovalFacts::Verb::deny;
             world.asked.requester_oid = alice_oid;
         },
         "record:signed-in record:refused close:refused", "own-request"},
        {"a request whose person nobody knows", "entra",
         [](Asked &world) { world.asked.requester_oid.clear(); },
         "record:signed-in record:refused close:refused", "not-approver"},
        {"somebody who is no approver", "entra",
         [](Asked &world) { world.role().approval.approvers = {person(carol_oid)}; },
         "record:signed-in record:refused close:refused", "not-approver"},
        {"an approver of another role", "entra",
         [](Asked &world) {
             policy::Role other = world.role();
             other.name = "other";
             world.policy.roles.push_back(other);
             world.role().approval.approvers = {person(carol_oid)};
         },
         "record:signed-in record:refused close:refused", "not-approver"},
        {"somebody else's sign-in at his terminal", "entra",
         [](Asked &world) {
             world.asked.user = "carol";
             world.asked.oid = carol_oid;
         },
         "record:signed-in record:refused close:wrong-person", "wrong-person"},
        {"a token of another registration", "entra",
         [](Asked &world) { world.expected.client_id = "c11e0000-0000-4000-8000-00000000000a"; },
         "record:refused close:not-trusted", "wrong-audience"},
        {"a token for another application", "aud-other", [](Asked &) {},
         "record:refused close:not-trusted", "wrong-audience"},
        {"a token from before he was asked", "entra",
         [](Asked &world) { world.asked.began.boot = world.boot + 900s; },
         "record:refused close:not-trusted", "stale"},
        // The clock was an hour wrong when he was asked, and has been set since.
        {"a clock that was set back", "entra",
         [](Asked &world) { world.asked.began.wall = world.now + 3600s; }, "record:signed-in say",
         ""},
        {"from before he was asked, and a clock that was set forward", "entra",
         [](Asked &world) {
             world.asked.began = {world.now - 3600s, world.boot + 900s};
         },
         "record:refused close:not-trusted", "stale"},
        {"a guest", "acct-guest", [](Asked &) {}, "record:signed-in record:refused close:refused",
         "guest"},
        {"a guest where the role takes them", "acct-guest",
         [](Asked &world) { world.role().conditions.guests = true; }, "record:signed-in say", ""},
        {"in a group of the list", "entra-upper-case",
         [](Asked &world) { world.role().approval.approvers = {group(some_group)}; },
         "record:signed-in say", ""},
        {"in no group of the list", "groups-none",
         [](Asked &world) { world.role().approval.approvers = {group(some_group)}; },
         "record:signed-in record:refused close:refused", "not-approver"},
        {"groups that nobody tells", "entra-overage",
         [](Asked &world) { world.role().approval.approvers = {group(some_group)}; },
         "record:signed-in record:refused close:refused", "not-approver"},
        {"with the context of the role", "acrs-list",
         [](Asked &world) { world.asked.auth_context = "c1"; }, "record:signed-in say", ""},
        {"without it", "entra", [](Asked &world) { world.asked.auth_context = "c1"; },
         "record:signed-in record:refused close:refused", "no-context"},
        {"with another that begins alike", "acrs-name-alike",
         [](Asked &world) { world.asked.auth_context = "c1"; },
         "record:signed-in record:refused close:refused", "no-context"},
        {"as fresh as the role wants", "auth-time",
         [](Asked &world) { world.role().conditions.auth_age = 600s; }, "record:signed-in say", ""},
        {"too old for the role", "auth-time-old",
         [](Asked &world) { world.role().conditions.auth_age = 600s; },
         "record:signed-in record:refused close:refused", "stale-sign-in"},
        {"of an age that nobody tells", "entra",
         [](Asked &world) { world.role().conditions.auth_age = 600s; },
         "record:signed-in record:refused close:refused", "stale-sign-in"},
        {"the role is gone", "entra", [](Asked &world) { world.policy.roles.clear(); },
         "record:signed-in record:refused close:policy-changed", "policy-changed"},
        {"nobody approves it any more", "entra",
         [](Asked &world) { world.role().approval.mode = policy::Approval::Mode::self; },
         "record:signed-in record:refused close:refused", "not-approver"},
        {"taken out of the map meanwhile", "entra",
         [](Asked &world) { world.mapped.users.erase("alice"); },
         "record:signed-in record:refused close:policy-changed", "person-changed"},
        {"another person by the map", "entra",
         [](Asked &world) { world.mapped.users["alice"] = carol_oid; },
         "record:signed-in record:refused close:policy-changed", "person-changed"},
        // Where a notice carried the code to somebody.
        {"whoever has the code, an approver", "entra",
         [](Asked &world) { world.asked.user = world.asked.oid = ""; }, "record:signed-in say", ""},
        {"whoever has the code, a stranger", "entra",
         [](Asked &world) {
             world.asked.user = world.asked.oid = "";
             world.role().approval.approvers = {person(carol_oid)};
         },
         "record:signed-in record:refused close:refused", "not-approver"},
        {"whoever has the code, the requester", "entra",
         [](Asked &world) {
             world.asked.user = world.asked.oid = "";
             world.asked.requester_oid = alice_oid;
         },
         "record:signed-in record:refused close:refused", "own-request"},
    };
    for (const auto &row : rows) {
        Asked world;
        row.change(world);
        Approval approval = signed_in(world, row.token);
        const Actions judged = judge(approval, world);
        if (shape_of(judged) != row.shape)
            print_error("%s\n", row.name);
        assert_text(shape_of(judged), row.shape);
        if (*row.rule != '\0') {
            const AuditRecord &refused = last_record(judged);
            assert_text(std::string{refused.rule}, row.rule);
            assert_text(refused.request, world.asked.id);
            assert_text(refused.user,
                        world.asked.user.empty() ? world.asked.requester : world.asked.user);
            // Who signed in is on record wherever the token is good.
            if (shape_of(judged).starts_with("record:signed-in"))
                assert_text(refused.approver_oid, alice_oid);
            assert_true(approval.is_closed());
        } else {
            assert_text(std::get<Say>(judged.back()).by.oid, alice_oid);
        }
    }
}

void what_he_was_in_is_kept_with_his_yes(void **)
{
    Asked world;
    world.role().approval.approvers = {group("abcdef00-0000-4000-8000-00000000000f"),
                                       group(some_group)};
    Approval approval = signed_in(world, "entra-upper-case");
    const Actions said = judge(approval, world);
    const GivenApproval &by = std::get<Say>(said.back()).by;
    assert_int_equal(by.groups.size(), 1);
    assert_text(by.groups[0], some_group);
    assert_int_equal(count_approvals(world.role(), bob_oid, std::span{&by, 1}), 1);
}

void groups_that_the_token_leaves_out_are_asked_for(void **)
{
    Asked world;
    world.give_graph();
    world.role().approval.approvers = {group(some_group)};
    Approval approval = signed_in(world, "entra-overage");
    const Actions asked = judge(approval, world);
    assert_text(shape_of(asked), "record:signed-in http");
    assert_text(std::get<SendHttp>(asked.back()).request.url,
                "https://graph.microsoft.com/v1.0/me/checkMemberGroups");
    assert_text(shape_of(approval.on_rules(world.rules())), ""); // not before it is known
    const Actions told = approval.on_reply(
        reply_of("{\"value\":[\"" + std::string{some_group} + "\"]}"), boot_at(9));
    assert_text(shape_of(told), "wake rules");
    const Actions said = approval.on_rules(world.rules());
    assert_text(shape_of(said), "say");
    assert_text(std::get<Say>(said[0]).by.groups.at(0), some_group);

    Approval stranger = signed_in(world, "entra-overage");
    (void)judge(stranger, world);
    (void)stranger.on_reply(reply_of(R"({"value":[]})"), boot_at(9));
    const Actions refused = stranger.on_rules(world.rules());
    assert_text(shape_of(refused), "record:refused close:refused");
    assert_text(std::string{last_record(refused).rule}, "not-approver");

    // Graph names a group that nobody asked for.
    Approval other = signed_in(world, "entra-overage");
    (void)judge(other, world);
    (void)other.on_reply(reply_of(R"({"value":["abcdef00-0000-4000-8000-00000000000f"]})"),
                         boot_at(9));
    assert_false(shape_of(other.on_rules(world.rules())) == "say");

    Approval broken = signed_in(world, "entra-overage");
    (void)judge(broken, world);
    assert_text(shape_of(broken.on_reply(reply_of("?"), boot_at(9))),
                "record:refused close:broken");
    // Who is in the list himself needs no groups.
    world.role().approval.approvers.push_back(person(alice_oid));
    Approval listed = signed_in(world, "entra-overage");
    assert_text(shape_of(judge(listed, world)), "record:signed-in say");
}

void a_token_serves_one_request(void **)
{
    Asked world;
    const Rules rules = world.rules(); // the same memory for both
    Approval first = signed_in(world, "entra");
    assert_text(shape_of(first.on_keys(world.keys, rules, world.now)), "record:signed-in say");
    world.asked.id = "00000000000000aa";
    Approval again = signed_in(world, "entra");
    const Actions refused = again.on_keys(world.keys, rules, world.now);
    assert_text(shape_of(refused), "record:refused close:not-trusted");
    assert_text(std::string{last_record(refused).rule}, "replayed");
    assert_text(last_record(refused).request, "00000000000000aa");
}

oidc::HttpReply expired_code()
{
    return reply_of(R"({"error":"expired_token","error_codes":[70020]})", 400);
}

void a_code_that_runs_out_is_renewed_until_the_request_ends(void **)
{
    const Asked world;
    Approval approval{world.asked};
    (void)approval.start();
    int now = 1;
    for (int codes = 0; codes < 3; ++codes) {
        assert_text(shape_of(approval.on_party(world.party(), flow_id, boot_at(now))), "http");
        assert_text(shape_of(approval.on_reply(reply_of(shown), boot_at(now))),
                    "record:code-issued code wake");
        assert_text(shape_of(approval.on_time(boot_at(now + 5))), "http");
        const Actions again = approval.on_reply(expired_code(), boot_at(now + 6));
        assert_text(shape_of(again), "wake find-party");
        assert_true(std::get<WakeAt>(again[0]).at == boot_at(7200));
        now += 600;
    }
    (void)approval.on_party(world.party(), flow_id, boot_at(now));
    const Actions over = approval.on_time(boot_at(7200));
    assert_text(shape_of(over), "close:timed-out"); // the request's own end has its record
    assert_text(shape_of(approval.on_party(world.party(), flow_id, boot_at(7201))), "");

    // Between two codes, too.
    Approval between{world.asked};
    (void)between.start();
    assert_text(shape_of(between.on_time(boot_at(7200))), "close:timed-out");
    Approval late{world.asked};
    (void)late.start();
    assert_text(shape_of(late.on_party(world.party(), flow_id, boot_at(7200))), "close:timed-out");
}

// A provider whose codes are over when they are shown.
void regress_codes_that_are_over_at_once_follow_each_other_slowly(void **)
{
    Asked world;
    world.asked.began.boot = boot_at(0);
    Approval approval{world.asked};
    (void)approval.start();
    const char *const over =
        R"({"device_code":"dev","user_code":"ABCD-1234","expires_in":0,"interval":5,)"
        R"("verification_uri":"https://microsoft.com/devicelogin"})";
    for (const int now : {0, 5, 10}) {
        (void)approval.on_party(world.party(), flow_id, boot_at(now));
        assert_text(shape_of(approval.on_reply(reply_of(over), boot_at(now))),
                    "record:code-issued code wake");
        const Actions pause = approval.on_time(boot_at(now + 1));
        assert_text(shape_of(pause), "wake");
        assert_true(std::get<WakeAt>(pause[0]).at == boot_at(now + 5));
        // Nobody is signing in meanwhile.
        assert_text(shape_of(approval.hurry(boot_at(now + 2))), "");
        assert_text(shape_of(approval.on_reply(reply_of(over), boot_at(now + 2))), "");
        const Actions early = approval.on_time(boot_at(now + 4));
        assert_text(shape_of(early), "wake");
        assert_true(std::get<WakeAt>(early[0]).at == boot_at(now + 5));
        assert_text(shape_of(approval.on_time(boot_at(now + 5))), "wake find-party");
    }
    // The request's own end comes first, and who goes away goes at once.
    Approval late{world.asked};
    (void)late.start();
    (void)late.on_party(world.party(), flow_id, boot_at(7197));
    (void)late.on_reply(reply_of(over), boot_at(7197));
    const Actions gone = late.on_time(boot_at(7198));
    assert_text(shape_of(gone), "wake find-party"); // it took its time before
    (void)late.on_party(world.party(), flow_id, boot_at(7198));
    (void)late.on_reply(reply_of(over), boot_at(7198));
    const Actions last = late.on_time(boot_at(7199));
    assert_true(std::get<WakeAt>(last[0]).at == boot_at(7200));
    assert_text(shape_of(late.on_time(boot_at(7200))), "close:timed-out");
    (void)approval.on_party(world.party(), flow_id, boot_at(15));
    (void)approval.on_reply(reply_of(over), boot_at(15));
    (void)approval.on_time(boot_at(16));
    assert_text(shape_of(approval.cancel(ipc::Cause::cancelled, "x")), "close:cancelled");
}

void a_code_that_was_renewed_serves_as_the_first_would(void **)
{
    const Asked world;
    Approval approval{world.asked};
    (void)approval.start();
    (void)approval.on_party(world.party(), flow_id, boot_at(1));
    (void)approval.on_reply(reply_of(shown), boot_at(2));
    (void)approval.on_time(boot_at(7));
    (void)approval.on_reply(expired_code(), boot_at(8));
    (void)approval.on_party(world.party(), flow_id, boot_at(9));
    (void)approval.on_reply(reply_of(shown), boot_at(10));
    (void)approval.on_time(boot_at(15));
    (void)approval.on_reply(
        reply_of("{\"access_token\":\"graph-at\",\"id_token\":\"" + world.token("entra") + "\"}"),
        boot_at(16));
    assert_text(shape_of(judge(approval, world)), "record:signed-in say");
}

void what_fails_is_on_record_and_ends_only_the_sign_in(void **)
{
    const Asked world;
    const auto polled = [&](std::string_view body, long status) {
        Approval approval{world.asked};
        (void)approval.start();
        (void)approval.on_party(world.party(), flow_id, boot_at(1));
        (void)approval.on_reply(reply_of(shown), boot_at(2));
        (void)approval.on_time(boot_at(7));
        return shape_of(approval.on_reply(reply_of(body, status), boot_at(8)));
    };
    assert_text(polled(R"({"error":"authorization_declined","error_codes":[70018]})", 400),
                "record:refused close:declined");
    assert_text(polled(R"({"error":"invalid_grant","error_codes":[50034]})", 400),
                "record:refused close:blocked");
    assert_text(polled("?", 200), "record:refused close:broken");
    Approval away{world.asked};
    (void)away.start();
    assert_text(shape_of(away.on_provider_failed(oidc::Failure::unreachable, "")),
                "record:refused close:unreachable");
    // He goes away: nobody is refused anything.
    Approval left{world.asked};
    (void)left.start();
    assert_text(shape_of(left.cancel(ipc::Cause::cancelled, "cancelled")), "close:cancelled");
    assert_text(shape_of(left.on_provider_failed(oidc::Failure::unreachable, "")), "");
    Approval idle{world.asked};
    assert_text(shape_of(idle.on_rules(world.rules())), "");
    assert_text(shape_of(idle.hurry(boot_at(1))), "");
}

void whoever_is_found_by_name_is_pinned_first(void **)
{
    Asked world;
    world.asked.oid.clear();
    world.asked.upn = "alice@contoso.example";
    world.mapped.users.clear();
    const Pin pin{"alice", alice_oid, "alice@contoso.example", {}, false};
    Approval approval = signed_in(world, "entra");
    assert_text(shape_of(judge(approval, world)), "record:signed-in record:config-changed pin");
    world.pin = &pin; // which is kept
    assert_text(shape_of(approval.on_pinned(true, world.rules())), "say");
    world.pin = nullptr;
    Approval lost = signed_in(world, "entra");
    (void)judge(lost, world);
    assert_text(shape_of(lost.on_pinned(false, world.rules())), "record:refused close:failed");
    // He is the requester after all, and the sign-in alone could tell.
    world.asked.requester_oid = alice_oid;
    Approval own = signed_in(world, "entra");
    (void)judge(own, world);
    world.pin = &pin;
    assert_text(shape_of(own.on_pinned(true, world.rules())), "record:refused close:refused");
    world.pin = nullptr;
    world.pin_needs_root = true;
    Approval unconfirmed = signed_in(world, "entra");
    (void)judge(unconfirmed, world);
    const Actions waits = unconfirmed.on_pinned(true, world.rules());
    assert_text(shape_of(waits), "record:refused close:refused");
    assert_true(message_of(waits).find("jitctl pins --confirm alice") != std::string::npos);
}

} // namespace

int main()
{
    const CMUnitTest tests[] = {
        cmocka_unit_test(the_code_is_for_this_request_by_the_other_registration),
        cmocka_unit_test(the_right_person_says_yes),
        cmocka_unit_test(who_may_say_something_and_who_may_not),
        cmocka_unit_test(what_he_was_in_is_kept_with_his_yes),
        cmocka_unit_test(groups_that_the_token_leaves_out_are_asked_for),
        cmocka_unit_test(a_token_serves_one_request),
        cmocka_unit_test(a_code_that_runs_out_is_renewed_until_the_request_ends),
        cmocka_unit_test(regress_codes_that_are_over_at_once_follow_each_other_slowly),
        cmocka_unit_test(a_code_that_was_renewed_serves_as_the_first_would),
        cmocka_unit_test(what_fails_is_on_record_and_ends_only_the_sign_in),
        cmocka_unit_test(whoever_is_found_by_name_is_pinned_first),
    };
    return cmocka_run_group_tests_name("jitd/approval", tests, nullptr, nullptr);
}
