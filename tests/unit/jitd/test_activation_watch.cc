// Who waits for an activation in Entra, and what stands on one: with a provider, a Graph and a root
// helper of the test's own.
#include "tests/unit/cmocka_cpp.h"

#include "jitd/activation_watch.h"
#include "jitd/words.h"
#include "lib/base/text.h"
#include "lib/ipc/granting.h"
#include "policy/parse.h"
#include "tests/unit/jitd/graph_wire.h"
#include "tests/unit/jitd/service.h"
#include "tests/unit/jitd/session_script.h"
#include "tests/unit/oidc/pim_texts.h"

using namespace jit;
using namespace jit::daemon;
using namespace jit::daemon::test;
using oidc::InstanceText;
using oidc::RequestText;
using std::chrono::seconds;

namespace {

const std::string group = oidc::pim_group;
constexpr const char *alice = oidc::pim_alice;
constexpr const char *other_group = "9a000000-0000-4000-8000-000000000002";

std::string quoted_time(seconds from_now)
{
    return '"' + format_time(wall_time() + from_now) + '"';
}

struct Host {
    explicit Host(std::size_t in_turn = limits::watched_in_turn,
                  std::size_t most = limits::watched_groups)
    {
        settings.config->credential = policy::Config::Credential::imds;
        settings.config->users["nobody"] = alice;
        settings.config->skew = seconds{5};
        settings.expected = world.expected;
        settings.expected.graph_hosts = {"graph.microsoft.com"};
        settings.policy_digest = std::string(64, 'a');
        settings.host.name = "web01";
        use_policy("");
        helper = *sys::VarlinkServer::make(
            service.loop.get(), sys::test::listen_at(service.folder.path + "/none"),
            {"test", "io.jitd.Grant", ""}, {16, 16, 16, 2s},
            [this](const std::shared_ptr<sys::Exchange> &exchange) {
                const auto call = ipc::decode_end_call(exchange->call().parameters.get());
                if (call)
                    ended.push_back(call->id + " " + call->cause);
                exchange->reply(ipc::encode(ipc::EndReply{true}));
            });
        service.requests->set_provider(&wire);
        watch = *ActivationWatch::make({service.loop.get(), *service.store, *service.audit,
                                        *service.grants, *service.requests, settings, seconds{0},
                                        in_turn, most});
        begin_anew();
    }
    ~Host()
    {
        watch.reset();
        service.requests->set_provider(nullptr);
    }

    void use_policy(const std::string &more)
    {
        const std::vector<policy::SourceFile> files{
            {"a.toml",
             "[role.web]\ngroups = [\"jit-web\"]\nrequesters = [\"user:" + std::string{alice} +
                 "\"]\nmax_duration = \"1h\"\n[role.web.approval]\nmode = \"watch\"\n"
                 "pim_group = \"" +
                 group + "\"\n" + more},
            {"b.toml",
             "[role.pim]\ngroups = [\"jit-pim\"]\nrequesters = [\"user:" + std::string{alice} +
                 "\"]\nmax_duration = \"1h\"\n[role.pim.approval]\nmode = \"pim\"\n"
                 "pim_group = \"" +
                 group + "\"\n"}};
        const auto options = policy::options_with(&*settings.config);
        settings.policy = policy::parse_policy(files, options).policy;
        assert_true(settings.policy.has_value());
    }
    // Another round is due at once.
    void begin_anew() { watch->use(&wire); }
    void run(int turns = 12)
    {
        for (int i = 0; i < turns; ++i)
            (void)sd_event_run(service.loop.get(), 5000);
    }

    oidc::HttpReply answer(const oidc::HttpRequest &request)
    {
        const auto has = [&](std::string_view part) {
            return request.url.find(part) != std::string::npos;
        };
        if (has("openid-configuration"))
            return reply_of(document_of(world.expected.issuer));
        if (has("169.254.169.254"))
            return reply_of(R"({"access_token":"at.1","expires_in":"3599","token_type":"Bearer"})",
                            token_status);
        if (graph_status != 200)
            return reply_of("{}", graph_status);
        if (has("assignmentScheduleInstances"))
            return reply_of(oidc::list_of(instances));
        if (has("assignmentScheduleRequests"))
            return reply_of(oidc::list_of(requests));
        return reply_of("{}", 404);
    }
    // All that is due now is asked and answered.
    void round()
    {
        run();
        for (int i = 0; i < 3; ++i) {
            wire.answer_all([this](const oidc::HttpRequest &one) { return answer(one); });
            run(4);
        }
    }

