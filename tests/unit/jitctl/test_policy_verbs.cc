// policy explain, test and simulate, and sudoers: what they print and how they end.
#include "tests/unit/cmocka_cpp.h"

#include <string>
#include <sys/stat.h>
#include <unistd.h>

#include "jitctl/verbs.h"
#include "lib/base/text.h"
#include "tests/unit/jitctl/fake_jitd.h"
#include "tests/unit/jitctl/policy_folder.h"
#include "tests/unit/sys/folder.h"

using namespace jit;
using namespace jit::ctl;
using namespace std::chrono_literals;

namespace {

const std::string alice = "a11ce000-0000-4000-8000-000000000001";
const std::string good = "[role.web]\n"
                         "groups = [\"jit-web\"]\n"
                         "requesters = [\"group:3d0c5e5a-1111-4222-8333-444455556666\"]\n"
                         "services = [\"sudo\"]\n"
                         "max_duration = \"1h\"\n"
                         "[role.web.sudo]\n"
                         "rules = [\"(www) /bin/a\"]\n";
const std::string config = "[identity]\n"
                           "tenant = \"6f1c0000-0000-4000-8000-000000000000\"\n"
                           "client_id = \"c11e0000-0000-4000-8000-000000000000\"\n"
                           "[users]\nmap = { alice = \"" +
                           alice + "\" }\n";

struct Run {
    int exit;
    std::string out, err;
};

using Function = Exit (*)(const Command &, const Output &, const PolicyPlaces &);

// A draft and a configuration, both good, and room for more.
class Draft
{
  public:
    explicit Draft(const std::string &policy = good, const std::string &jitd_toml = config)
    {
        policies.write("a.toml", policy);
        beside.write("jitd.toml", jitd_toml);
        command.directory = policies.path;
    }
    Run run(Function verb)
    {
        const Caught out, err;
        const Exit exit =
            verb(command, {out.stream(), err.stream(), command.json, false}, places());
        return {static_cast<int>(exit), out.text(), err.text()};
    }
    PolicyPlaces places() const
    {
        return {is_installed ? policies.path : "/nonexistent/policy.d", beside.path + "/jitd.toml"};
    }
    bool is_installed = false;

