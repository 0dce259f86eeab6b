#include "tests/unit/cmocka_cpp.h"

#include <functional>

#include "jitd/door.h"

using namespace jit;
using namespace jit::daemon;
using std::chrono::seconds;

namespace {

constexpr const char *alice_oid = "a11ce000-0000-4000-8000-000000000003";

policy::Role make_role(std::string name, std::vector<std::string> services)
{
    policy::Role role;
    role.name = name;
    role.groups = {"jit-" + name};
    role.requesters = {{policy::Requester::Kind::user, alice_oid}};
    role.services = std::move(services);
    role.accounts = {{false, "*"}, {true, "ansible"}};
    role.default_duration = role.max_duration = seconds{3600};
    role.approval.timeout = seconds{900};
    role.conditions.zone = std::make_shared<Zone>(Zone{"UTC", {}, {}});
    return role;
}

// Alice at sudo, whose one role is "web"; she has a live grant of it.
struct World {
    World()
    {
        settings.config.emplace();
        settings.config->users.emplace("alice", alice_oid);
        settings.config->exempt.push_back({"sudo", "backup"});
        settings.policy.emplace();
        settings.policy->roles = {make_role("web", {"sudo"})};
        settings.host.name = "web01";
        grant.id = "0123456789abcdef";
        grant.role = "web";
        grant.user = "alice";
        grant.groups = {"jit-web"};
        grant.until = WallTime{seconds{2000}};
        grant.until_boot = BootTime{seconds{200}};
        call.requester = "alice";
        call.account = "root";
        call.account_names = {"root"};
        call.service = "sudo";
    }
    DoorAnswer ask()
    {
        GrantTable table;
        if (has_grant)
            table.add(grant);
        return answer_check(call, {settings, table, now, reconciled,
                                   [this](std::string_view user, std::string_view group) {
                                       return user == grant.user && group != missing_group;
                                   },
                                   login_grant, key,
                                   [this](const std::string &user) {
                                       policy::Person person;
                                       person.user = user;
                                       person.oid = settings.config->person_of(user);
                                       if (local_groups)
                                           person.local_groups = *local_groups;
                                       return person;
                                   },
                                   [](const std::vector<std::string> &groups) {
                                       std::vector<std::uint32_t> gids;
                                       for (const std::string &group : groups)
                                           gids.push_back(group == "jit-web" ? 990 : 991);
                                       return gids;
                                   }});
    }

