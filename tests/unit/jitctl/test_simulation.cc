// The audit's records, played once more under another policy.
#include "tests/unit/cmocka_cpp.h"

#include "jitctl/simulation.h"
#include "policy/parse.h"

using namespace jit;
using namespace jit::ctl;
using namespace std::chrono_literals;
using Outcome = Replayed::Outcome;

namespace {

const std::string alice = "a11ce000-0000-4000-8000-000000000001";
const std::string bob = "b0b00000-0000-4000-8000-000000000002";
const WallTime noon{std::chrono::seconds{1'795'780'800}}; // Friday 2026-11-27 12:00 UTC

policy::Policy policy_of(const std::string &sections, const std::string &lines = {})
{
    const std::vector<policy::SourceFile> files{
        {"a.toml", "[role.web]\ngroups = [\"jit-web\"]\nservices = [\"sudo\"]\n"
                   "requesters = [\"user:" +
                       alice + "\", \"user:" + bob + "\"]\nmax_duration = \"1h\"\n" + lines + "\n" +
                       sections}};
    policy::ParsedPolicy parsed = policy::parse_policy(files);
    assert_true(parsed.policy.has_value());
    return *std::move(parsed.policy);
}

PastEvent event(const char *name, const std::string &request, WallTime at)
{
    PastEvent out;
    out.event = name;
    out.request = request;
    out.role = "web";
    out.user = "alice";
    out.oid = alice;
    out.tty = "pts/0";
    out.at = at;
    return out;
}

// A request that was granted half a minute after it was made.
void play_granted(Simulation &simulation, const std::string &request, WallTime at,
                  std::chrono::seconds duration, const std::string &oid = alice)
{
    PastEvent asked = event("requested", request, at);
    asked.oid = oid;
    simulation.play(asked);
    PastEvent granted = event("granted", request, at + 30s);
    granted.oid = oid;
    granted.until = granted.at + duration;
    simulation.play(granted);
}

const Replayed &only(const Simulation &simulation)
{
    assert_int_equal(simulation.replayed().size(), 1);
    return simulation.replayed().back();
}

void what_was_granted_is_granted_still(void **)
{
    const policy::Policy policy = policy_of("");
    Simulation simulation{policy, {"web01", {}}};
    play_granted(simulation, "1", noon, 30min);
    const Replayed &one = only(simulation);
    assert_true(one.outcome == Outcome::same);
    assert_text(one.text, "granted for 30m then; the same now");
    assert_text(one.user, "alice");
    assert_text(one.role, "web");
    assert_true(one.at == noon);
}

void what_was_granted_would_be_refused_now(void **)
{
    const policy::Policy policy =
        policy_of("[role.web.conditions]\nhours = [\"Mon..Fri 08:00-11:00\"]\n");
    Simulation simulation{policy, {"web01", {}}};
    play_granted(simulation, "1", noon, 30min);
    assert_true(only(simulation).outcome == Outcome::refused);
    assert_text(
        only(simulation).text,
        "granted for 30m then; refused now: role \"web\" is closed now: its conditions have "
        "hours, and opens Mon 2026-11-30 08:00 UTC");
}

void what_was_granted_would_be_shorter_now(void **)
{
    const policy::Policy policy = policy_of("");
    Simulation simulation{policy, {"web01", {}}};
    play_granted(simulation, "1", noon, 4h);
    assert_true(only(simulation).outcome == Outcome::shorter);
    assert_text(only(simulation).text, "granted for 4h then; for 1h now");
    // A second less is how requests and grants lie to each other.
    Simulation again{policy, {"web01", {}}};
    play_granted(again, "1", noon, 1h + 1s);
    assert_true(only(again).outcome == Outcome::same);
}

void what_was_refused_would_be_granted_now(void **)
{
    const policy::Policy policy = policy_of("");
    Simulation simulation{policy, {"web01", {}}};
    PastEvent refused = event("refused", "", noon);
    refused.rule = "hours";
    simulation.play(refused);
    assert_true(only(simulation).outcome == Outcome::allowed);
    assert_text(only(simulation).text, "refused then (hours); may sign in for it now");
    refused.oid = "c0000000-0000-4000-8000-000000000003";
    simulation.play(refused);
    assert_true(simulation.replayed().back().outcome == Outcome::same);
    assert_text(simulation.replayed().back().text, "refused then (hours); refused now, too");
    const policy::Policy open =
        policy_of("[role.web.approval]\nmode = \"auto\"\naccept_unattended = true\n");
    Simulation unattended{open, {"web01", {}}};
    refused.oid = alice;
    unattended.play(refused);
    assert_text(only(unattended).text, "refused then (hours); granted now");
}

void whose_approval_would_follow_now_is_said(void **)
{
    const policy::Policy by_bob =
        policy_of("[role.web.approval]\nmode = \"approver\"\napprovers = [\"user:" + bob +
                  "\", \"user:c0000000-0000-4000-8000-000000000003\"]\n");
    Simulation simulation{by_bob, {"web01", {}}};
    play_granted(simulation, "1", noon, 30min);
    assert_text(only(simulation).text, "granted for 30m then; the same now, then a second person "
                                       "of 2 approvers approves");
    PastEvent refused = event("refused", "", noon + 2h);
    refused.rule = "hours";
    simulation.play(refused);
    assert_text(simulation.replayed().back().text,
                "refused then (hours); may sign in for it now, then a second person of 2 approvers "
                "approves");
    const policy::Policy watched = policy_of("[role.web.approval]\nmode = \"watch\"\npim_group = "
                                             "\"9a000000-0000-4000-8000-000000000001\"\n");
    Simulation other{watched, {"web01", {}}};
    other.play(refused);
    assert_text(only(other).text, "refused then (hours); may ask for it now, then PIM activation "
                                  "of group 9a000000-0000-4000-8000-000000000001, made in Entra by "
                                  "the person, and seen by this host");
}

void a_refusal_that_is_not_the_policy_s_is_left_out(void **)
{
    const policy::Policy policy = policy_of("");
    Simulation simulation{policy, {"web01", {}}};
    for (const char *rule : {"", "rate-limit", "none", "too-many"}) {
        PastEvent refused = event("refused", "", noon);
        refused.rule = rule;
        simulation.play(refused);
    }
    PastEvent refused = event("refused", "", noon);
    refused.rule = "hours";
    refused.role.clear(); // at a door, where no role was asked for
    simulation.play(refused);
    assert_true(simulation.replayed().empty());
}

void what_people_ended_is_the_same(void **)
{
    const policy::Policy policy = policy_of("");
    Simulation simulation{policy, {"web01", {}}};
    for (const char *name : {"denied", "cancelled", "timed-out"}) {
        simulation.play(event("requested", name, noon));
        simulation.play(event("code-issued", name, noon + 1s));
        simulation.play(event(name, name, noon + 9s));
        assert_true(simulation.replayed().back().outcome == Outcome::same);
        assert_text(simulation.replayed().back().text,
                    std::string{name} + " then, by more than the policy");
    }
    assert_int_equal(simulation.replayed().size(), 3);
}

void a_request_without_an_end_or_a_beginning_is_left_out(void **)
{
    const policy::Policy policy = policy_of("");
    Simulation simulation{policy, {"web01", {}}};
    simulation.play(event("requested", "1", noon));
    PastEvent granted = event("granted", "2", noon);
    granted.until = noon + 1h;
    simulation.play(granted);
    simulation.play(event("unheard-of", "1", noon));
    assert_true(simulation.replayed().empty());
}

void budgets_are_counted_over_what_would_have_been_granted(void **)
{
    const policy::Policy policy = policy_of("[role.web.limits]\nper_day = \"90m\"\n");
    Simulation simulation{policy, {"web01", {}}};
    play_granted(simulation, "1", noon - 4h, 1h);
    play_granted(simulation, "2", noon - 2h, 1h); // of which half an hour is left
    play_granted(simulation, "3", noon, 1h);
    play_granted(simulation, "4", noon, 1h, bob); // his own budget
    play_granted(simulation, "5", noon + 24h, 1h);
    const auto &all = simulation.replayed();
    assert_int_equal(all.size(), 5);
    assert_true(all[0].outcome == Outcome::same);
    assert_true(all[1].outcome == Outcome::shorter);
    assert_text(all[1].text, "granted for 1h then; for 30m now");
    assert_true(all[2].outcome == Outcome::refused);
    assert_true(all[3].outcome == Outcome::same);
    assert_true(all[4].outcome == Outcome::same);
}

void places_and_cooldowns_are_counted_over_them_too(void **)
{
    const policy::Policy policy =
        policy_of("[role.web.limits]\nmax_active = 1\ncooldown = \"1h\"\n");
    Simulation simulation{policy, {"web01", {}}};
    play_granted(simulation, "1", noon, 1h);
    play_granted(simulation, "2", noon + 30min, 1h, bob); // alice has it
    play_granted(simulation, "3", noon + 90min, 1h);      // hers cools
    play_granted(simulation, "4", noon + 95min, 1h, bob); // had nothing
    play_granted(simulation, "5", noon + 150min, 1h);     // now bob has it
    const auto &all = simulation.replayed();
    assert_true(all[0].outcome == Outcome::same);
    assert_true(all[1].outcome == Outcome::refused);
    assert_true(all[2].outcome == Outcome::refused);
    assert_true(all[3].outcome == Outcome::same);
    assert_true(all[4].outcome == Outcome::refused);
}

// What was handed back at once has used up nothing more.
void regress_a_grant_that_ended_early_is_counted_until_then(void **)
{
    const policy::Policy policy = policy_of("[role.web.limits]\nper_day = \"90m\"\n");
    for (const char *name : {"dropped", "revoked", "expired"}) {
        Simulation simulation{policy, {"web01", {}}};
        play_granted(simulation, "1", noon - 4h, 1h);
        simulation.play(event(name, "1", noon - 4h + 10min + 30s));
        play_granted(simulation, "2", noon - 2h, 1h);
        play_granted(simulation, "3", noon, 1h);
        const auto &all = simulation.replayed();
        assert_int_equal(all.size(), 3);
        assert_true(all[1].outcome == Outcome::same);
        assert_text(all[2].text, "granted for 1h then; for 20m now");
    }
}

void a_role_that_is_gone_refuses(void **)
{
    const policy::Policy policy = policy_of("");
    Simulation simulation{policy, {"web01", {}}};
    PastEvent asked = event("requested", "1", noon);
    asked.role = "dba";
    simulation.play(asked);
    PastEvent granted = event("granted", "1", noon);
    granted.until = noon + 1h;
    simulation.play(granted);
    assert_true(only(simulation).outcome == Outcome::refused);
    assert_text(only(simulation).text, "granted for 1h then; refused now: there is no role \"dba\" "
                                       "in the policy");
    PastEvent refused = event("refused", "", noon);
    refused.role = "dba";
    refused.rule = "unknown-role";
    simulation.play(refused);
    assert_true(simulation.replayed().back().outcome == Outcome::same);
}

// The audit does not say who was in which group of the host.
void regress_who_is_in_a_local_group_is_asked_of_the_host(void **)
{
    for (const char *approval : {"", "mode = \"auto\"\naccept_unattended = true\n"}) {
        const std::vector<policy::SourceFile> files{
            {"a.toml", "[role.web]\ngroups = [\"jit-web\"]\nservices = [\"sudo\"]\n"
                       "requesters = [\"local-group:eng\"]\nmax_duration = \"1h\"\n"
                       "[role.web.approval]\n" +
                           std::string{approval}}};
        const auto parsed = policy::parse_policy(files);
        assert_true(parsed.policy.has_value());
        for (const char *group : {"eng", "ops"}) {
            const auto groups_of = [&](const std::string &user) {
                assert_text(user, "alice");
                return std::vector<std::string>{"staff", group};
            };
            Simulation simulation{*parsed.policy, {"web01", {}}, groups_of};
            play_granted(simulation, "1", noon, 30min);
            assert_true(only(simulation).outcome ==
                        (group == std::string{"eng"} ? Outcome::same : Outcome::refused));
        }
    }
}

// More than the role allows is refused, and not cut.
void regress_what_was_asked_for_is_asked_for_again(void **)
{
    const policy::Policy policy = policy_of("");
    const auto play = [&](const char *name, std::optional<std::chrono::seconds> asked) {
        Simulation simulation{policy, {"web01", {}}};
        PastEvent first = event(name, name == std::string{"refused"} ? "" : "1", noon);
        first.asked = asked;
        first.rule = name == std::string{"refused"} ? "too-long" : "";
        simulation.play(first);
        PastEvent granted = event("granted", "1", noon + 30s);
        granted.until = granted.at + 4h;
        if (name == std::string{"requested"})
            simulation.play(granted);
        return only(simulation);
    };
    const Replayed longer = play("requested", 4h);
    assert_true(longer.outcome == Outcome::refused);
    assert_text(longer.text,
                "granted for 4h then; refused now: role \"web\" is granted for at most "
                "1h: ask for less");
    assert_true(play("requested", std::nullopt).outcome == Outcome::shorter);
    assert_true(play("refused", 2h).outcome == Outcome::same);
    assert_true(play("refused", 1h).outcome == Outcome::allowed);
    assert_true(play("refused", std::nullopt).outcome == Outcome::same); // of an older record
}

// The policy was the reason after the sign-in, too; what that showed is in no record.
void regress_a_denial_after_the_sign_in_is_the_policy_s(void **)
{
    const std::string strict = "[role.web.conditions]\nauth_context = \"c1\"\nauth_age = \"5m\"\n";
    struct Row {
        const char *rule;
        std::string sections;
        Outcome outcome;
    };
    for (const Row &row : std::initializer_list<Row>{
             {"hours", "", Outcome::allowed},
             {"hours", "[role.web.conditions]\nhours = [\"Sat 00:00-24:00\"]\n", Outcome::same},
             {"auth-context", strict, Outcome::same},
             {"auth-context", "", Outcome::allowed},
             {"auth-age", strict, Outcome::same},
             {"auth-age", "", Outcome::allowed},
             {"guest", "", Outcome::same},
             {"guest", "[role.web.conditions]\nguests = true\n", Outcome::allowed},
             {"not-requester", "", Outcome::allowed}, // she is listed now
             {"declined", "", Outcome::same},
         }) {
        const policy::Policy policy = policy_of(row.sections);
        Simulation simulation{policy, {"web01", {}}};
        simulation.play(event("requested", "1", noon));
        PastEvent denied = event("denied", "1", noon + 30s);
        denied.rule = row.rule;
        simulation.play(denied);
        assert_true(only(simulation).outcome == row.outcome);
    }
    const std::vector<policy::SourceFile> files{
        {"a.toml", "[role.web]\ngroups = [\"jit-web\"]\nservices = [\"sudo\"]\nrequesters = "
                   "[\"group:3d0c5e5a-1111-4222-8333-444455556666\"]\nmax_duration = \"1h\"\n"}};
    const auto by_group = policy::parse_policy(files);
    Simulation simulation{*by_group.policy, {"web01", {}}};
    simulation.play(event("requested", "1", noon));
    PastEvent denied = event("denied", "1", noon + 30s);
    denied.rule = "not-requester";
    simulation.play(denied);
    assert_true(only(simulation).outcome == Outcome::same);
}

// Who is known by his name alone is shown by the sign-in of then.
void a_person_found_by_the_sign_in_is_the_one_it_showed(void **)
{
    const policy::Policy policy = policy_of("");
    Simulation simulation{policy, {"web01", {}}};
    PastEvent asked = event("requested", "1", noon);
    asked.oid.clear();
    simulation.play(asked);
    PastEvent granted = event("granted", "1", noon);
    granted.until = noon + 30min;
    simulation.play(granted);
    assert_true(only(simulation).outcome == Outcome::same);
}

void a_line_of_the_audit_is_read(void **)
{
    const auto read = read_past_event(
        R"({"time":"2026-11-27T12:00:00Z","event":"granted","request":"0123456789abcdef",)"
        R"("role":"web","user":"alice","oid":"o","tty":"pts/0","rhost":"h","reason":"r",)"
        R"("rule":"x","until":"2026-11-27T13:00:00Z","asked":"1h30m","unknown":[1]})");
    assert_true(read.has_value());
    assert_text(read->event, "granted");
    assert_text(read->request, "0123456789abcdef");
    assert_text(read->role, "web");
    assert_text(read->user, "alice");
    assert_text(read->oid, "o");
    assert_text(read->tty, "pts/0");
    assert_text(read->rhost, "h");
    assert_text(read->reason, "r");
    assert_text(read->rule, "x");
    assert_true(read->at == noon && read->until == noon + 1h && read->asked == 90min);
}

void a_line_that_is_no_record_is_not_read(void **)
{
    for (const char *line : {"", "{", "[]", "7", "null", "{}", R"({"event":"granted"})",
                             R"({"time":"yesterday"})", R"({"time":7})", "{\"time\":\"\xff\"}"})
        assert_false(read_past_event(line).has_value());
    const auto bare = read_past_event(R"({"time":"2026-11-27T12:00:00Z","role":7,"until":"x"})");
    assert_true(bare.has_value());
    assert_text(bare->role, "");
    assert_false(bare->until.has_value());
}

} // namespace

int main()
{
    const CMUnitTest tests[] = {
        cmocka_unit_test(what_was_granted_is_granted_still),
        cmocka_unit_test(what_was_granted_would_be_refused_now),
        cmocka_unit_test(what_was_granted_would_be_shorter_now),
        cmocka_unit_test(what_was_refused_would_be_granted_now),
        cmocka_unit_test(whose_approval_would_follow_now_is_said),
        cmocka_unit_test(a_refusal_that_is_not_the_policy_s_is_left_out),
        cmocka_unit_test(what_people_ended_is_the_same),
        cmocka_unit_test(a_request_without_an_end_or_a_beginning_is_left_out),
        cmocka_unit_test(budgets_are_counted_over_what_would_have_been_granted),
        cmocka_unit_test(places_and_cooldowns_are_counted_over_them_too),
        cmocka_unit_test(regress_a_grant_that_ended_early_is_counted_until_then),
        cmocka_unit_test(a_role_that_is_gone_refuses),
        cmocka_unit_test(regress_who_is_in_a_local_group_is_asked_of_the_host),
        cmocka_unit_test(regress_what_was_asked_for_is_asked_for_again),
        cmocka_unit_test(regress_a_denial_after_the_sign_in_is_the_policy_s),
        cmocka_unit_test(a_person_found_by_the_sign_in_is_the_one_it_showed),
        cmocka_unit_test(a_line_of_the_audit_is_read),
        cmocka_unit_test(a_line_that_is_no_record_is_not_read),
    };
    return cmocka_run_group_tests_name("jitctl/simulation", tests, nullptr, nullptr);
}
