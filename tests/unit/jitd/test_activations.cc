// What goes on in Entra while no request waits for it: live grants looked after, ended, and what
// was begun taken back.
#include "tests/unit/cmocka_cpp.h"

#include <deque>

#include "jitd/activations.h"
#include "jitd/words.h"
#include "lib/base/text.h"
#include "lib/sys/varlink_server.h"
#include "tests/unit/oidc/pim_graph.h"
#include "tests/unit/sys/folder.h"
#include "tests/unit/sys/listener.h"

using namespace jit;
using namespace jit::daemon;
using oidc::pim_group;
using oidc::pim_oid;
using oidc::pim_who;
using std::chrono::seconds;
using ms = std::chrono::milliseconds;

namespace {

// Keeps what is asked until the test answers.
class Graph : public net::HttpClient
{
  public:
    Transfer send(oidc::HttpRequest request, Done done) override
    {
        out.push_back({++last, std::move(request), std::move(done)});
        return last;
    }
    void cancel(Transfer transfer) override
    {
        std::erase_if(out, [&](const Out &one) { return one.number == transfer; });
    }
    // The oldest question's purpose.
    std::string asked() const
    {
        return out.empty() ? "nothing" : oidc::pim_purpose(out.front().request);
    }
    void answer(long status, std::string_view body)
    {
        Out one = std::move(out.front());
        out.pop_front();
        one.done(oidc::reply_of(status, body));
    }

    struct Out {
        Transfer number;
        oidc::HttpRequest request;
        Done done;
    };
    std::deque<Out> out;
    Transfer last = 0;
};

constexpr const char *first = "0123456789abcdef";
constexpr const char *second = "0123456789abcde0";

// A live grant of a person's, and a root helper that ends what it is asked to.
struct World {
    World()
    {
        server = *sys::VarlinkServer::make(
            loop.get(), sys::test::listen_at(folder.path + "/helper"),
            {"test", "io.jitd.Grant", ""}, {8, 0, 8, std::chrono::seconds{2}},
            [this](const std::shared_ptr<sys::Exchange> &exchange) {
                const auto call = ipc::decode_end_call(exchange->call().parameters.get());
                assert_true(call.has_value());
                ended.push_back(call->id + " " + call->cause);
                exchange->reply(ipc::encode(ipc::EndReply{true}));
            });
        activations = *Activations::make({loop.get(), *audit, *grants, [this] { return now; }});
        activations->set_http(&graph);
        add(first);
    }
    void add(const char *id, const char *group = pim_group,
             const std::string &named = oidc::pim_request)
    {
        Grant grant;
        grant.id = id;
        grant.role = "web";
        grant.user = "alice";
        grant.oid = pim_oid;
        grant.groups = {"jit-web"};
        const Now real = read_clocks();
        grant.since = real.wall;
        grant.until = real.wall + seconds{3600};
        grant.until_boot = real.boot + seconds{3600};
        grant.activation = std::string{group} + " " + named;
        StoredRequest row;
        row.id = id;
        row.role = grant.role;
        row.user = grant.user;
        row.state = ipc::State::live;
        assert_true(store->put(row).has_value());
        grants->add(std::move(grant));
    }
    oidc::PimWho who() const
    {
        oidc::PimWho made = pim_who();
        made.deadline = now.boot + seconds{600};
        return made;
    }
    void watch(const char *id = first) { activations->watch(id, who()); }
    void pass(int time)
    {
        now = oidc::later(now, seconds{time});
        activations->wake();
    }
    // For the next question.
    void wait()
    {
        for (int i = 0; i < 12 && graph.out.empty(); ++i)
            pass(10);
        assert_text(graph.asked(), "instances");
    }
    std::string listed() const
    {
        return oidc::pim_list({oidc::pim_instance(format_time(now.wall + seconds{600}))});
    }
    const Grant &grant(const char *id = first) const { return *grants->table().find(id); }
    // Until the grant has ended, or for so long.
    void run(std::chrono::milliseconds most)
    {
        for (const BootTime until = boot_time() + most;
             boot_time() < until && grants->table().find(first) != nullptr;)
            (void)sd_event_run(loop.get(), 5000);
    }
    // Event and rule of each record, in their order.
    std::string records() const
    {
        std::string all;
        const auto rows = *store->read_audit(0, 100);
        for (const auto &row : rows) {
            const auto record = decode_record(row.text);
            all +=
                (all.empty() ? "" : " ") + std::string{name_of(record->event)} + ":" + record->rule;
        }
        return all;
    }