    // A configuration counts only where root alone could have written it.
    static const char *above() { return geteuid() == 0 ? "/run" : "/tmp"; }
    Folder policies{above()};
    Folder beside{above()};
    Command command;
};

bool needs_root()
{
    if (geteuid() != 0)
        print_message("root is missing: no configuration of another's counts\n");
    return geteuid() != 0;
}

// --- explain -------------------------------------------------------------------------------------

void ask(Draft &draft, const char *user, const char *role)
{
    draft.command.user = user;
    draft.command.role = role;
}

void explain_says_what_would_come_of_it(void **)
{
    if (needs_root())
        return;
    Draft draft;
    ask(draft, "alice", "web");
    const Run ran = draft.run(&policy_explain);
    assert_int_equal(ran.exit, 0);
    assert_true(ran.out.starts_with("role \"web\" would be granted to alice for 30m, once the "
                                    "sign-in has shown what is left open\n"));
    assert_true(has(ran.out, "\n  person                  met    alice is " + alice + "\n"));
    assert_true(has(ran.out, "\n  requesters              later  "));
    assert_text(ran.err, "");
    draft.command.json = true;
    const Run json = draft.run(&policy_explain);
    assert_int_equal(json.exit, 0);
    assert_true(json.out.starts_with(R"({"granted": true, "refusal": null, "duration": 1800, )"
                                     R"("needs_sign_in": true, "message": "role )"));
    assert_true(has(json.out, R"({"rule": "hosts", "verdict": "unset", "text": ""})"));
}

void explain_says_who_approves_then(void **)
{
    if (needs_root())
        return;
    const std::string approvers = "[role.web.approval]\nmode = \"approver\"\napprovers = "
                                  "[\"group:9a000000-0000-4000-8000-000000000001\"]\nquorum = 2\n";
    std::string with = config;
    with.insert(with.find("[users]"),
                "approver_client_id = \"c11e0000-0000-4000-8000-000000000001\"\n");
    Draft draft{good + approvers, with};
    ask(draft, "alice", "web");
    const Run ran = draft.run(&policy_explain);
    assert_int_equal(ran.exit, 0);
    assert_true(ran.out.starts_with(
        "role \"web\" would be granted to alice for 30m, once the sign-in has shown what is left "
        "open, then 2 other people of those in 1 group approve\n"));
    assert_true(has(ran.out, "\n  approval                later  then 2 other people of those in 1 "
                             "group approve\n"));
    // A configuration without what the role needs is a fault of the policy.
    Draft lacking{good + approvers};
    ask(lacking, "alice", "web");
    const Run refused = lacking.run(&policy_explain);
    assert_int_equal(refused.exit, 2);
    assert_true(has(refused.err, "expected approver_client_id in [identity] of jitd.toml"));
}

void explain_ends_with_1_where_it_is_refused(void **)
{
    if (needs_root())
        return;
    Draft draft;
    ask(draft, "bob", "web");
    const Run ran = draft.run(&policy_explain);
    assert_int_equal(ran.exit, 1);
    assert_true(ran.out.starts_with("bob has no entry in [users] map"));
    assert_true(has(ran.out, "unmet  bob is nobody's user"));
    ask(draft, "alice", "web");
    draft.command.duration = 2h;
    draft.command.json = true;
    const Run json = draft.run(&policy_explain);
    assert_int_equal(json.exit, 1);
    assert_true(has(json.out, R"("granted": false, "refusal": "too-long", "duration": 0)"));
}

void explain_ends_with_7_for_a_role_that_there_is_not(void **)
{
    Draft draft;
    ask(draft, "alice", "dba");
    const Run ran = draft.run(&policy_explain);
    assert_int_equal(ran.exit, 7);
    assert_text(ran.out, "");
    assert_true(has(ran.err, "there is no role \"dba\""));
}

void explain_ends_with_2_where_nothing_can_be_said(void **)
{
    Draft bad{"[role"};
    ask(bad, "alice", "web");
    const Run ran = bad.run(&policy_explain);
    assert_int_equal(ran.exit, 2);
    assert_true(has(ran.err, "a.toml:1:"));
    assert_true(has(ran.err, "the policy has errors"));
    Draft draft;
    ask(draft, "alice", "web");
    draft.command.file = "/nonexistent/claims.json";
    assert_int_equal(draft.run(&policy_explain).exit, 2);
    for (const char *claims : {"", "{", "[]", "7", "{}", "{\"oid\":7}"}) {
        Folder folder;
        folder.write("claims.json", claims);
        draft.command.file = folder.path + "/claims.json";
        const Run none = draft.run(&policy_explain);
        assert_int_equal(none.exit, 2);
        assert_true(has(none.err, "claims.json: "));
    }
}

void explain_with_claims_needs_no_sign_in(void **)
{
    if (needs_root())
        return;
    Draft draft;
    ask(draft, "alice", "web");
    draft.command.at = WallTime{1'795'780'800s};
    Folder folder;
    folder.write("in.json", "{\"oid\":\"" + alice +
                                "\",\"tid\":\"6f1c0000-0000-4000-8000-000000000000\","
                                "\"groups\":[\"3d0c5e5a-1111-4222-8333-444455556666\"]}");
    folder.write("out.json",
                 "{\"oid\":\"" + alice +
                     "\",\"tid\":\"6f1c0000-0000-4000-8000-000000000000\",\"groups\":[]}");
    folder.write("other.json", "{\"oid\":\"b0b00000-0000-4000-8000-000000000002\","
                               "\"tid\":\"6f1c0000-0000-4000-8000-000000000000\",\"groups\":[]}");
    draft.command.file = folder.path + "/in.json";
    const Run in = draft.run(&policy_explain);
    assert_int_equal(in.exit, 0);
    assert_true(in.out.starts_with("role \"web\" would be granted to alice for 30m\n"));
    draft.command.file = folder.path + "/out.json";
    const Run out = draft.run(&policy_explain);
    assert_int_equal(out.exit, 1);
    assert_true(has(out.out, "alice is not among the requesters"));
    draft.command.file = folder.path + "/other.json";
    const Run other = draft.run(&policy_explain);
    assert_true(has(other.out, "the claims are those of b0b00000-0000-4000-8000-000000000002, and "
                               "alice is " +
                                   alice + ": the sign-in would be refused"));
    assert_int_equal(other.exit, 1);
}

std::string claims_of(const std::string &oid, const std::string &more = {})
{
    return "{\"oid\":\"" + oid + "\",\"tid\":\"6f1c0000-0000-4000-8000-000000000000\"," +
           "\"groups\":[\"3d0c5e5a-1111-4222-8333-444455556666\"]" + more + "}";
}

// An explanation of alice's request, or of another's, with these claims.
Run explain_with(const std::string &claims, const std::string &policy = good,
                 const std::string &jitd_toml = config, const char *user = "alice",
                 bool json = false)
{
    Draft draft{policy, jitd_toml};
    ask(draft, user, "web");
    draft.command.at = WallTime{1'795'780'800s};
    draft.command.json = json;
    Folder folder;
    folder.write("claims.json", claims);
    draft.command.file = folder.path + "/claims.json";
    return draft.run(&policy_explain);
}
const std::string bob = "b0b00000-0000-4000-8000-000000000002";
std::string by_name(const std::string &more = {})
{
    return config + "match = \"upn\"\ndomain = \"contoso.com\"\n" + more;
}

// He is a member and all else would do, but he is not alice.
void regress_claims_of_somebody_else_are_refused(void **)
{
    if (needs_root())
        return;
    const Run ran = explain_with(claims_of(bob), good, config, "alice", true);
    assert_int_equal(ran.exit, 1);
    assert_true(
        ran.out.starts_with(R"({"granted": false, "refusal": "wrong-person", "duration": 0,)"));
    assert_true(has(ran.out, R"({"rule": "person", "verdict": "unmet", "text": "the claims are )"));
    // By his name, which has to be that of the user and of no guest.
    const std::string eve = ",\"preferred_username\":\"eve@contoso.com\"";
    const std::string his = ",\"preferred_username\":\"Bob@contoso.com\"";
    const Run other = explain_with(claims_of(bob, eve), good, by_name(), "bob");
    assert_int_equal(other.exit, 1);
    assert_true(has(other.out, "by name \"eve@contoso.com\", and the sign-in has to be that of "
                               "\"bob@contoso.com\": the sign-in would be refused\n"));
    const Run nameless = explain_with(claims_of(bob), good, by_name(), "bob");
    assert_int_equal(nameless.exit, 1);
    assert_true(has(nameless.out, "by name nobody, and"));
    assert_int_equal(explain_with(claims_of(bob, his), good, by_name(), "bob").exit, 0);
    const Run guest = explain_with(claims_of(bob, his + ",\"acct\":1"), good, by_name(), "bob");
    assert_int_equal(guest.exit, 1);
    assert_true(
        has(guest.out, "a guest of the tenant, and those are matched by [users] map alone"));
}

void a_pin_that_root_has_to_confirm_is_said(void **)
{
    if (needs_root())
        return;
    const std::string his = ",\"preferred_username\":\"bob@contoso.com\"";
    const Run ran = explain_with(claims_of(bob, his), good, by_name("pin = \"root\"\n"), "bob");
    assert_int_equal(ran.exit, 0);
    assert_true(ran.out.starts_with("role \"web\" would be granted to bob for 30m, if root has "
                                    "confirmed who he is, since pin = \"root\"\n"));
    assert_true(has(ran.out, "\n  person                  later  bob is " + bob + ", if root has"));
    Draft draft{good, by_name()};
    ask(draft, "bob", "web");
    assert_true(has(draft.run(&policy_explain).out,
                    "later  the sign-in has to be that of bob@contoso.com, or of who is pinned\n"));
}

const std::string shared_role = "[role.web]\ngroups = [\"jit-web\"]\nservices = [\"sshd\"]\n"
                                "requesters = [\"group:3d0c5e5a-1111-4222-8333-444455556666\"]\n"
                                "accounts = [\"postgres\"]\nshared = true\nmax_duration = \"1h\"\n";

// The account has no person; whoever signs in is one.
void regress_who_signs_in_to_a_shared_account_is_the_person(void **)
{
    if (needs_root())
        return;
    const std::string to_be_named = "allow_root_equivalent = true\nallow_system_accounts = true\n"
                                    "[role.web.conditions]\naccept_stale_signin = true\n"
                                    "[role.web.limits]\nper_day = \"1h\"\n";
    const Run ran = explain_with(claims_of(bob), shared_role, config, "no-such-user");
    assert_int_equal(ran.exit, 0);
    assert_true(has(ran.out, "\n  person                  met    who signs in is " + bob + "\n"));
    const Run stranger =
        explain_with(claims_of(bob), shared_role + to_be_named, config, "nobody-1");
    assert_int_equal(stranger.exit, 1);
    assert_true(has(stranger.out, "unmet  root has not said who " + bob + " is\n"));
    const Run named = explain_with(claims_of(alice), shared_role + to_be_named, config, "nobody-1");
    assert_int_equal(named.exit, 0);
    assert_true(has(named.out, "met    root has said who " + alice + " is\n"));
    Draft draft{shared_role + to_be_named};
    ask(draft, "nobody-1", "web");
    const Run before = draft.run(&policy_explain);
    assert_int_equal(before.exit, 0);
    assert_true(has(before.out, "allow_root_equivalent   later  "));
}

// jitd takes off what the clocks may differ by, and what the provider dates back.
void regress_a_sign_in_is_as_old_as_jitd_takes_it_to_be(void **)
{
    if (needs_root())
        return;
    const std::string young = good + "[role.web.conditions]\nauth_age = \"10m\"\n";
    const auto at = [&](int ago) {
        return explain_with(
            claims_of(alice, ",\"auth_time\":" + std::to_string(1'795'780'800 - ago)), young);
    };
    const Run twelve = at(12 * 60);
    assert_int_equal(twelve.exit, 0);
    assert_true(has(twelve.out, "at most 10m, the sign-in is 5m old, all slack taken off\n"));
    assert_int_equal(at(17 * 60).exit, 0);
    assert_int_equal(at(17 * 60 + 1).exit, 1);
}

void explain_says_whose_account_it_is_and_what_opens(void **)
{
    if (needs_root())
        return;
    const std::string named = config.substr(0, config.rfind('[')) + "[users]\nmap = { root = \"" +
                              alice + "\", daemon = \"" + bob + "\" }\n";
    for (const char *user : {"root", "daemon"}) {
        Draft draft{good, named};
        ask(draft, user, "web");
        draft.command.json = true;
        const Run ran = draft.run(&policy_explain);
        assert_int_equal(ran.exit, 1);
        assert_true(ran.out.starts_with(R"({"granted": false, "refusal": "system-account", )"));
        assert_true(has(ran.out, R"({"rule": "allow_system_accounts", "verdict": "unmet")"));
    }
    Draft by_upn{good, by_name()};
    ask(by_upn, "daemon", "web");
    const Run ran = by_upn.run(&policy_explain);
    assert_int_equal(ran.exit, 1);
    assert_true(has(ran.out, "a system account, and those are matched by [users] map alone\n"));
    std::string but_alice = good;
    but_alice.insert(but_alice.find("max_duration"), "accounts = [\"*\", \"!alice\"]\n");
    Draft draft{but_alice};
    ask(draft, "alice", "web");
    const Run closed = draft.run(&policy_explain);
    assert_int_equal(closed.exit, 0); // `jitctl request` would have it granted
    assert_true(has(closed.out,
                    "accounts                unmet  alice is not among them, so it does "
                    "not open sudo, sudo-i to alice\n"));
}

void without_a_configuration_explain_says_so_or_nothing(void **)
{
    if (needs_root())
        return;
    Draft broken{good, "[identity\n"};
    ask(broken, "alice", "web");
    const Run ran = broken.run(&policy_explain);
    assert_int_equal(ran.exit, 2);
    assert_true(has(ran.err, "/jitd.toml:1:"));
    assert_true(has(ran.err, "/jitd.toml has errors, so nothing can be said of anybody\n"));
    Draft none;
    ask(none, "alice", "web");
    unlink((none.beside.path + "/jitd.toml").c_str());
    const Run free = none.run(&policy_explain);
    assert_int_equal(free.exit, 0);
    assert_true(has(free.err, "there is no " + none.beside.path +
                                  "/jitd.toml, so whoever signs in "
                                  "is taken to be the user"));
    Folder folder;
    folder.write("claims.json", claims_of(bob));
    none.command.file = folder.path + "/claims.json";
    assert_int_equal(none.run(&policy_explain).exit, 0);
}

void a_role_that_there_is_not_is_named_with_its_folder(void **)
{
    Draft draft;
    ask(draft, "alice", "wbe");
    draft.command.json = true;
    const Run ran = draft.run(&policy_explain);
    assert_int_equal(ran.exit, 7);
    assert_true(has(ran.err, "there is no role \"wbe\" in " + draft.policies.path +
                                 ", did you mean \"web\"?\n"));
    assert_true(ran.out.starts_with(R"({"error": "NotFound", "message": "there is no role )"));
}

// One object, whatever comes of it.
void regress_an_error_is_an_object_too(void **)
{
    const auto is_one = [](const Run &ran) {
        assert_int_equal(ran.exit, 2);
        assert_true(ran.out.starts_with(R"({"error": "Invalid", "message": ")"));
        assert_true(has(ran.out, R"("diagnostics": [{"kind": "error", "file": ")"));
        assert_int_equal(ran.out.find('\n'), ran.out.size() - 1);
    };
    Draft bad{"[role"};
    ask(bad, "alice", "web");
    bad.command.json = true;
    is_one(bad.run(&policy_explain));
    bad.command.directory = "/nonexistent";
    is_one(bad.run(&policy_explain));
    if (!needs_root())
        is_one(explain_with("[]", good, config, "alice", true));
}

// --- test ----------------------------------------------------------------------------------------

std::string a_case(const std::string &lines)
{
    return "[[test]]\nname = \"one\"\nrole = \"web\"\nuser = \"alice\"\noid = \"" + alice +
           "\"\nat = \"2026-11-27T12:00:00Z\"\n" + lines;
}
const std::string member = "groups = [\"3d0c5e5a-1111-4222-8333-444455556666\"]\n";

Run hold(const std::string &text, bool json = false, const std::string &policy = good)
{
    Draft draft{policy};
    Folder folder;
    folder.write("t.toml", "policy = \"" + draft.policies.path + "\"\n" + text);
    draft.command.file = folder.path + "/t.toml";
    draft.command.json = json;
    return draft.run(&policy_test);
}

void tests_that_pass_are_done(void **)
{
    const std::string text =
        a_case(member + "expect = \"granted\"\n") + a_case("expect = \"groups-unknown\"\n");
    const Run ran = hold(text);
    assert_int_equal(ran.exit, 0);
    assert_text(ran.out, "2 passed, 0 failed\n");
    const Run json = hold(text, true);
    assert_int_equal(json.exit, 0);
    assert_true(json.out.starts_with(
        R"({"passed": 2, "failed": 0, "tests": [{"name": "one", "line": 2, "passed": true, )"
        R"("expected": "granted", "got": null}, )"));
}

void a_test_that_fails_ends_with_1_and_its_line(void **)
{
    const std::string text = a_case(member + "expect = \"granted\"\nduration = \"1h\"\n") +
                             a_case(member + "expect = \"hours\"\n");
    const Run ran = hold(text);
    assert_int_equal(ran.exit, 1);
    assert_true(has(ran.out, "/t.toml:2: one: expected granted for 1h, got granted for 30m\n"));
    assert_true(has(ran.out, "/t.toml:11: one: expected refused (hours), got granted for 30m\n"));
    assert_true(has(ran.out, "\n0 passed, 2 failed\n"));
}

void a_test_s_faults_are_an_object_too(void **)
{
    for (const std::string &policy : {good, std::string{"[role"}}) {
        const Run ran =
            hold(a_case(policy == good ? "expect = \"maybe\"\n" : "expect = \"granted\"\n"), true,
                 policy);
        assert_int_equal(ran.exit, 2);
        assert_true(ran.out.starts_with(R"({"error": "Invalid", "message": ")"));
        assert_true(has(ran.out, R"("diagnostics": [{"kind": "error", )"));
    }
    const Run near = hold("[[test]]\nrole = \"wbe\"\nuser = \"alice\"\nat = "
                          "\"2026-11-27T12:00:00Z\"\nexpect = \"granted\"\n");
    assert_true(has(near.out, "got refused (unknown-role): there is no role \"wbe\" in the policy, "
                              "did you mean \"web\"?\n"));
}

void tests_with_a_fault_are_not_run(void **)
{
    const Run ran = hold(a_case("expect = \"maybe\"\n"));
    assert_int_equal(ran.exit, 2);
    assert_text(ran.out, "");
    assert_true(has(ran.err, "/t.toml:8:10: expect: \"maybe\" is no outcome"));
    assert_int_equal(hold("").exit, 2);
    assert_int_equal(hold(a_case("expect = \"granted\"\n"), false, "[role").exit, 2);
    Draft draft;
    draft.command.file = "/nonexistent/t.toml";
    assert_int_equal(draft.run(&policy_test).exit, 2);
}

// --- simulate ------------------------------------------------------------------------------------

std::string record(int seq, const std::string &members)
{
    std::string quoted;
    for (const char c : "{" + members + "}")
        quoted += c == '"' ? std::string{"\\\""} : std::string{c};
    return R"({"parameters":{"seq":)" + std::to_string(seq) + R"(,"hash":")" +
           std::string(64, 'a') + R"(","record":")" + quoted + "\"}";
}
std::string requested(int seq, const char *time)
{
    return record(seq, R"("time":")" + std::string{time} +
                           R"(","event":"requested","request":"1","role":"web","user":"alice",)"
                           R"("oid":")" +
                           alice + "\"");
}
std::string granted(int seq, const char *time, const char *until)
{
    return record(seq, R"("time":")" + std::string{time} +
                           R"(","event":"granted","request":"1","role":"web","user":"alice",)"
                           R"("oid":")" +
                           alice + R"(","until":")" + until + "\"");
}

Run simulate(Draft &draft, std::vector<Answer> answers, std::string *seen = nullptr)
{
    FakeJitd jitd{std::move(answers)};
    draft.command.at = WallTime{1'795'700'000s};
    const Caught out, err;
    const Exit exit =
        policy_simulate(draft.command, {out.stream(), err.stream(), draft.command.json, false},
                        jitd.path(), draft.places());
    if (seen != nullptr)
        *seen = jitd.finish();
    return {static_cast<int>(exit), out.text(), err.text()};
}

void simulate_says_what_would_change(void **)
{
    Draft draft;
    const std::string go_on = R"(,"continues":true})";
    std::string seen;
    // The record with which a frame ends has the number after which to ask again.
    const Run ran =
        simulate(draft,
                 {{{requested(1, "2026-11-27T12:00:00Z") + go_on, R"({"parameters":{"next":1}})"}},
                  {{granted(2, "2026-11-27T12:00:30Z", "2026-11-27T16:00:30Z") + "}"}}},
                 &seen);
    assert_int_equal(ran.exit, 1);
    assert_text(ran.out, "2026-11-27T12:00:00Z alice web: granted for 4h then; for 1h now\n"
                         "1 requests: 0 the same, 0 refused, 1 shorter, 0 no longer refused\n");
    assert_true(has(seen, R"("since")"));
    assert_true(has(seen, R"("after":1)"));
    draft.command.json = true;
    const Run json =
        simulate(draft, {{{requested(1, "2026-11-27T12:00:00Z") + go_on,
                           granted(2, "2026-11-27T12:00:30Z", "2026-11-27T13:00:30Z") + "}"}}});
    assert_int_equal(json.exit, 0);
    assert_text(json.out, R"({"requests": [{"at": "2026-11-27T12:00:00Z", "user": "alice", )"
                          R"("role": "web", "outcome": "same", "text": "granted for 1h then; the )"
                          R"(same now"}]})"
                          "\n");
}

void simulate_passes_over_records_that_it_cannot_read(void **)
{
    Draft draft;
    const Run ran =
        simulate(draft, {{{record(1, R"("event":"requested")") + R"(,"continues":true})",
                           R"({"parameters":{}})"}}});
    assert_int_equal(ran.exit, 0);
    assert_text(ran.out, "0 requests: 0 the same, 0 refused, 0 shorter, 0 no longer refused\n");
}

void simulate_ends_as_jitd_s_answer_does(void **)
{
    Draft draft;
    assert_int_equal(simulate(draft, {{{R"({"error":"io.jitd.Elevation.NotPermitted",)"
                                        R"("parameters":{"message":"root only"}})"}}})
                         .exit,
                     6);
    assert_int_equal(simulate(draft, {{{}}}).exit, 3);
    Draft bad{"[role"};
    assert_int_equal(simulate(bad, {}).exit, 2);
}

// --- sudoers -------------------------------------------------------------------------------------

// A host whose sudo asks jit, or does not.
class SudoHost
{
  public:
    SudoHost()
    {
        files.make("etc/pam.d");
        files.make("etc/sudoers.d");
        set_gate("account requisite pam_jit.so\n");
        files.put("etc/group", "engineers:x:1000:alice,bob\n");
    }
    void set_gate(const std::string &line) const
    {
        for (const char *service : {"sudo", "sudo-i"})
            files.put(std::string{"etc/pam.d/"} + service, line);
    }
    Run run(const Draft &draft) const
    {
        const Caught out, err;
        const Exit exit =
            sudoers(draft.command, {out.stream(), err.stream(), draft.command.json, false},
                    draft.places(), {files.path + "/etc", files.path + "/usr"});
        return {static_cast<int>(exit), out.text(), err.text()};
    }
    sys::test::Folder files;
};

void sudoers_is_made_of_the_installed_policy(void **)
{
    if (needs_root())
        return;
    Draft draft;
    const SudoHost host;
    draft.is_installed = true;
    const Run gate = host.run(draft);
    assert_int_equal(gate.exit, 0);
    assert_true(has(gate.out, "\nalice ALL = (www) /bin/a\n"));
    assert_text(gate.err, "");
    draft.command.is_group_style = true;
    draft.command.json = true;
    const Run group = host.run(draft);
    assert_int_equal(group.exit, 0);
    assert_true(group.out.starts_with(R"({"style": "group", "sudoers": "# Made by )"));
    assert_true(has(group.out, R"(\n%jit-web ALL = (www) /bin/a\n)"));
    assert_true(group.out.ends_with(R"(, "findings": []})"
                                    "\n"));
}

void sudoers_says_beside_it_which_rules_of_the_host_go_round_the_gate(void **)
{
    if (needs_root())
        return;
    Draft draft;
    const SudoHost host;
    draft.is_installed = true;
    host.files.put("etc/sudoers", "root ALL=(ALL) ALL\n%engineers ALL=(ALL) ALL\n");
    host.files.put("etc/sudoers.d/more", "bob ALL=(ALL) NOPASSWD: ALL\n");
    assert_text(host.run(draft).err, ""); // the gate holds
    host.files.put("etc/sudoers.d/worse", "Defaults !pam_acct_mgmt\n");
    const Run bypassed = host.run(draft);
    assert_int_equal(bypassed.exit, 0);
    assert_true(has(bypassed.err, "/etc/sudoers.d/worse:1: !pam_acct_mgmt"));
    assert_false(bypassed.out.find("pam_acct_mgmt") != bypassed.out.npos);
    host.files.put("etc/sudoers.d/worse", "");

    host.set_gate("account required pam_unix.so\n");
    const Run open = host.run(draft);
    assert_int_equal(open.exit, 0);
    assert_true(has(open.err, "fault: /etc/pam.d/sudo: no account line of pam_jit.so"));
    assert_true(has(open.err, "/etc/sudoers:2: %engineers may run ALL at any time"));
    assert_true(has(open.err, "/etc/sudoers.d/more:1: bob may run ALL, without a password,"));
    assert_true(has(open.err, "    put the three lines of pam_jit(8)"));
    Draft json{good, config};
    json.is_installed = json.command.json = true;
    host.files.put("etc/sudoers.d/odd", "\xff\x1b ALL=(ALL) /\xc3\n");
    assert_true(has(host.run(json).out, "/etc/sudoers.d/odd:1"));
    draft.command.is_group_style = true;
    const Run group = host.run(draft);
    assert_true(has(group.err, "/etc/sudoers:2: %engineers may run ALL without the group of role "
                               "\"web\""));
    assert_true(has(group.err, "note: " + host.files.path + "/etc/sudoers.d/more:1: bob may run"));
    json.command.is_group_style = true;
    const Run told = host.run(json);
    assert_text(told.err, "");
    assert_true(has(told.out, R"("findings": [{"kind": "fault", "where": ")"));
}

void sudoers_check_ends_with_1_for_a_fault_of_the_host_and_not_for_a_note(void **)
{
    if (needs_root())
        return;
    if (access("/usr/sbin/visudo", X_OK) != 0) {
        print_message("visudo is missing\n");
        return;
    }
    Draft draft;
    const SudoHost host;
    draft.is_installed = true;
    draft.command.is_checked = true;
    assert_int_equal(host.run(draft).exit, 0);
    host.files.put("etc/sudoers", "Defaults !pam_acct_mgmt\n");
    assert_int_equal(host.run(draft).exit, 1);
    host.files.put("etc/sudoers", "carol ALL=(ALL) ALL\n");
    host.set_gate("account required pam_unix.so\n");
    assert_int_equal(host.run(draft).exit, 1);
    draft.command.is_group_style = true;
    const Run noted = host.run(draft);
    assert_true(has(noted.err, "note: "));
    assert_int_equal(noted.exit, 0);
}

void sudoers_says_that_it_could_not_look(void **)
{
    if (needs_root())
        return;
    Draft draft;
    const SudoHost host;
    draft.is_installed = true;
    assert_int_equal(mkfifo((host.files.path + "/etc/sudoers").c_str(), 0600), 0);
    const Run ran = host.run(draft);
    assert_int_equal(ran.exit, 0);
    assert_true(has(ran.out, "\nalice ALL = (www) /bin/a\n"));
    assert_text(ran.err,
                "jitctl: cannot read this host's sudoers, so nothing is said of rules that "
                "go round the gate; ask as root\n");
    draft.command.json = true;
    assert_true(has(host.run(draft).out, R"("findings": null})"));
}

void sudoers_ends_with_2_where_nobody_can_be_said_to_be_eligible(void **)
{
    Draft none; // its policy is not the installed one
    const SudoHost host;
    const Run ran = host.run(none);
    assert_int_equal(ran.exit, 2);
    assert_text(ran.out, "");
    assert_true(has(ran.err, "/nonexistent/policy.d"));
    if (needs_root())
        return;
    Draft bad{good, "[identity"};
    bad.is_installed = true;
    const Run broken = host.run(bad);
    assert_int_equal(broken.exit, 2);
    assert_text(broken.out, "");
    assert_true(has(broken.err, "jitd.toml:1:"));
    assert_true(has(broken.err, "the configuration has errors"));
}

} // namespace

int main()
{
    const CMUnitTest tests[] = {
        cmocka_unit_test(explain_says_what_would_come_of_it),
        cmocka_unit_test(explain_says_who_approves_then),
        cmocka_unit_test(explain_ends_with_1_where_it_is_refused),
        cmocka_unit_test(explain_ends_with_7_for_a_role_that_there_is_not),
        cmocka_unit_test(explain_ends_with_2_where_nothing_can_be_said),
        cmocka_unit_test(explain_with_claims_needs_no_sign_in),
        cmocka_unit_test(regress_claims_of_somebody_else_are_refused),
        cmocka_unit_test(a_pin_that_root_has_to_confirm_is_said),
        cmocka_unit_test(regress_who_signs_in_to_a_shared_account_is_the_person),
        cmocka_unit_test(regress_a_sign_in_is_as_old_as_jitd_takes_it_to_be),
        cmocka_unit_test(explain_says_whose_account_it_is_and_what_opens),
        cmocka_unit_test(without_a_configuration_explain_says_so_or_nothing),
        cmocka_unit_test(a_role_that_there_is_not_is_named_with_its_folder),
        cmocka_unit_test(regress_an_error_is_an_object_too),
        cmocka_unit_test(a_test_s_faults_are_an_object_too),
        cmocka_unit_test(tests_that_pass_are_done),
        cmocka_unit_test(a_test_that_fails_ends_with_1_and_its_line),
        cmocka_unit_test(tests_with_a_fault_are_not_run),
        cmocka_unit_test(simulate_says_what_would_change),
        cmocka_unit_test(simulate_passes_over_records_that_it_cannot_read),
        cmocka_unit_test(simulate_ends_as_jitd_s_answer_does),
        cmocka_unit_test(sudoers_is_made_of_the_installed_policy),
        cmocka_unit_test(sudoers_says_beside_it_which_rules_of_the_host_go_round_the_gate),
        cmocka_unit_test(sudoers_check_ends_with_1_for_a_fault_of_the_host_and_not_for_a_note),
        cmocka_unit_test(sudoers_says_that_it_could_not_look),
        cmocka_unit_test(sudoers_ends_with_2_where_nobody_can_be_said_to_be_eligible),
    };
    return cmocka_run_group_tests_name("jitctl/policy_verbs", tests, nullptr, nullptr);
}