    void ask(std::int64_t session)
    {
        ipc::RequestCall call;
        call.role = "web";
        call.user = "nobody";
        call.session = session;
        call.tty = "pts/" + std::to_string(session);
        auto connected = sys::connect_unix(service.path);
        assert_true(connected.has_value());
        following.push_back(*std::move(connected));
        const std::string frame = *ipc::encode_call(
            ipc::method::request, ipc::encode_request_call(call).get(), true, false);
        assert_int_equal(send(following.back().get(), frame.data(), frame.size(), MSG_NOSIGNAL),
                         frame.size());
        run();
    }
    // The messages that have come since the last call, of whoever asked so.
    std::vector<std::string> heard(std::size_t who)
    {
        run(6);
        std::vector<std::string> said;
        char chunk[65536];
        const ssize_t got = recv(following.at(who).get(), chunk, sizeof chunk, MSG_DONTWAIT);
        ipc::FrameReader reader;
        if (got > 0)
            assert_true(reader.add({chunk, static_cast<std::size_t>(got)}).has_value());
        while (const auto whole = reader.next()) {
            const auto reply = *ipc::decode_reply(*whole);
            const auto read = ipc::decode_request_reply(reply.parameters.get());
            if (read && read->message)
                said.push_back(*read->message);
        }
        return said;
    }
    const Session *session_at(std::size_t number) const
    {
        const auto all = service.requests->all();
        return number < all.size() ? all[number] : nullptr;
    }
    void activate(const std::string &justification, const std::string &schedule = "s1",
                  const char *person = alice, seconds ago = seconds{0})
    {
        InstanceText instance;
        instance.principal = person;
        instance.schedule = oidc::schedule_of(schedule);
        instance.began = quoted_time(-ago);
        instance.until = quoted_time(seconds{3600});
        RequestText request;
        request.id = "6aacaee8-4089-4048-9510-3119367fc9" + schedule;
        request.principal = person;
        request.schedule = '"' + oidc::schedule_of(schedule) + '"';
        request.justification = '"' + justification + '"';
        request.created = format_time(wall_time() - ago);
        instances.push_back(instance.text());
        requests.push_back(request.text());
    }
    void add_grant(const std::string &id, const std::string &stands_on,
                   const std::string &role = "web", seconds age = seconds{0})
    {
        StoredRequest live;
        live.id = id;
        live.role = role;
        live.user = "nobody";
        live.uid = 65534;
        live.oid = alice;
        live.groups = {"jit-web"};
        live.state = ipc::State::live;
        live.since = wall_time() - age;
        live.until = wall_time() + seconds{3000};
        live.until_boot = boot_time() + seconds{3000};
        live.boot_id = "boot";
        live.activation = stands_on;
        assert_true(service.store->put(live).has_value());
        service.grants->add(make_grant(live));
    }