    sys::test::Folder folder;
    sys::Loop loop = *sys::make_loop();
    std::unique_ptr<Store> store = *Store::open(folder.path + "/jit.db", 1000);
    std::unique_ptr<Audit> audit = std::make_unique<Audit>(*store);
    GrantClient helper{loop.get(), folder.path + "/helper"};
    std::unique_ptr<Grants> grants =
        *Grants::make(loop.get(), *store, *audit, helper, "boot",
                      [](std::string_view, std::string_view) { return true; });
    Graph graph;
    Now now{oidc::pim_began().wall, boot_time()}; // no timer is due before the test says so
    std::vector<std::string> ended;
    std::unique_ptr<sys::VarlinkServer> server;
    std::unique_ptr<Activations> activations;
};

void a_live_grant_is_looked_after_every_minute(void **)
{
    World world;
    world.watch();
    world.pass(14);
    assert_text(world.graph.asked(), "nothing");
    for (int i = 0; i < 3; ++i) {
        world.pass(i == 0 ? 1 : 59);
        assert_text(world.graph.asked(), i == 0 ? "instances" : "nothing");
        world.pass(i == 0 ? 0 : 1);
        assert_text(world.graph.asked(), "instances");
        world.graph.answer(200, world.listed());
    }
    assert_text(world.graph.asked(), "nothing");
    assert_text(world.records(), "");
}

void what_entra_lists_no_more_ends_when_it_is_missed_twice(void **)
{
    World world;
    world.watch();
    world.pass(60);
    world.graph.answer(200, oidc::pim_list({}));
    world.pass(14);
    assert_text(world.graph.asked(), "nothing");
    world.pass(1);
    world.graph.answer(200, world.listed()); // it was there after all
    world.pass(60);
    world.graph.answer(200, oidc::pim_list({}));
    world.run(ms{200});
    assert_true(world.ended.empty());
    world.pass(15);
    world.graph.answer(200, oidc::pim_list({}));
    world.run(ms{5000});
    assert_int_equal(world.ended.size(), 1);
    assert_text(world.ended.front(), std::string{first} + " revoked");
    assert_null(world.grants->table().find(first));
    assert_text(world.records(), "revoked:pim");
    world.pass(120);
    assert_text(world.graph.asked(), "nothing");
}

void what_cannot_be_seen_for_a_while_is_no_end(void **)
{
    World world;
    world.watch();
    world.pass(60);
    for (int i = 0; i < 5; ++i) {
        world.graph.answer(503, "");
        world.wait();
    }
    world.graph.answer(403, oidc::pim_error("Authorization_RequestDenied"));
    world.wait();
    // Nor is an answer about somebody else.
    world.graph.answer(
        200, oidc::pim_list({oidc::pim_instance(format_time(world.now.wall + seconds{600}),
                                                pim_group, oidc::pim_other)}));
    world.wait();
    world.graph.answer(200, world.listed());
    world.run(ms{200});
    assert_true(world.ended.empty());
    assert_text(world.records(), "");
}

void a_token_that_has_run_out_leaves_one_record_and_the_grant(void **)
{
    World world;
    world.watch();
    world.pass(60);
    world.graph.answer(401, oidc::pim_error("InvalidAuthenticationToken"));
    assert_text(world.records(), "unwatched:token");
    world.pass(60);
    world.pass(60);
    assert_text(world.graph.asked(), "nothing");
    assert_text(world.records(), "unwatched:token");
    assert_non_null(world.grants->table().find(first));
    assert_text(world.activations->end(world.grant()), words::activation_stays);
    assert_text(world.graph.asked(), "nothing");
}

void no_record_where_the_host_itself_sees_it(void **)
{
    World world;
    world.activations->on_other_eyes([](const Grant &) { return true; });
    world.watch();
    world.pass(60);
    world.graph.answer(401, oidc::pim_error("InvalidAuthenticationToken"));
    assert_text(world.records(), "");
}

void a_graph_that_does_not_tell_is_said_once(void **)
{
    World world;
    world.watch();
    for (int minute = 0; minute < 12; ++minute) {
        world.pass(60);
        world.graph.answer(403, oidc::pim_error("Authorization_RequestDenied"));
    }
    assert_text(world.records(), "unwatched:provider");
}

void after_a_restart_each_grant_of_the_mode_has_a_record(void **)
{
    World world;
    world.add(second);
    policy::Policy policy;
    policy::Role role;
    role.name = "web";
    role.approval.mode = policy::Approval::Mode::watch;
    policy.roles = {role};
    world.activations->tell_unwatched(policy);
    assert_text(world.records(), ""); // which has a watch of its own
    policy.roles.front().approval.mode = policy::Approval::Mode::pim;
    world.watch(second);
    world.activations->tell_unwatched(policy);
    assert_text(world.records(), "unwatched:restart");
}

void what_is_handed_back_is_ended_in_entra_when_it_may_be(void **)
{
    World world;
    world.watch();
    assert_text(world.activations->end(world.grant()), "");
    assert_text(world.graph.asked(), "post");
    assert_true(world.graph.out.front().request.json.find("selfDeactivate") != std::string::npos);
    world.graph.answer(400, oidc::pim_error("ActiveDurationTooShort"));
    assert_text(world.graph.asked(), "nothing");
    world.pass(29);
    assert_text(world.graph.asked(), "nothing");
    world.pass(1);
    assert_text(world.graph.asked(), "post");
    world.graph.answer(201, oidc::pim_answer("Revoked", oidc::pim_request, pim_group, pim_oid, "",
                                             "selfDeactivate"));
    world.pass(600);
    assert_text(world.graph.asked(), "nothing");
}

void two_grants_on_one_activation_end_it_together(void **)
{
    World world;
    world.add(second);
    world.watch();
    world.watch(second);
    assert_text(world.activations->end(world.grant()), words::activation_shared);
    assert_text(world.graph.asked(), "nothing");
    assert_text(world.activations->end(world.grant(second)), "");
    assert_text(world.graph.asked(), "post");

    World other;
    other.add(second, oidc::pim_other);
    other.watch();
    assert_text(other.activations->end(other.grant()), "");
    assert_text(other.graph.asked(), "post");
}

// By its schedule, by PIM's id of the request, or not at all: a person has one of a group.
void grants_on_one_activation_need_not_have_the_same_name_for_it(void **)
{
    for (const char *named : {"9a_member_s1", "-"}) {
        World world;
        world.add(second, pim_group, named);
        world.watch();
        world.watch(second);
        assert_text(world.activations->end(world.grant(second)), words::activation_shared);
        assert_text(world.graph.asked(), "nothing");
        assert_text(world.activations->end(world.grant()), "");
        assert_text(world.graph.asked(), "post");
    }
}

void an_extension_brings_a_token_of_its_own(void **)
{
    World world;
    world.watch();
    world.pass(60);
    world.watch();
    // The answer to the look with the one before changes nothing.
    world.graph.answer(401, oidc::pim_error("InvalidAuthenticationToken"));
    assert_text(world.records(), "");
    world.pass(60);
    assert_text(world.graph.asked(), "instances");
}

void the_token_goes_with_the_grant(void **)
{
    World world;
    world.watch();
    world.grants->end(first, {Event::revoked, "policy", "a policy"}, [](const HelperFault *) {});
    world.run(ms{5000});
    world.pass(60);
    assert_text(world.graph.asked(), "nothing");
}

void another_provider_knows_nothing_of_it(void **)
{
    World world;
    world.watch();
    world.pass(60);
    world.activations->set_http(nullptr);
    assert_true(world.graph.out.empty());
    assert_text(world.records(), "unwatched:config");
    world.activations->set_http(&world.graph);
    world.pass(60);
    assert_text(world.graph.asked(), "nothing");
}

// An activation that waits for approval; its last question is out.
std::unique_ptr<oidc::PimActivation> make_asked(World &world, bool is_posted)
{
    auto asked = std::make_unique<oidc::PimActivation>(
        oidc::PimAsk{world.who(), "INC-1", "", seconds{3600}, {}, true});
    const auto tell = [&](long status, const std::string &body) {
        return asked->on_reply(oidc::reply_of(status, body), world.now);
    };
    (void)asked->start(world.now);
    (void)tell(200, oidc::pim_list({oidc::pim_eligibility()}));
    (void)tell(200, oidc::pim_list({}));
    (void)tell(200, oidc::pim_list({}));
    assert_text(oidc::purpose_of(tell(200, oidc::pim_list({}))), "post");
    if (is_posted)
        (void)tell(201, oidc::pim_answer("PendingApproval"));
    return asked;
}

void what_waits_in_entra_is_taken_back_after_its_request(void **)
{
    World world;
    world.activations->take_back({second, "web", "alice"}, make_asked(world, true), 0);
    assert_text(world.graph.asked(), "cancel");
    world.graph.answer(503, "");
    world.pass(60);
    assert_text(world.graph.asked(), "cancel");
    world.graph.answer(204, "");
    world.pass(60);
    assert_text(world.graph.asked(), "nothing");
}

void the_answer_that_is_out_is_waited_for_since_it_says_what_to_take_back(void **)
{
    World world;
    auto asked = make_asked(world, false);
    const auto transfer = world.graph.send({}, [](const oidc::HttpReply &) {});
    world.activations->take_back({second, "web", "alice"}, std::move(asked), transfer);
    assert_int_equal(world.graph.out.size(), 1); // still out
    assert_false(world.activations->on_late_reply(first, oidc::reply_of(200, "")));
    world.graph.out.clear();
    assert_true(world.activations->on_late_reply(
        second, oidc::reply_of(201, oidc::pim_answer("PendingApproval"))));
    assert_text(world.graph.asked(), "cancel");
    world.graph.answer(204, "");
    assert_false(world.activations->on_late_reply(second, oidc::reply_of(200, "")));
}

void what_came_too_late_is_given_back_unless_another_grant_has_it(void **)
{
    World world;
    world.activations->give_back({second, "web", "alice"}, world.who());
    assert_text(world.graph.asked(), "nothing");
    oidc::PimWho who = world.who();
    who.group = oidc::pim_other;
    world.activations->give_back({second, "web", "alice"}, std::move(who));
    assert_text(world.graph.asked(), "post");
}

} // namespace

