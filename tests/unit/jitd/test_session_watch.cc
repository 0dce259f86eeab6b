// A session in mode watch: nobody signs in, and what the person activates in Entra is seen.
#include "tests/unit/cmocka_cpp.h"

#include "jitd/request_replies.h"
#include "jitd/words.h"
#include "tests/unit/jitd/session_script.h"

using namespace jit;
using namespace jit::daemon;
using namespace jit::daemon::test;
using policy::Approval;

namespace {

constexpr const char *group = "9b000000-0000-4000-8000-000000000001";
constexpr const char *schedule = "9b000000-0000-4000-8000-000000000001_member_s1";

struct Watching : World {
    Watching()
    {
        Approval &approval = policy.roles[0].approval;
        approval.mode = Approval::Mode::watch;
        approval.pim_group = group;
        facts.mode = Approval::Mode::watch;
        facts.entra.fill().group = group;
        facts.entra.fill().watch_token = "BCDFGHJKM";
        known.users = {{"alice", alice_oid}};
        config = &known;
    }
    Watching(const Watching &) = delete;
    Watching &operator=(const Watching &) = delete;

    policy::Config known;
};

Session wait(const Watching &w)
{
    Session session{w.facts};
    (void)session.start();
    assert_text(shape_of(session.on_rules(w.rules())), "await wake");
    assert_true(session.is_approving());
    return session;
}

void nobody_signs_in_and_the_activation_is_waited_for(void **)
{
    const Watching w;
    Session session{w.facts};
    assert_text(shape_of(session.start()), "record:requested wake rules");
    const Actions waits = session.on_rules(w.rules());
    assert_text(shape_of(waits), "await wake");
    assert_false(std::get<Await>(waits.front()).record.has_value());
    assert_text(session.awaited()->watch_token, "BCDFGHJKM");
    // Its own time, from now on.
    assert_true(session.facts().deadline == w.boot + seconds{900});
    assert_false(session.code().has_value());
}

void what_is_not_to_be_bound_has_no_token(void **)
{
    Watching w;
    w.policy.roles[0].approval.bind = Approval::Bind::none;
    Session session = wait(w);
    assert_text(session.awaited()->watch_token, "");
    // A policy that wants one meanwhile is not met by what was not bound.
    assert_text(shape_of(session.on_activation(schedule, w.now + seconds{600})), "await rules");
    w.policy.roles[0].approval.bind = Approval::Bind::token;
    assert_text(shape_of(session.on_rules(w.rules())), "record:denied close:policy-changed");
}

// The answer of Graph may come in the same turn as the end, and before it.
void regress_what_is_seen_after_the_end_grants_nothing(void **)
{
    Watching w;
    Session session = wait(w);
    (void)session.on_activation(schedule, w.now + seconds{3600});
    Session in_time = wait(w);
    (void)in_time.on_activation(schedule, w.now + seconds{3600});
    w.boot += seconds{899};
    assert_text(shape_of(in_time.on_rules(w.rules())), "grant:");
    w.boot += seconds{1};
    const Actions over = session.on_rules(w.rules());
    assert_text(shape_of(over), "record:timed-out close:timed-out");
    assert_text(std::get<Close>(over.back()).message, words::not_activated);
}

void an_activation_approves_and_bounds_the_grant(void **)
{
    const Watching w;
    Session session = wait(w);
    const Actions met = session.on_activation(schedule, w.now + seconds{600});
    assert_text(shape_of(met), "await rules");
    const auto &record = std::get<Await>(met.front()).record;
    assert_true(record->event == Event::approved);
    assert_text(record->approver_oid, alice_oid);
    assert_text(record->rule, "");
    const Actions asks = session.on_rules(w.rules());
    assert_text(shape_of(asks), "grant:"); // the ledger has the approval already
    assert_text(std::get<AskGrant>(asks.front()).approvers, alice_oid);
    assert_true(session.facts().duration == seconds{600});
    assert_text(session.awaited()->activation, schedule);
    const Actions granted = session.on_granted(w.now, w.now + seconds{600}, {"jit-web"});
    assert_text(shape_of(granted), "record-grant");
    // Nobody has to be alarmed: somebody did approve.
    assert_text(std::get<RecordGrant>(granted.front()).record.rule, "");
}

void an_activation_that_is_over_grants_nothing(void **)
{
    const Watching w;
    Session session = wait(w);
    (void)session.on_activation(schedule, w.now);
    assert_text(shape_of(session.on_rules(w.rules())), "record:timed-out close:expired");
}

void another_mode_s_words_are_not_for_it(void **)
{
    const Watching w;
    Session session = wait(w);
    GivenApproval given;
    given.oid = "b0b00000-0000-4000-8000-000000000002";
    given.user = "bob";
    assert_text(shape_of(session.on_approval(given, w.rules())), "");
    assert_true(session.is_approving());
    // Nor is an activation for a request that is none of it.
    World self;
    Session other = walk(self, Stage::waiting);
    assert_text(shape_of(other.on_activation(schedule, self.now + seconds{600})), "");
}

void a_group_that_the_policy_changed_is_not_granted_for(void **)
{
    Watching w;
    Session session = wait(w);
    (void)session.on_activation(schedule, w.now + seconds{600});
    w.policy.roles[0].approval.pim_group = "9b000000-0000-4000-8000-000000000002";
    assert_text(shape_of(session.on_rules(w.rules())), "record:denied close:policy-changed");
}

void who_is_another_person_by_now_gets_nothing(void **)
{
    Watching w;
    Session session = wait(w);
    (void)session.on_activation(schedule, w.now + seconds{600});
    w.known.users = {{"alice", "b0b00000-0000-4000-8000-000000000002"}};
    assert_text(shape_of(session.on_rules(w.rules())), "record:denied close:policy-changed");
}

void nothing_activated_in_time_says_so(void **)
{
    const Watching w;
    Session session = wait(w);
    const Actions over = session.on_time(w.boot + seconds{900});
    assert_text(shape_of(over), "record:timed-out close:timed-out");
    assert_text(std::get<Close>(over.back()).message, words::not_activated);
}

void a_restart_keeps_the_token(void **)
{
    const Watching w;
    const Session before = wait(w);
    KeptRequest kept = before.keep();
    kept.boot_id = "boot";
    auto read = decode_kept(encode_kept(kept));
    assert_true(read.has_value());
    Session after{*std::move(read)};
    assert_text(shape_of(after.resume(boot_at(20))), "wake");
    assert_true(after.is_approving());
    assert_text(after.awaited()->watch_token, "BCDFGHJKM");
    assert_text(after.facts().entra->group, group);
    assert_text(shape_of(after.on_activation(schedule, w.now + seconds{600})), "await rules");
    assert_text(shape_of(after.on_rules(w.rules())), "grant:");
}

void what_is_said_names_the_group_the_token_and_the_page(void **)
{
    const Watching w;
    Session session = wait(w);
    ipc::RequestReply reply;
    show_activation(reply, session, "login.microsoftonline.com");
    assert_text(reply.message.value_or(""),
                "to go on, activate your membership of group " + std::string{group} +
                    " in Entra, with BCDFGHJKM in the justification: https://portal.azure.com/"
                    "#view/Microsoft_Azure_PIMCommon/ActivationMenuBlade/~/aadgroup");
    // The login process keeps no more of a message.
    assert_true(reply.message->size() < 512);
    assert_text(reply.code.value_or(""), "BCDFGHJKM");
    assert_true(
        activation_page("login.microsoftonline.us").starts_with("https://portal.azure.us/"));
    assert_true(activation_page("login.partner.microsoftonline.cn")
                    .starts_with("https://portal.azure.cn/"));
    (void)session.on_activation(schedule, w.now + seconds{600});
    ipc::RequestReply seen;
    show_activation(seen, session, "login.microsoftonline.com");
    assert_text(seen.message.value_or(""), words::activation_seen);
    assert_false(seen.uri.has_value());
}

} // namespace

int main()
{
    const CMUnitTest tests[] = {
        cmocka_unit_test(nobody_signs_in_and_the_activation_is_waited_for),
        cmocka_unit_test(what_is_not_to_be_bound_has_no_token),
        cmocka_unit_test(regress_what_is_seen_after_the_end_grants_nothing),
        cmocka_unit_test(an_activation_approves_and_bounds_the_grant),
        cmocka_unit_test(an_activation_that_is_over_grants_nothing),
        cmocka_unit_test(another_mode_s_words_are_not_for_it),
        cmocka_unit_test(a_group_that_the_policy_changed_is_not_granted_for),
        cmocka_unit_test(who_is_another_person_by_now_gets_nothing),
        cmocka_unit_test(nothing_activated_in_time_says_so),
        cmocka_unit_test(a_restart_keeps_the_token),
        cmocka_unit_test(what_is_said_names_the_group_the_token_and_the_page),
    };
    return cmocka_run_group_tests_name("jitd/session_watch", tests, nullptr, nullptr);
}