    World world;
    GraphWire wire;
    Service service;
    Settings &settings = service.settings;
    std::vector<std::string> instances, requests, ended;
    std::vector<Fd> following;
    long graph_status = 200, token_status = 200;
    std::unique_ptr<sys::VarlinkServer> helper;
    std::unique_ptr<ActivationWatch> watch;
};

std::string last_of(const std::vector<std::string> &said)
{
    return said.empty() ? "" : said.back();
}

void who_waits_is_told_where_and_goes_on_when_it_is_done(void **)
{
    if (!is_root_here())
        return;
    Host host;
    host.ask(1);
    const Session *const session = host.session_at(0);
    assert_non_null(session);
    assert_true(session->is_approving());
    const std::string token = session->awaited()->watch_token;
    assert_int_equal(token.size(), 9);
    assert_true(last_of(host.heard(0)).find(token + " in the justification") != std::string::npos);
    host.round();
    assert_true(session->is_approving());
    assert_true(host.heard(0).empty()); // that nothing is there yet goes without saying
    host.activate("INC-7 " + token);
    host.begin_anew();
    host.round();
    const std::string key = group + " " + oidc::schedule_of("s1");
    assert_true(*host.service.store->has_served(key, "none"));
    const auto said = host.heard(0);
    assert_false(said.empty());
    assert_text(said.front(), words::activation_seen);
    assert_int_equal(host.wire.count("device"), 0); // nobody was asked to sign in
}

void what_does_not_count_is_said_once(void **)
{
    if (!is_root_here())
        return;
    Host host;
    host.ask(1);
    (void)host.heard(0);
    host.activate("without a code");
    host.activate("BCDFGHJKM", "s2", oidc::pim_bob);
    host.begin_anew();
    host.round();
    assert_text(last_of(host.heard(0)), oidc::explain(oidc::WatchRefusal::no_token));
    host.begin_anew();
    host.round();
    assert_true(host.heard(0).empty());
    assert_true(host.session_at(0)->is_approving());
    host.ask(1); // who joins hears it, too
    assert_text(last_of(host.heard(1)), oidc::explain(oidc::WatchRefusal::no_token));
    // A permanent member; then nothing again.
    InstanceText standing;
    standing.type = "Assigned";
    standing.until = "null";
    host.instances = {standing.text()};
    host.begin_anew();
    host.round();
    assert_text(last_of(host.heard(0)), oidc::explain(oidc::WatchRefusal::assigned));
    host.instances.clear();
    host.begin_anew();
    host.round();
    assert_text(last_of(host.heard(0)), oidc::explain(oidc::WatchRefusal::absent));
    // Graph is away: said, and nothing is lost.
    host.graph_status = 403;
    host.begin_anew();
    host.round();
    assert_true(last_of(host.heard(0)).find("PrivilegedAssignmentSchedule.Read.AzureADGroup") !=
                std::string::npos);
    host.token_status = 400;
    host.begin_anew();
    host.round();
    assert_true(last_of(host.heard(0)).find("managed identity") != std::string::npos);
    assert_true(host.session_at(0)->is_approving());
}

void an_old_activation_counts_within_the_window_alone(void **)
{
    if (!is_root_here())
        return;
    Host host;
    host.use_policy("bind = \"none\"\n");
    host.activate("an hour's work", "s1", alice, seconds{300});
    host.ask(1);
    (void)host.heard(0);
    host.round();
    assert_text(last_of(host.heard(0)), oidc::explain(oidc::WatchRefusal::too_old));
    host.use_policy("bind = \"none\"\nwindow = \"10m\"\n");
    host.begin_anew();
    host.round();
    assert_true(*host.service.store->has_served(group + " " + oidc::schedule_of("s1"), "none"));
}

void an_activation_serves_one_request(void **)
{
    if (!is_root_here())
        return;
    Host host;
    host.use_policy("bind = \"none\"\n");
    host.ask(1);
    host.ask(2);
    (void)host.heard(0);
    (void)host.heard(1);
    host.activate("for one of them");
    host.begin_anew();
    host.round();
    const bool is_first = !host.heard(0).empty();
    const auto said = host.heard(1);
    assert_true(is_first);
    assert_false(said.empty());
    std::size_t waiting = 0;
    for (const Session *one : host.service.requests->all())
        waiting += one->is_approving() ? 1 : 0;
    assert_int_equal(waiting, 1);
    // Nor one that mode pim has used, by PIM's own id of the request.
    StoredRequest used;
    used.id = "00000000000000aa";
    used.role = "web";
    used.user = "nobody";
    used.activation = group + " 6aacaee8-4089-4048-9510-3119367fc9s3";
    assert_true(host.service.store->put(used).has_value());
    host.instances.clear();
    host.requests.clear();
    host.activate("once more", "s3");
    host.begin_anew();
    host.round();
    waiting = 0;
    for (const Session *one : host.service.requests->all())
        waiting += one->is_approving() ? 1 : 0;
    assert_int_equal(waiting, 1);
}

void many_who_wait_are_one_poll(void **)
{
    if (!is_root_here())
        return;
    Host host;
    for (std::int64_t i = 1; i <= 3; ++i)
        host.ask(i);
    assert_int_equal(host.service.requests->all().size(), 3);
    host.round();
    assert_int_equal(host.watch->watched(), 1);
    assert_int_equal(host.wire.count("assignmentScheduleInstances"), 1);
    assert_int_equal(host.wire.count("169.254.169.254"), 1);
    // Nobody is left: nothing is asked any more.
    host.following.clear();
    host.run(30);
    assert_int_equal(host.service.requests->all().size(), 0);
    host.begin_anew();
    host.round();
    assert_int_equal(host.watch->watched(), 0);
    assert_int_equal(host.wire.count("assignmentScheduleInstances"), 1);
}

void a_role_that_changed_meanwhile_ends_the_request(void **)
{
    if (!is_root_here())
        return;
    Host host;
    host.use_policy("bind = \"none\"\n");
    host.ask(1);
    (void)host.heard(0);
    host.use_policy("");
    host.round();
    assert_text(last_of(host.heard(0)), words::config_changed);
}

void what_is_gone_twice_in_a_row_ends_its_grant(void **)
{
    if (!is_root_here())
        return;
    Host host;
    host.activate("x");
    host.add_grant("00000000000000b1", group + " " + oidc::schedule_of("s1"));
    host.add_grant("00000000000000b2", group + " 6aacaee8-4089-4048-9510-3119367fc9s1");
    host.add_grant("00000000000000b3", std::string{other_group} + " " + oidc::schedule_of("s9"));
    host.add_grant("00000000000000b4", "");
    host.round();
    assert_int_equal(host.watch->watched(), 2);
    // Nobody else has to say that their ends are not seen.
    assert_true(host.watch->sees(*host.service.grants->table().find("00000000000000b2")));
    assert_false(host.watch->sees(*host.service.grants->table().find("00000000000000b4")));
    assert_true(host.ended.empty());
    const auto saved = host.instances;
    host.instances.clear();
    host.begin_anew();
    host.round();
    assert_int_equal(host.service.grants->table().size(), 4);
    host.instances = saved;
    host.begin_anew();
    host.round();
    host.instances.clear();
    host.begin_anew();
    host.round();
    // One whose group's list made no sense in between was missed twice.
    assert_int_equal(host.service.grants->table().size(), 3);
    // An answer that did not come tells nothing.
    host.graph_status = 403;
    host.begin_anew();
    host.round();
    assert_int_equal(host.service.grants->table().size(), 3);
    host.graph_status = 200;
    host.begin_anew();
    host.round();
    assert_int_equal(host.service.grants->table().size(), 1);
    assert_int_equal(host.ended.size(), 3);
    for (const std::string &one : host.ended)
        assert_text(one.substr(17), "revoked");
    const AuditRecord record = host.service.newest();
    assert_text(name_of(record.event), "revoked");
    assert_text(record.rule, "watch");
    assert_true(record.message.find("the end of its activation in Entra") != std::string::npos);
}

void what_is_not_listed_yet_is_not_gone(void **)
{
    if (!is_root_here())
        return;
    Host host;
    host.add_grant("00000000000000b1", group + " " + oidc::schedule_of("s1"), "pim");
    host.add_grant("00000000000000b2", group + " " + oidc::schedule_of("s2"), "pim", seconds{600});
    const auto go_round = [&](int times) {
        for (int i = 0; i < times; ++i) {
            host.begin_anew();
            host.round();
        }
        return host.service.grants->table().size();
    };
    host.activate("x", "s2");
    const auto without = host.instances;
    assert_int_equal(go_round(4), 2);
    // Once it was there its end is seen as that of any.
    host.activate("x");
    assert_int_equal(go_round(1), 2);
    host.instances = without;
    assert_int_equal(go_round(1), 2);
    assert_int_equal(go_round(1), 1);
    assert_text(host.ended.front(), "00000000000000b1 revoked");
    // So does one that was extended by another, once that one was there.
    host.service.grants->extend("00000000000000b2", wall_time() + seconds{3000},
                                group + " " + oidc::schedule_of("s3"));
    assert_int_equal(go_round(3), 1);
    host.activate("x", "s3");
    assert_int_equal(go_round(1), 1);
    host.instances.clear();
    assert_int_equal(go_round(2), 0);
}

void more_groups_than_one_turn_has_are_read_in_turns_and_the_last_not_at_all(void **)
{
    if (!is_root_here())
        return;
    Host host{2, 3};
    const auto add = [&](int number) {
        const std::string id = "00000000000000b" + std::to_string(number);
        host.add_grant(id, "9a000000-0000-4000-8000-00000000000" + std::to_string(number) + " x_" +
                               std::to_string(number));
    };
    add(1);
    add(2);
    add(3);
    host.round();
    assert_int_equal(host.watch->watched(), 3);
    // The third ten seconds later.
    assert_int_equal(host.wire.count("assignmentScheduleInstances"), 2);
    add(4);
    host.round();
    assert_int_equal(host.watch->watched(), 3);
    const AuditRecord record = host.service.newest();
    assert_text(name_of(record.event), "unwatched");
    assert_text(record.request, "00000000000000b4");
    assert_true(record.message.find(words::too_many_watched) != std::string::npos);
    AuditRecord mark;
    mark.event = Event::config_changed;
    assert_true(host.service.audit->write(mark));
    host.watch->on_new_policy(); // looks once more, and says it no more
    host.round();
    assert_text(name_of(host.service.newest().event), "config-changed");
}

void what_can_not_be_seen_for_long_is_on_record_once(void **)
{
    if (!is_root_here())
        return;
    Host host;
    host.graph_status = 403;
    host.add_grant("00000000000000b1", group + " " + oidc::schedule_of("s1"));
    host.round();
    AuditRecord record = host.service.newest();
    assert_text(name_of(record.event), "unwatched");
    assert_text(record.request, "00000000000000b1");
    assert_true(record.has_grant && record.until.has_value());
    AuditRecord mark;
    mark.event = Event::config_changed;
    assert_true(host.service.audit->write(mark));
    host.begin_anew();
    host.round();
    assert_text(name_of(host.service.newest().event), "config-changed");
    assert_int_equal(host.service.grants->table().size(), 1); // it runs to its end
}

void without_a_credential_nothing_is_asked(void **)
{
    if (!is_root_here())
        return;
    Host host;
    host.settings.config->credential = policy::Config::Credential::none;
    host.ask(1);
    (void)host.heard(0);
    host.begin_anew();
    host.round();
    assert_text(last_of(host.heard(0)), words::no_watch);
    assert_int_equal(host.wire.count("169.254.169.254"), 0);
}

void what_a_grant_stands_on_is_its_person_s_and_its_own(void **)
{
    const WallTime now{seconds{1000}};
    Grant grant;
    grant.oid = "A11CE000-0000-4000-8000-00000000000A";
    grant.activation = group + " " + oidc::schedule_of("S1");
    oidc::Activation one;
    one.principal = alice;
    one.schedule = to_lower(oidc::schedule_of("s1"));
    one.request = "r1";
    one.until = now + seconds{1};
    one.is_activated = true;
    assert_true(is_standing(grant, {one}, now));
    assert_false(is_standing(grant, {one}, now + seconds{1}));
    assert_false(is_standing(grant, {}, now));
    for (const auto &spoil : {+[](oidc::Activation &a) { a.principal = oidc::pim_bob; },
                              +[](oidc::Activation &a) { a.schedule += "x"; },
                              +[](oidc::Activation &a) { a.is_activated = false; }}) {
        oidc::Activation other = one;
        spoil(other);
        assert_false(is_standing(grant, {other}, now));
    }
    grant.activation = group + " R1";
    assert_true(is_standing(grant, {one}, now));
    one.request = "r2";
    assert_false(is_standing(grant, {one}, now));
    one.request.clear(); // it may be that one
    assert_true(is_standing(grant, {one}, now));
    // Nor does mode pim always know what ran before: any of his in the group.
    grant.activation = group + " " + std::string{unknown_activation};
    one.request = "r2";
    assert_true(is_standing(grant, {one}, now));
    assert_false(is_standing(grant, {}, now));
    assert_true(split_activation("").group.empty());
    assert_true(split_activation("x").group.empty());
}

} // namespace

int main()
{
    const CMUnitTest tests[] = {
        cmocka_unit_test(who_waits_is_told_where_and_goes_on_when_it_is_done),
        cmocka_unit_test(what_does_not_count_is_said_once),
        cmocka_unit_test(an_old_activation_counts_within_the_window_alone),
        cmocka_unit_test(an_activation_serves_one_request),
        cmocka_unit_test(many_who_wait_are_one_poll),
        cmocka_unit_test(a_role_that_changed_meanwhile_ends_the_request),
        cmocka_unit_test(what_is_gone_twice_in_a_row_ends_its_grant),
        cmocka_unit_test(what_is_not_listed_yet_is_not_gone),
        cmocka_unit_test(more_groups_than_one_turn_has_are_read_in_turns_and_the_last_not_at_all),
        cmocka_unit_test(what_can_not_be_seen_for_long_is_on_record_once),
        cmocka_unit_test(without_a_credential_nothing_is_asked),
        cmocka_unit_test(what_a_grant_stands_on_is_its_person_s_and_its_own),
    };
    return cmocka_run_group_tests_name("jitd/activation_watch", tests, nullptr, nullptr);
}