int main()
{
    const CMUnitTest tests[] = {
        cmocka_unit_test(a_live_grant_is_looked_after_every_minute),
        cmocka_unit_test(what_entra_lists_no_more_ends_when_it_is_missed_twice),
        cmocka_unit_test(what_cannot_be_seen_for_a_while_is_no_end),
        cmocka_unit_test(a_token_that_has_run_out_leaves_one_record_and_the_grant),
        cmocka_unit_test(no_record_where_the_host_itself_sees_it),
        cmocka_unit_test(a_graph_that_does_not_tell_is_said_once),
        cmocka_unit_test(after_a_restart_each_grant_of_the_mode_has_a_record),
        cmocka_unit_test(what_is_handed_back_is_ended_in_entra_when_it_may_be),
        cmocka_unit_test(two_grants_on_one_activation_end_it_together),
        cmocka_unit_test(grants_on_one_activation_need_not_have_the_same_name_for_it),
        cmocka_unit_test(an_extension_brings_a_token_of_its_own),
        cmocka_unit_test(the_token_goes_with_the_grant),
        cmocka_unit_test(another_provider_knows_nothing_of_it),
        cmocka_unit_test(what_waits_in_entra_is_taken_back_after_its_request),
        cmocka_unit_test(the_answer_that_is_out_is_waited_for_since_it_says_what_to_take_back),
        cmocka_unit_test(what_came_too_late_is_given_back_unless_another_grant_has_it),
    };
    return cmocka_run_group_tests_name("jitd/activations", tests, nullptr, nullptr);
}
