// What the daemon tells of the audit, of roles and of itself, and to whom; and grants that are good
// for one session.
#include "tests/unit/cmocka_cpp.h"

#include <pwd.h>
#include <set>

#include "jitd/limits.h"
#include "lib/ipc/audit.h"
#include "lib/ipc/granting.h"
#include "lib/ipc/health.h"
#include "lib/ipc/roles.h"
#include "policy/parse.h"
#include "tests/unit/jitd/service.h"

using namespace jit;
using namespace jit::daemon;
using namespace jit::daemon::test;

namespace {

constexpr uid_t somebody = 65534; // "nobody"
constexpr const char *some_oid = "a11ce000-0000-4000-8000-000000000001";

policy::Policy policy_of(const std::string &text)
{
    const std::vector<policy::SourceFile> files{{"a.toml", text}};
    policy::ParsedPolicy parsed = policy::parse_policy(files);
    assert_true(parsed.policy.has_value());
    return *std::move(parsed.policy);
}

std::string role_of(const std::string &name, const std::string &requester, const std::string &more)
{
    return "[role." + name + "]\ngroups = [\"jit-" + name + "\"]\nrequesters = [\"" + requester +
           "\"]\nmax_duration = \"1h\"\n" + more;
}

void put_records(Service &service, int count, const char *user, const char *role, Event event)
{
    for (int i = 0; i < count; ++i) {
        AuditRecord record;
        record.event = event;
        record.user = user;
        record.role = role;
        record.message = "one";
        const WallTime at{std::chrono::seconds{1'800'000'000 + i}};
        assert_true(
            service.store->append_audit(name_of(event), encode_record(record, at)).has_value());
    }
}

// --- audit ---------------------------------------------------------------------------------------

struct Page {
    std::vector<ipc::AuditReply> records;
    std::optional<std::int64_t> next;
};

Page read_page(Service &service, const ipc::AuditCall &call, uid_t uid = 0)
{
    Page page;
    for (const ipc::Reply &reply :
         service.ask_all(ipc::method::audit, ipc::encode_audit_call(call), uid)) {
        assert_text(reply.error, "");
        const auto record = ipc::decode_audit_reply(reply.parameters.get());
        assert_true(record.has_value());
        assert_true(reply.continues == (record->seq > 0)); // the last one has no record
        if (record->seq > 0)
            page.records.push_back(*record);
        page.next = record->next;
    }
    return page;
}

void the_audit_comes_in_pages_each_record_once(void **)
{
    if (!is_root_here())
        return;
    Service service;
    assert_true(read_page(service, {}).records.empty());
    assert_false(read_page(service, {}).next.has_value());
    put_records(service, 1100, "alice", "web", Event::used);
    std::vector<std::int64_t> seen;
    ipc::AuditCall call;
    int pages = 0;
    for (std::optional<std::int64_t> next = 0; next && pages < 10; ++pages) {
        call.after = *next;
        const Page page = read_page(service, call);
        assert_true(page.records.size() <= limits::audit_records);
        for (const ipc::AuditReply &record : page.records)
            seen.push_back(record.seq);
        next = page.next;
    }
    assert_int_equal(pages, 3);
    assert_int_equal(seen.size(), 1100);
    for (std::size_t i = 0; i < seen.size(); ++i)
        assert_int_equal(seen[i], i + 1);
    const Page one = read_page(service, {1099, {}, {}, {}, {}});
    assert_int_equal(one.records.size(), 1);
    assert_true(decode_record(one.records[0].record)->user == "alice");
    assert_int_equal(one.records[0].hash.size(), 64);
}

// However many rows have to be passed over for them.
void records_that_are_far_apart_are_all_found(void **)
{
    if (!is_root_here())
        return;
    Service service;
    put_records(service, 1, "bob", "web", Event::granted);
    put_records(service, 2500, "alice", "web", Event::used);
    put_records(service, 1, "bob", "dba", Event::granted);
    std::vector<std::string> roles;
    ipc::AuditCall call;
    call.user = "bob";
    int pages = 0;
    for (std::optional<std::int64_t> next = 0; next && pages < 10; ++pages) {
        call.after = *next;
        const Page page = read_page(service, call);
        for (const ipc::AuditReply &record : page.records)
            roles.push_back(decode_record(record.record)->role);
        next = page.next;
    }
    assert_true(roles == (std::vector<std::string>{"web", "dba"}));
    assert_int_equal(pages, 2);
}

void each_filter_of_the_audit_takes_away(void **)
{
    if (!is_root_here())
        return;
    Service service;
    put_records(service, 3, "alice", "web", Event::used);
    put_records(service, 2, "bob", "dba", Event::granted);
    const auto count = [&](const ipc::AuditCall &call) {
        return read_page(service, call).records.size();
    };
    assert_int_equal(count({}), 5);
    assert_int_equal(count({0, {}, "bob", {}, {}}), 2);
    assert_int_equal(count({0, {}, {}, "web", {}}), 3);
    assert_int_equal(count({0, {}, {}, {}, "granted"}), 2);
    assert_int_equal(count({0, {}, "alice", {}, "granted"}), 0);
    assert_int_equal(count({0, WallTime{1'800'000'001s}, {}, {}, {}}), 3);
    assert_int_equal(count({3, {}, {}, {}, {}}), 2);
}

void a_user_sees_his_own_records_alone(void **)
{
    if (!is_root_here())
        return;
    const passwd *const entry = getpwuid(somebody);
    assert_non_null(entry);
    const std::string user = entry->pw_name;
    Service service;
    put_records(service, 3, "alice", "web", Event::used);
    put_records(service, 2, user.c_str(), "web", Event::used);
    for (const ipc::AuditCall &call : {ipc::AuditCall{}, ipc::AuditCall{0, {}, user, {}, {}}}) {
        const Page page = read_page(service, call, somebody);
        assert_int_equal(page.records.size(), 2);
        for (const ipc::AuditReply &record : page.records)
            assert_text(decode_record(record.record)->user, user);
    }
    const auto others = service.ask_all(ipc::method::audit,
                                        ipc::encode_audit_call({0, {}, "alice", {}, {}}), somebody);
    assert_int_equal(others.size(), 1);
    assert_text(others[0].error, "io.jitd.Elevation.NotPermitted");
    assert_text(service.ask(ipc::method::audit, ipc::encode_audit_call({})).error,
                "org.varlink.service.ExpectedMore");
}

// --- roles ---------------------------------------------------------------------------------------

ipc::RolesReply read_roles(Service &service, const ipc::RolesCall &call, uid_t uid)
{
    const ipc::Reply reply = service.ask(ipc::method::roles, ipc::encode_roles_call(call), uid);
    assert_text(reply.error, "");
    return *ipc::decode_roles_reply(reply.parameters.get());
}

std::string user_name()
{
    const passwd *const entry = getpwuid(somebody);
    assert_non_null(entry);
    return entry->pw_name;
}

void roles_are_told_with_why_not_the_others(void **)
{
    if (!is_root_here())
        return;
    Service service;
    service.settings.config->users[user_name()] = some_oid;
    service.settings.policy = policy_of(
        role_of("web", std::string{"user:"} + some_oid, "services = [\"sudo\"]\n") +
        role_of("tty", std::string{"user:"} + some_oid, "[role.tty.conditions]\ntty = true\n") +
        role_of("dba", "user:b0b00000-0000-4000-8000-000000000002", ""));
    const auto reply = read_roles(service, {}, somebody);
    assert_int_equal(reply.roles.size(), 1);
    assert_text(reply.roles[0].name, "web");
    assert_int_equal(reply.others.size(), 2);
    assert_text(reply.others[0].name, "dba");
    assert_text(reply.others[0].rule, "not-requester");
    assert_true(reply.others[0].message.find("is not among the requesters") != std::string::npos);
    assert_text(reply.others[1].rule, "tty");
    assert_int_equal(read_roles(service, {{}, "pts/0"}, somebody).roles.size(), 2);
    service.settings.policy.reset();
    assert_text(service.ask(ipc::method::roles, ipc::encode_roles_call({}), somebody).error,
                "io.jitd.Elevation.Misconfigured");
}

// A root helper that says no to some roles, and nothing at all for one.
struct Trials {
    explicit Trials(Service &service)
    {
        Fd listening = sys::test::listen_at(service.folder.path + "/none");
        server = *sys::VarlinkServer::make(
            service.loop.get(), std::move(listening), {"test", "io.jitd.Grant", ""}, {8, 0, 8, 2s},
            [this](const std::shared_ptr<sys::Exchange> &exchange) {
                const auto call = ipc::decode_grant_call(exchange->call().parameters.get());
                assert_true(call.has_value() && call->is_trial);
                assert_text(call->oid, some_oid);
                asked.push_back(call->role);
                if (call->role == "silent")
                    silent = exchange;
                else if (call->role.starts_with("no"))
                    exchange->fail(ipc::grant_refused, "wait: " + call->role);
                else
                    exchange->reply(ipc::encode(ipc::GrantReply{wall_time(), wall_time(), {}}));
            });
    }
    std::vector<std::string> asked;
    std::shared_ptr<sys::Exchange> silent;
    std::unique_ptr<sys::VarlinkServer> server;
};

std::string limited_role(const std::string &name, const std::string &limit)
{
    return role_of(name, std::string{"user:"} + some_oid,
                   "accounts = [\"a-" + name + "\"]\nlimits = { " + limit + " }\n");
}

void roles_that_a_limit_refuses_are_among_the_others(void **)
{
    if (!is_root_here())
        return;
    Service service;
    service.settings.policy_digest = std::string(64, 'a');
    Trials helper{service};
    service.settings.config->users[user_name()] = some_oid;
    service.settings.policy =
        policy_of(limited_role("any", "max_active = 1") + limited_role("nob", "cooldown = \"1h\"") +
                  limited_role("noa", "per_day = \"1h\"") +
                  role_of("web", std::string{"user:"} + some_oid, "accounts = [\"web\"]\n") +
                  role_of("zoo", "user:b0b00000-0000-4000-8000-000000000002", ""));
    const auto reply = read_roles(service, {}, somebody);
    assert_int_equal(reply.roles.size(), 2);
    assert_text(reply.roles[0].name, "any");
    assert_text(reply.roles[1].name, "web");
    assert_int_equal(reply.others.size(), 3);
    assert_text(reply.others[0].name, "noa");
    assert_text(reply.others[0].rule, "refused");
    assert_text(reply.others[0].message, "wait: noa");
    assert_text(reply.others[1].name, "nob");
    assert_text(reply.others[2].name, "zoo");
    // Only about what has limits, and that may be asked for.
    assert_int_equal(helper.asked.size(), 3);
}

// By which `policy simulate` asks again for the same.
void a_refusal_is_on_record_with_what_was_asked_for(void **)
{
    if (!is_root_here())
        return;
    Service service;
    service.settings.config->users[user_name()] = some_oid;
    service.settings.policy = policy_of(role_of("web", std::string{"user:"} + some_oid, ""));
    ipc::RequestCall call;
    call.role = "web";
    call.duration = 86000s;
    const auto replies =
        service.ask_all(ipc::method::request, ipc::encode_request_call(call), somebody);
    assert_false(replies.back().error.empty());
    const Page page = read_page(service, {});
    assert_int_equal(page.records.size(), 1);
    const auto record = decode_record(page.records[0].record);
    assert_true(record.has_value() && record->event == Event::refused);
    assert_text(record->rule, "too-long");
    assert_true(record->asked == 86000s);
}

void so_many_limited_roles_are_tried_and_no_more(void **)
{
    if (!is_root_here())
        return;
    Service service;
    service.settings.policy_digest = std::string(64, 'a');
    Trials helper{service};
    service.settings.config->users[user_name()] = some_oid;
    std::string text;
    for (int i = 10; i < 40; ++i)
        text += limited_role("no" + std::to_string(i), "max_active = 1");
    service.settings.policy = policy_of(text);
    const auto reply = read_roles(service, {}, somebody);
    assert_int_equal(helper.asked.size(), limits::role_trials);
    assert_int_equal(reply.others.size(), limits::role_trials);
    assert_int_equal(reply.roles.size(), 30 - limits::role_trials);
}

void roles_are_told_without_a_helper_too(void **)
{
    if (!is_root_here())
        return;
    Service service;
    service.settings.config->users[user_name()] = some_oid;
    service.settings.policy =
        policy_of(limited_role("db", "max_active = 1") + limited_role("silent", "max_active = 1") +
                  role_of("web", std::string{"user:"} + some_oid, "accounts = [\"web\"]\n"));
    const auto check = [&](std::size_t others) {
        const auto reply = read_roles(service, {}, somebody);
        assert_text(reply.roles.back().name, "web");
        assert_int_equal(reply.others.size(), others);
        for (const ipc::OtherRole &other : reply.others)
            assert_true(other.message.starts_with("the root helper does not answer"));
    };
    check(2);
    // One that hangs: for a while, and what it has said counts.
    service.settings.policy_digest = std::string(64, 'a');
    Trials helper{service};
    const BootTime before = boot_time();
    check(1);
    assert_true(boot_time() - before < limits::role_trials_wait + 1s);
    assert_int_equal(helper.asked.size(), 2);
}

void two_thousand_roles_come_in_frames_each_once(void **)
{
    if (!is_root_here())
        return;
    Service service;
    service.settings.config->users[user_name()] = some_oid;
    std::string text;
    for (int i = 1000; i < 3000; ++i)
        text += role_of("role" + std::to_string(i),
                        i % 2 == 0 ? std::string{"user:"} + some_oid
                                   : "user:b0b00000-0000-4000-8000-000000000002",
                        "accounts = [\"a" + std::to_string(i) + "\"]\ndescription = \"" +
                            std::string(200, 'd') + "\"\n");
    service.settings.policy = policy_of(text);
    std::vector<std::string> roles, others;
    ipc::RolesCall call;
    int pages = 0;
    do {
        const auto reply = read_roles(service, call, somebody);
        assert_false(reply.roles.empty() && reply.others.empty());
        for (const ipc::RoleRecord &role : reply.roles)
            roles.push_back(role.name);
        for (const ipc::OtherRole &role : reply.others)
            others.push_back(role.name);
        call.after = reply.next;
    } while (call.after && ++pages < 1000);
    assert_true(pages > 1 && pages < 1000);
    assert_int_equal(roles.size(), 1000);
    assert_int_equal(others.size(), 1000);
    assert_true(std::is_sorted(roles.begin(), roles.end()));
    assert_text(roles[0], "role1000");
    assert_text(others[999], "role2999");
    call.after = "role2999";
    const auto end = read_roles(service, call, somebody);
    assert_true(end.roles.empty() && end.others.empty() && !end.next);
}

// --- health --------------------------------------------------------------------------------------

void health_says_what_is_in_force(void **)
{
    if (!is_root_here())
        return;
    Service service;
    const auto read = [&](uid_t uid) {
        const ipc::Reply reply = service.ask(ipc::method::health, nullptr, uid);
        assert_text(reply.error, "");
        return *ipc::decode_health_reply(reply.parameters.get());
    };
    service.settings.policy_faults = {{policy::Diagnostic::Kind::error, "a.toml", 3, 1, "wrong"}};
    auto health = read(0);
    assert_true(health.is_configured && health.policy == ipc::PolicyInForce::none);
    assert_true(health.fault->find("a.toml:3:1: wrong") != std::string::npos);
    assert_false(
        read(somebody).fault.has_value()); // what stands in root's files is not everybody's
    service.settings.policy = policy_of(role_of("web", "local-group:ops", ""));
    service.settings.is_last_good = true;
    health = read(0);
    assert_true(health.policy == ipc::PolicyInForce::last_good && health.fault);
    service.settings.is_last_good = false;
    health = read(0);
    assert_true(health.policy == ipc::PolicyInForce::current && !health.fault);
    service.settings.config.reset();
    service.settings.config_faults = {
        {policy::Diagnostic::Kind::error, "jitd.toml", 1, 1, "broken"}};
    health = read(0);
    assert_false(health.is_configured);
    assert_true(health.fault->find("jitd.toml:1:1: broken") != std::string::npos);
    assert_text(
        service.ask(ipc::method::health, ipc::encode_roles_call({"web", {}}), somebody).error,
        "org.varlink.service.InvalidParameter");
}

// --- single use ----------------------------------------------------------------------------------

constexpr const char *grant_id = "0000000000000001";

// A live grant of alice's, in the ledger and the table.
void put_grant(Service &service, const char *limits)
{
    service.settings.config->users["alice"] = some_oid;
    service.settings.policy = policy_of(
        role_of("web", std::string{"user:"} + some_oid, "services = [\"sudo\"]\n") + limits);
    StoredRequest row;
    row.id = grant_id;
    row.role = "web";
    row.user = "alice";
    row.uid = 1000;
    row.oid = some_oid;
    row.groups = {"jit-web"};
    row.state = ipc::State::live;
    row.asked_helper = true;
    row.began = wall_time();
    row.since = row.began;
    row.until = row.began + 3600s;
    row.until_boot = boot_time() + 3600s;
    row.boot_id = "boot";
    assert_true(service.store->put(row).has_value());
    service.grants->add(make_grant(row));
}

std::string verdict_of(Service &service)
{
    ipc::CheckCall call;
    call.requester = "alice";
    call.account = "alice";
    call.account_names = {"alice"};
    call.service = "sudo";
    call.phase = ipc::Phase::account;
    const ipc::Reply reply = service.ask(ipc::method::check, ipc::encode_check_call(call));
    const char *const verdict =
        json_string_value(json_object_get(reply.parameters.get(), "verdict"));
    return verdict != nullptr ? verdict : reply.error;
}

void open_session(Service &service, const std::string &requester = "alice")
{
    ipc::SessionCall call;
    call.grant = grant_id;
    call.requester = requester;
    call.account = "alice";
    call.service = "sudo";
    assert_text(service.ask(ipc::method::session_opened, ipc::encode_session_opened(call)).error,
                "");
}

// Of a role that ends what runs: whoever waits is told what has come of it.
void a_session_that_can_not_be_made_to_end_is_a_fault_for_who_waits(void **)
{
    if (!is_root_here())
        return;
    Service service; // has no root helper
    put_grant(service, "[role.web.end]\naction = \"terminate\"\n");
    ipc::SessionCall call;
    call.grant = grant_id;
    call.requester = "alice";
    call.account = "root";
    call.service = "sudo";
    const auto opened = [&] {
        return service.ask(ipc::method::session_opened, ipc::encode_session_opened(call));
    };
    assert_text(opened().error, "io.jitd.Elevation.Unavailable");
    assert_true(service.newest().event == Event::used);
    call.requester = "bob"; // not his: nothing is asked of the helper, nothing recorded
    const ipc::Reply other = opened();
    assert_text(other.error, "");
    assert_int_equal(json_object_size(other.parameters.get()), 0);
}

const std::string once = "[role.web.limits]\nsingle_use = true\n";

void a_grant_of_single_use_lets_nobody_by_after_its_session(void **)
{
    if (!is_root_here())
        return;
    const Folder folder;
    {
        Service service{&folder};
        put_grant(service, once.c_str());
        assert_text(verdict_of(service), "live");
        open_session(service, "bob"); // not his
        assert_text(verdict_of(service), "live");
        open_session(service);
        assert_true(service.newest().event == Event::used);
        assert_true(service.grants->table().find(grant_id)->is_used);
        assert_text(verdict_of(service), "request");
        assert_true(service.store->read(grant_id)->is_used);
    }
    // Nor does the daemon that comes after.
    Service service{&folder};
    service.settings.config->users["alice"] = some_oid;
    service.settings.policy = policy_of(
        role_of("web", std::string{"user:"} + some_oid, "services = [\"sudo\"]\n") + once);
    assert_true(service.grants->mend().has_value());
    assert_non_null(service.grants->table().find(grant_id));
    assert_true(service.grants->table().find(grant_id)->is_used);
    assert_text(verdict_of(service), "request");
}

// The root helper of a service: what it is asked for, and a yes to it.
struct Helper {
    explicit Helper(Service &service)
    {
        const std::string path = service.folder.path + "/none";
        Fd listening = sys::test::listen_at(path);
        server = *sys::VarlinkServer::make(
            service.loop.get(), std::move(listening), {"test", "io.jitd.Grant", ""}, {8, 0, 8, 2s},
            [this](const std::shared_ptr<sys::Exchange> &exchange) {
                asked.push_back(exchange->call().method);
                if (const auto end = ipc::decode_end_call(exchange->call().parameters.get()))
                    asked.back() += " " + end->cause;
                exchange->reply(ipc::encode(ipc::EndReply{true}));
            });
    }
    std::unique_ptr<sys::VarlinkServer> server;
    std::vector<std::string> asked;
};

void settle(Service &service)
{
    for (int quiet = 0; quiet < 20;)
        quiet = sd_event_run(service.loop.get(), 500) > 0 ? 0 : quiet + 1;
}

void close_session(Service &service, const std::string &requester = "alice")
{
    ipc::SessionCall call;
    call.grant = grant_id;
    call.requester = requester;
    call.account = "alice";
    call.service = "sudo";
    assert_text(service.ask(ipc::method::session_closed, ipc::encode_session_closed(call)).error,
                "");
    settle(service);
}

void a_grant_of_single_use_ends_with_its_session(void **)
{
    if (!is_root_here())
        return;
    Service service;
    Helper helper{service};
    put_grant(service, once.c_str());
    close_session(service); // of none that was opened
    assert_true(helper.asked.empty());
    open_session(service);
    settle(service);
    assert_true(helper.asked == std::vector<std::string>{std::string{ipc::use_method}});
    close_session(service, "bob");
    assert_int_equal(helper.asked.size(), 1);
    close_session(service);
    assert_int_equal(helper.asked.size(), 2);
    assert_text(helper.asked[1], std::string{ipc::end_method} + " used");
    assert_null(service.grants->table().find(grant_id));
    const auto row = service.store->read(grant_id);
    assert_true(row->state == ipc::State::ended && row->cause == "used");
    assert_true(service.newest().event == Event::expired);
    assert_text(service.newest().rule, "used");
}

void a_use_that_a_full_ledger_cannot_take_ends_the_grant_at_once(void **)
{
    if (!is_root_here())
        return;
    Service service;
    Helper helper{service};
    put_grant(service, once.c_str());
    for (std::size_t size = 400'000; size > 0; size /= 2)
        while (service.store->append_audit("used", std::string(size, 'x')))
            ;
    open_session(service);
    settle(service);
    assert_int_equal(helper.asked.size(), 2);
    assert_text(helper.asked[1], std::string{ipc::end_method} + " used");
    assert_null(service.grants->table().find(grant_id));
}

void any_other_grant_is_good_for_many_sessions(void **)
{
    if (!is_root_here())
        return;
    Service service;
    put_grant(service, "");
    for (int i = 0; i < 3; ++i) {
        open_session(service);
        assert_text(verdict_of(service), "live");
    }
    close_session(service);
    assert_text(verdict_of(service), "live");
    assert_false(service.store->read(grant_id)->is_used);
}

// One record a reply, as many pages as it takes, each within what one connection may hold unread.
void as_many_as_may_be_live_are_all_listed_whatever_was_said_of_them(void **)
{
    if (!is_root_here())
        return;
    Service service;
    for (std::size_t i = 0; i < limits::live_grants; ++i) {
        char id[17];
        (void)snprintf(id, sizeof id, "%016zx", i);
        Grant grant;
        grant.id = id;
        grant.role = std::string(64, 'r');
        grant.user = std::string(32, 'u');
        grant.uid = somebody;
        grant.oid = std::string(255, 'o');
        grant.groups = {std::string(32, 'g'), std::string(32, 'h')};
        grant.since = wall_time();
        grant.until = grant.since + 3600s;
        grant.until_boot = boot_time() + 3600s;
        grant.host = std::string(64, 'w');
        grant.reason = std::string(512, '"'); // two bytes each
        service.grants->add(std::move(grant));
    }
    std::set<std::string> ids;
    std::size_t pages = 0;
    ipc::ListCall call{{}, true, true, {}};
    do {
        const auto replies = service.ask_all(ipc::method::list, ipc::encode_list_call(call));
        assert_true(replies.size() <= limits::listed_records);
        for (const ipc::Reply &reply : replies) {
            const auto record = ipc::decode_list_reply(reply.parameters.get());
            assert_true(record.has_value() && record->grant);
            assert_true(ids.insert(record->grant->id).second);
            assert_true(!record->next || &reply == &replies.back());
            call.after = record->next;
        }
        ++pages;
    } while (call.after);
    assert_int_equal(ids.size(), limits::live_grants);
    assert_in_range(pages, 3, 4);
}

} // namespace

int main()
{
    const CMUnitTest tests[] = {
        cmocka_unit_test(the_audit_comes_in_pages_each_record_once),
        cmocka_unit_test(records_that_are_far_apart_are_all_found),
        cmocka_unit_test(each_filter_of_the_audit_takes_away),
        cmocka_unit_test(a_user_sees_his_own_records_alone),
        cmocka_unit_test(roles_are_told_with_why_not_the_others),
        cmocka_unit_test(roles_that_a_limit_refuses_are_among_the_others),
        cmocka_unit_test(a_refusal_is_on_record_with_what_was_asked_for),
        cmocka_unit_test(so_many_limited_roles_are_tried_and_no_more),
        cmocka_unit_test(roles_are_told_without_a_helper_too),
        cmocka_unit_test(two_thousand_roles_come_in_frames_each_once),
        cmocka_unit_test(health_says_what_is_in_force),
        cmocka_unit_test(a_session_that_can_not_be_made_to_end_is_a_fault_for_who_waits),
        cmocka_unit_test(a_grant_of_single_use_lets_nobody_by_after_its_session),
        cmocka_unit_test(a_grant_of_single_use_ends_with_its_session),
        cmocka_unit_test(a_use_that_a_full_ledger_cannot_take_ends_the_grant_at_once),
        cmocka_unit_test(any_other_grant_is_good_for_many_sessions),
        cmocka_unit_test(as_many_as_may_be_live_are_all_listed_whatever_was_said_of_them),
    };
    return cmocka_run_group_tests_name("jitd/api", tests, nullptr, nullptr);
}