    Settings settings;
    Grant grant;
    bool has_grant = true;
    bool reconciled = true;
    std::string missing_group;
    std::string login_grant;
    std::string key;
    Result<std::vector<std::string>> local_groups = std::vector<std::string>{};
    Now now{WallTime{seconds{1000}}, BootTime{seconds{100}}};
    ipc::CheckCall call;
};

std::string verdict_of(const DoorAnswer &answer)
{
    std::string text{answer.fault ? ipc::name_of(*answer.fault)
                                  : ipc::name_of(answer.reply.verdict)};
    if (answer.record)
        text += " " + std::string{name_of(answer.record->event)} + " " + answer.record->rule;
    return text;
}

void nothing_passes_and_nothing_begins_for_who_has_proven_nothing(void **)
{
    World world;
    world.call.unproven = true;
    for (const bool has_grant : {true, false}) {
        world.has_grant = has_grant;
        const DoorAnswer answer = world.ask();
        assert_text(verdict_of(answer), "denied refused unproven");
        assert_true(answer.reply.message->find("nobody has proven who you are") == 0);
        assert_false(answer.reply.role.has_value());
    }
    world.call.connection = "192.0.2.7 50022 192.0.2.1 22";
    assert_true(world.ask().reply.message->find("log in with your key") != std::string::npos);
    // What is nobody's business of ours stays so.
    world.call.account_names = {"ansible"};
    world.settings.config->strict_services.clear();
    assert_text(verdict_of(world.ask()), "ignore");
    world.call.account = "backup";
    assert_text(verdict_of(world.ask()), "exempt");
}

void with_unproven_start_a_live_grant_is_a_role_to_sign_in_for(void **)
{
    World world;
    world.settings.config->unproven_start = true;
    world.settings.policy->roles.push_back(make_role("zone", {"sudo"}));
    world.call.unproven = true;
    const DoorAnswer live = world.ask();
    assert_text(verdict_of(live), "request");
    assert_text(*live.reply.role, "web");
    assert_false(live.reply.grant.has_value());
    world.has_grant = false;
    assert_text(verdict_of(world.ask()), "choose");
    // The policy decides as for everybody.
    world.settings.config->users.clear();
    assert_text(verdict_of(world.ask()), "denied refused no-person");
}

void a_role_that_asks_nobody_is_never_offered_to_who_has_proven_nothing(void **)
{
    World world;
    world.settings.config->unproven_start = true;
    world.settings.policy->roles[0].approval.mode = policy::Approval::Mode::none;
    world.call.unproven = true;
    for (const bool has_grant : {true, false}) {
        world.has_grant = has_grant;
        assert_text(verdict_of(world.ask()), "denied refused unproven");
    }
    world.settings.policy->roles.push_back(make_role("zone", {"sudo"}));
    const DoorAnswer other = world.ask();
    assert_text(verdict_of(other), "request");
    assert_text(*other.reply.role, "zone");
    world.call.unproven = false;
    assert_text(verdict_of(world.ask()), "choose");
}

void each_door_has_its_verdict_in_both_phases(void **)
{
    struct Row {
        const char *name;
        std::function<void(World &)> change;
        const char *auth;
        const char *account;
    };
    const char *const misconfigured = "io.jitd.Elevation.Misconfigured";
    const char *const no_grant = "request refused no-grant";
    const Row rows[] = {
        {"a live grant", [](World &) {}, "live", "live"},
        {"no configuration", [](World &w) { w.settings.config.reset(); }, misconfigured,
         misconfigured},
        {"no policy", [](World &w) { w.settings.policy.reset(); }, misconfigured, misconfigured},
        {"exempt", [](World &w) { w.call.account = "backup"; }, "exempt", "exempt exempted exempt"},
        {"exempt without a policy",
         [](World &w) {
             w.call.account = "backup";
             w.settings.policy.reset();
         },
         "exempt", "exempt exempted exempt"},
        {"exempt elsewhere",
         [](World &w) {
             w.call.account = "backup";
             w.call.service = "su";
             w.settings.policy->roles = {make_role("web", {"su"})};
             w.has_grant = false;
         },
         "request", no_grant},
        {"not gated, not strict", [](World &w) { w.call.service = "cron"; }, "ignore", "ignore"},
        {"not gated, strict", [](World &w) { w.call.account_names = {"ansible"}; },
         "denied refused strict-service", "denied refused strict-service"},
        {"an account that can't be resolved is gated",
         [](World &w) {
             w.call.account_names.clear();
             w.has_grant = false;
         },
         "request", no_grant},
        {"any name of the account is enough",
         [](World &w) {
             w.call.account_names = {"ansible", "toor"};
         },
         "live", "live"},
        {"sudo covers sudo-i", [](World &w) { w.call.service = "sudo-i"; }, "live", "live"},
        {"role= of an unknown role", [](World &w) { w.call.role = "nobody"; },
         "denied refused unknown-role", "denied refused unknown-role"},
        {"role= of hers", [](World &w) { w.call.role = "web"; }, "live", "live"},
        {"role= of another role",
         [](World &w) {
             w.settings.policy->roles.push_back(make_role("zone", {"su"}));
             w.call.role = "zone";
         },
         "request", no_grant},
        {"the last second by wall clock", [](World &w) { w.now.wall = WallTime{seconds{1999}}; },
         "live", "live"},
        {"due by wall clock", [](World &w) { w.now.wall = WallTime{seconds{2000}}; }, "request",
         no_grant},
        {"due by time since boot, the wall clock set back",
         [](World &w) {
             w.now = {WallTime{seconds{1}}, BootTime{seconds{200}}};
         },
         "request", no_grant},
        {"the membership is gone", [](World &w) { w.missing_group = "jit-web"; }, "request",
         no_grant},
        {"one of two memberships is gone",
         [](World &w) {
             w.grant.groups = {"jit-web", "jit-log"};
             w.missing_group = "jit-log";
         },
         "request", no_grant},
        {"a grant of another role", [](World &w) { w.grant.role = "zone"; }, "request", no_grant},
        {"a grant of another user", [](World &w) { w.grant.user = "bob"; }, "request", no_grant},
        {"a grant of another letter case", [](World &w) { w.grant.user = "Alice"; }, "request",
         no_grant},
        {"not reconciled", [](World &w) { w.reconciled = false; }, "denied refused not-reconciled",
         "denied refused not-reconciled"},
        {"not reconciled, not gated",
         [](World &w) {
             w.reconciled = false;
             w.call.service = "cron";
         },
         "ignore", "ignore"},
        {"no grant", [](World &w) { w.has_grant = false; }, "request", no_grant},
        {"two roles",
         [](World &w) {
             w.has_grant = false;
             w.settings.policy->roles.push_back(make_role("zone", {"sudo"}));
         },
         "choose", "choose refused no-grant"},
        {"two roles, one of another host",
         [](World &w) {
             w.has_grant = false;
             w.settings.policy->roles.push_back(make_role("zone", {"sudo"}));
             w.settings.policy->roles[1].hosts = {{false, "db*"}};
         },
         "request", no_grant},
        {"not a requester",
         [](World &w) {
             w.has_grant = false;
             w.settings.policy->roles[0].requesters[0].value = "another";
         },
         "denied refused not-requester", "denied refused not-requester"},
        {"a requester only the token can tell",
         [](World &w) {
             w.has_grant = false;
             w.settings.policy->roles[0].requesters[0].kind = policy::Requester::Kind::group;
         },
         "request", no_grant},
        {"no person",
         [](World &w) {
             w.has_grant = false;
             w.settings.config->users.clear();
         },
         "denied refused no-person", "denied refused no-person"},
        {"a role that is closed at that hour",
         [](World &w) {
             w.has_grant = false;
             policy::Conditions &conditions = w.settings.policy->roles[0].conditions;
             conditions.hours.emplace_back(); // no day, no time
         },
         "denied refused hours", "denied refused hours"},
        {"a live grant when the role has closed",
         [](World &w) {
             policy::Conditions &conditions = w.settings.policy->roles[0].conditions;
             conditions.hours.emplace_back();
         },
         "live", "live"},
        {"a live grant of a role that wants a terminal, without one",
         [](World &w) { w.settings.policy->roles[0].conditions.tty = true; }, "denied refused tty",
         "denied refused tty"},
        {"a live grant of a role that wants a terminal, with an empty one",
         [](World &w) {
             w.settings.policy->roles[0].conditions.tty = true;
             w.call.tty = "";
         },
         "denied refused tty", "denied refused tty"},
        {"a live grant of a role that wants a terminal, at one",
         [](World &w) {
             w.settings.policy->roles[0].conditions.tty = true;
             w.call.tty = "pts/0";
         },
         "live", "live"},
        {"a role that wants a terminal, at one",
         [](World &w) {
             w.has_grant = false;
             w.settings.policy->roles[0].conditions.tty = true;
             w.call.tty = "pts/0";
         },
         "request", no_grant},
        {"a live grant of a role for those from elsewhere",
         [](World &w) {
             w.settings.policy->roles[0].conditions.from = {*policy::parse_network("10.0.0.0/8")};
             w.call.rhost = "192.0.2.7";
         },
         "denied refused from", "denied refused from"},
        {"a live grant of a role for those from somewhere, from nowhere",
         [](World &w) {
             w.settings.policy->roles[0].conditions.from = {*policy::parse_network("0.0.0.0/0")};
         },
         "denied refused from", "denied refused from"},
        {"a live grant of a role for those from there",
         [](World &w) {
             w.settings.policy->roles[0].conditions.from = {*policy::parse_network("10.0.0.0/8")};
             w.call.rhost = "10.1.2.3";
         },
         "live", "live"},
        {"a live grant of a role for those from there, whose address came mapped",
         [](World &w) {
             w.settings.policy->roles[0].conditions.from = {*policy::parse_network("10.0.0.0/8")};
             w.call.rhost = "::ffff:10.1.2.3";
         },
         "live", "live"},
        {"a role for those from there, whose address came mapped",
         [](World &w) {
             w.has_grant = false;
             w.settings.policy->roles[0].conditions.from = {*policy::parse_network("10.0.0.0/8")};
             w.call.rhost = "::ffff:10.1.2.3";
         },
         "request", no_grant},
        {"a role for those from elsewhere, whose address came mapped",
         [](World &w) {
             w.has_grant = false;
             w.settings.policy->roles[0].conditions.from = {*policy::parse_network("10.0.0.0/8")};
             w.call.rhost = "::ffff:11.1.2.3";
         },
         "denied refused from", "denied refused from"},
        {"a live grant that one of two roles gave, where that one is not for those from there",
         [](World &w) {
             w.settings.policy->roles.push_back(make_role("zone", {"sudo"}));
             w.settings.policy->roles[0].conditions.tty = true;
         },
         "request", no_grant},
        {"a role that wants a reason, which nobody has been asked for yet",
         [](World &w) {
             w.has_grant = false;
             w.settings.policy->roles[0].justification.required = true;
         },
         "request", no_grant},
        {"a role that is as good as root, for whom nobody has vouched",
         [](World &w) {
             w.has_grant = false;
             w.settings.policy->roles[0].allow_root_equivalent = true;
         },
         "denied refused not-vouched", "denied refused not-vouched"},
        {"a role without approval",
         [](World &w) {
             w.has_grant = false;
             w.settings.policy->roles[0].approval.mode = policy::Approval::Mode::none;
         },
         "request", no_grant},
        {"local groups that can't be read are none",
         [](World &w) {
             w.has_grant = false;
             w.settings.policy->roles[0].requesters = {
                 {policy::Requester::Kind::local_group, "staff"}};
             w.local_groups = Error{Code::unavailable, "no file"};
         },
         "denied refused not-requester", "denied refused not-requester"},
        {"a local group",
         [](World &w) {
             w.has_grant = false;
             w.settings.policy->roles[0].requesters = {
                 {policy::Requester::Kind::local_group, "staff"}};
             w.local_groups = std::vector<std::string>{"staff"};
         },
         "request", no_grant},
    };
    int wrong = 0;
    for (const Row &row : rows) {
        for (const bool is_account : {false, true}) {
            World world;
            row.change(world);
            world.call.phase = is_account ? ipc::Phase::account : ipc::Phase::auth;
            const std::string verdict = verdict_of(world.ask());
            const char *expected = is_account ? row.account : row.auth;
            if (verdict != expected) {
                print_error("%s: \"%s\", expected \"%s\"\n", row.name, verdict.c_str(), expected);
                ++wrong;
            }
            // Whatever the door, a host that observes neither lets in nor keeps out.
            World observing;
            row.change(observing);
            if (!observing.settings.config)
                continue;
            observing.settings.config->observe = true;
            observing.call.phase = world.call.phase;
            const DoorAnswer answer = observing.ask();
            const bool harmless =
                !answer.fault && (answer.reply.verdict == ipc::Verdict::observed ||
                                  answer.reply.verdict == ipc::Verdict::ignore ||
                                  answer.reply.verdict == ipc::Verdict::exempt);
            const bool recorded =
                !answer.record || (is_account && answer.record->event != Event::refused);
            if (!harmless || !recorded) {
                print_error("%s, observing: %s\n", row.name, verdict_of(answer).c_str());
                ++wrong;
            }
        }
    }
    assert_int_equal(wrong, 0);
}

void a_would_be_refusal_is_recorded_once_where_the_host_observes(void **)
{
    World world;
    world.settings.config->observe = true;
    world.has_grant = false;
    assert_text(verdict_of(world.ask()), "observed");
    world.call.phase = ipc::Phase::account;
    assert_text(verdict_of(world.ask()), "observed observed no-grant");
    world.has_grant = true;
    assert_text(verdict_of(world.ask()), "observed");
}

void a_caller_who_only_observes_is_recorded_as_one(void **)
{
    World world;
    world.call.observe = true;
    world.call.phase = ipc::Phase::account;
    world.has_grant = false;
    assert_text(verdict_of(world.ask()), "observed observed no-grant");
}

void a_grant_that_proves_nobody_is_on_record_where_the_host_observes(void **)
{
    World world;
    world.call.unproven = true;
    assert_text(verdict_of(world.ask()), "denied refused unproven");
    world.settings.config->observe = true;
    assert_text(verdict_of(world.ask()), "observed observed unproven");
    world.call.phase = ipc::Phase::account;
    assert_text(verdict_of(world.ask()), "observed");
    // Without a grant there is one record, too.
    world.has_grant = false;
    assert_text(verdict_of(world.ask()), "observed observed no-grant");
    world.call.phase = ipc::Phase::auth;
    assert_text(verdict_of(world.ask()), "observed");
}

void who_has_no_name_is_refused_and_on_record_under_what_stands_for_one(void **)
{
    World world;
    world.call.requester = "DOM\\a\x1B";
    world.call.problem = "no\nname";
    const DoorAnswer no = world.ask();
    assert_text(verdict_of(no), "denied refused no-caller");
    assert_text(no.record->user, "DOM\\a?");
    world.settings.config->observe = true;
    assert_text(verdict_of(world.ask()), "observed");
    world.call.phase = ipc::Phase::account;
    assert_text(verdict_of(world.ask()), "observed observed no-caller");
}

void a_line_that_observes_does_so_without_a_configuration(void **)
{
    World world;
    world.settings.config.reset();
    world.call.observe = true;
    world.call.phase = ipc::Phase::account;
    assert_text(verdict_of(world.ask()), "observed observed misconfigured");
}

void what_opens_a_door_is_named(void **)
{
    World world;
    const DoorAnswer live = world.ask();
    assert_text(live.reply.role.value(), "web");
    assert_text(live.reply.grant.value(), "0123456789abcdef");
    assert_true(live.reply.until == world.grant.until);

    world.has_grant = false;
    const DoorAnswer one = world.ask();
    assert_text(one.reply.role.value(), "web");
    assert_false(one.reply.roles.has_value() || one.reply.grant.has_value());
    world.settings.policy->roles.push_back(make_role("zone", {"sudo"}));
    const DoorAnswer two = world.ask();
    assert_true(two.reply.roles == (std::vector<std::string>{"web", "zone"}));
    assert_false(two.reply.role.has_value());
}

void a_records_text_from_outside_is_safe(void **)
{
    World world;
    world.call.account_names = {"ansible"};
    world.call.account = "x\nJIT_EVENT=granted\x1B[2J";
    const DoorAnswer answer = world.ask();
    assert_true(answer.record.has_value());
    assert_true(answer.reply.message->find_first_of("\n\x1B") == std::string::npos);
    assert_text(answer.record->user, "alice");
}

void a_role_that_ends_what_runs_has_the_session_waited_for(void **)
{
    World world;
    assert_false(world.ask().reply.confine);
    world.settings.policy->roles[0].end.action = policy::End::Action::terminate;
    assert_true(world.ask().reply.confine);
    world.has_grant = false;
    assert_false(world.ask().reply.confine);
}

// postgres, whom several people share, and alice's grant for one login.
World shared()
{
    World world;
    policy::Role role = make_role("dba", {"sshd"});
    role.shared = true;
    role.requesters = {{policy::Requester::Kind::user, alice_oid}};
    world.settings.policy->roles = {role};
    world.call.requester = world.call.account = "postgres";
    world.call.account_names = {"postgres"};
    world.call.service = "sshd";
    world.call.proof = "publickey ssh-ed25519 AAAA";
    world.call.phase = ipc::Phase::account;
    world.grant.role = "dba";
    world.grant.user = "postgres";
    world.grant.oid = alice_oid;
    world.grant.is_of_login = true;
    world.grant.key = "key-of-alice";
    return world;
}

void a_grant_for_a_shared_account_serves_its_own_login(void **)
{
    World world = shared();
    world.key = "key-of-alice"; // which says nothing where reuse is none
    assert_text(verdict_of(world.ask()), "request refused no-grant");
    assert_true(world.ask().no_login.find("this login has no live grant") != std::string::npos);
    world.login_grant = "fedcba9876543210";
    assert_text(verdict_of(world.ask()), "request refused no-grant");
    world.login_grant = world.grant.id;
    assert_text(verdict_of(world.ask()), "live");
    // Neither does one of another kind open it, nor it a role of another kind.
    world.grant.is_of_login = false;
    assert_text(verdict_of(world.ask()), "request refused no-grant");
    world.grant.is_of_login = true;
    world.settings.policy->roles[0].shared = false;
    assert_true(world.ask().reply.verdict != ipc::Verdict::live);
}

void with_reuse_the_key_of_the_grant_opens_later_logins_and_each_is_recorded(void **)
{
    World world = shared();
    world.settings.policy->roles[0].reuse = policy::Role::Reuse::key;
    for (const char *key : {"", "key-of-bob"}) {
        world.key = key;
        assert_text(verdict_of(world.ask()), "request refused no-grant");
    }
    world.key = "key-of-alice";
    const DoorAnswer answer = world.ask();
    assert_text(verdict_of(answer), "live by-key reuse");
    assert_text(answer.record->request, world.grant.id);
    assert_text(answer.record->oid, alice_oid);
    assert_true(answer.record->message.starts_with("alice as postgres at sshd"));
    world.call.phase = ipc::Phase::auth; // one login is one record
    assert_text(verdict_of(world.ask()), "live");
    world.call.phase = ipc::Phase::account;
    world.login_grant = world.grant.id; // the first login is none by key
    assert_text(verdict_of(world.ask()), "live");
    world.login_grant.clear();
    world.grant.key.clear();
    world.key.clear();
    assert_text(verdict_of(world.ask()), "request refused no-grant");
}

void a_shared_account_wants_a_key_over_ssh(void **)
{
    World world = shared();
    world.call.proof.reset();
    for (const ipc::Phase phase : {ipc::Phase::auth, ipc::Phase::account}) {
        world.call.phase = phase;
        const DoorAnswer answer = world.ask();
        assert_text(verdict_of(answer), "denied refused no-key");
        assert_true(answer.reply.message->find("log in with your key") != std::string::npos);
    }
    world.settings.policy->roles[0].services = {"login"};
    world.call.service = "login";
    world.call.phase = ipc::Phase::auth;
    assert_text(verdict_of(world.ask()), "request");
}

// jit-policy(5), carry: of the grant's own groups, to who knows of the account phase what su gets.
void only_su_s_account_phase_is_told_what_the_shell_gets(void **)
{
    World world;
    policy::Role &role = world.settings.policy->roles[0];
    role.services = {"su", "sudo", "sshd", "login"};
    role.carry = true;
    world.grant.groups = {"jit-log", "jit-web"};
    for (const char *service : {"su", "su-l"}) {
        world.call.service = service;
        world.call.phase = ipc::Phase::account;
        assert_true(world.ask().reply.carry == (std::vector<std::uint32_t>{991, 990}));
        world.call.phase = ipc::Phase::auth;
        assert_true(world.ask().reply.carry.empty());
    }
    world.call.phase = ipc::Phase::account;
    for (const char *service : {"sudo", "sudo-i", "sshd", "login"}) {
        world.call.service = service;
        assert_text(verdict_of(world.ask()), "live");
        assert_true(world.ask().reply.carry.empty());
    }
    world.call.service = "su";
    const auto carries_nothing = [](World changed) { return changed.ask().reply.carry.empty(); };
    World other = world;
    other.settings.policy->roles[0].carry = false;
    assert_true(carries_nothing(other));
    other = world;
    other.has_grant = false;
    assert_true(carries_nothing(other));
    other = world;
    other.settings.config->observe = true;
    assert_true(carries_nothing(other));
    other = world;
    other.call.observe = true;
    assert_true(carries_nothing(other));
    other = world;
    other.now.wall = other.grant.until;
    assert_true(carries_nothing(other));
    // Of two roles it is the one by whose grant he passes that says so.
    other = world;
    other.settings.policy->roles.push_back(make_role("zone", {"su"}));
    other.grant.role = "zone";
    assert_text(verdict_of(other.ask()), "live");
    assert_true(carries_nothing(other));
}

} // namespace

int main()
{
    const CMUnitTest tests[] = {
        cmocka_unit_test(a_grant_for_a_shared_account_serves_its_own_login),
        cmocka_unit_test(with_reuse_the_key_of_the_grant_opens_later_logins_and_each_is_recorded),
        cmocka_unit_test(a_shared_account_wants_a_key_over_ssh),
        cmocka_unit_test(a_role_that_ends_what_runs_has_the_session_waited_for),
        cmocka_unit_test(nothing_passes_and_nothing_begins_for_who_has_proven_nothing),
        cmocka_unit_test(with_unproven_start_a_live_grant_is_a_role_to_sign_in_for),
        cmocka_unit_test(a_role_that_asks_nobody_is_never_offered_to_who_has_proven_nothing),
        cmocka_unit_test(each_door_has_its_verdict_in_both_phases),
        cmocka_unit_test(only_su_s_account_phase_is_told_what_the_shell_gets),
        cmocka_unit_test(a_would_be_refusal_is_recorded_once_where_the_host_observes),
        cmocka_unit_test(a_caller_who_only_observes_is_recorded_as_one),
        cmocka_unit_test(a_grant_that_proves_nobody_is_on_record_where_the_host_observes),
        cmocka_unit_test(who_has_no_name_is_refused_and_on_record_under_what_stands_for_one),
        cmocka_unit_test(a_line_that_observes_does_so_without_a_configuration),
        cmocka_unit_test(what_opens_a_door_is_named),
        cmocka_unit_test(a_records_text_from_outside_is_safe),
    };
    return cmocka_run_group_tests_name("jitd/door", tests, nullptr, nullptr);
}
