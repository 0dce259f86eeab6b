// The daemon's way to the root helper, against a helper that has few places or is away for a while.
#include "tests/unit/cmocka_cpp.h"

#include <sys/socket.h>

#include "jitd/grants.h"
#include "lib/sys/varlink_server.h"
#include "tests/unit/sys/folder.h"
#include "tests/unit/sys/listener.h"

using namespace jit;
using namespace jit::daemon;
using namespace std::chrono_literals;

namespace {

struct Helper {
    Helper() : loop(*sys::make_loop()), path(folder.path + "/socket") {}

    void start()
    {
        Fd listening = sys::test::listen_at(path);
        // Eight places, whoever runs the test.
        server = *sys::VarlinkServer::make(
            loop.get(), std::move(listening), {"test", "io.jitd.Grant", ""}, {8, 0, 8, 2s},
            [this](const std::shared_ptr<sys::Exchange> &exchange) {
                const auto call = ipc::decode_end_call(exchange->call().parameters.get());
                assert_true(call.has_value());
                ended.push_back(call->id);
                causes.push_back(call->cause);
                exchange->reply(ipc::encode(ipc::EndReply{true}));
            });
    }
    void run(std::chrono::milliseconds length)
    {
        const BootTime until = boot_time() + length;
        while (boot_time() < until)
            (void)sd_event_run(loop.get(), 5000);
    }

    sys::test::Folder folder;
    sys::Loop loop;
    std::string path;
    std::vector<std::string> ended;
    std::vector<std::string> causes;
    std::unique_ptr<sys::VarlinkServer> server;
};

std::string make_id(int number)
{
    const std::string digits = std::to_string(number);
    return std::string(16 - digits.size(), '0') + digits;
}

// `jitctl revoke --all`, and a policy that lost a role: every grant ends, not the first eight.
void regress_more_ends_at_once_than_the_helper_has_places_all_come_through(void **)
{
    Helper helper;
    helper.start();
    GrantClient client{helper.loop.get(), helper.path};
    int good = 0;
    for (int i = 0; i < 30; ++i)
        client.ask_end({make_id(i), "revoked"},
                       [&](const ipc::EndReply *reply, const HelperFault &) {
                           good += reply != nullptr && reply->ended ? 1 : 0;
                       });
    helper.run(300ms);
    assert_int_equal(good, 30);
    assert_int_equal(helper.ended.size(), 30);
}

void regress_an_end_that_is_owed_is_asked_for_until_the_helper_is_back(void **)
{
    Helper helper;
    GrantClient client{helper.loop.get(), helper.path};
    int told = 0;
    client.end_surely(
        {make_id(7), "interrupted"},
        [&](const ipc::EndReply *reply, const HelperFault &) { told += reply != nullptr ? 1 : 0; });
    client.end_surely({make_id(8), "interrupted"}, {});
    helper.run(50ms);
    assert_int_equal(told, 0);
    helper.start();
    helper.run(1500ms);
    assert_int_equal(told, 1);
    assert_int_equal(helper.ended.size(), 2);
    // And no more after its answer.
    helper.run(1500ms);
    assert_int_equal(helper.ended.size(), 2);
}

void a_call_to_a_helper_that_is_away_fails_at_once(void **)
{
    Helper helper;
    GrantClient client{helper.loop.get(), helper.path};
    int faults = 0;
    for (int i = 0; i < 10; ++i)
        client.ask_end({make_id(i), "dropped"},
                       [&](const ipc::EndReply *reply, const HelperFault &fault) {
                           faults += !reply && fault.kind == HelperFault::Kind::unavailable ? 1 : 0;
                       });
    helper.run(50ms);
    assert_int_equal(faults, 10);
}

// The cause was moved from before it was sent, and the helper refused an empty one.
void regress_an_end_is_sent_with_its_cause(void **)
{
    Helper helper;
    helper.start();
    const auto store = *Store::open(helper.folder.path + "/jit.db", 1000);
    Audit audit{*store};
    GrantClient client{helper.loop.get(), helper.path};
    const auto grants = *Grants::make(helper.loop.get(), *store, audit, client, "boot",
                                      [](std::string_view, std::string_view) { return true; });
    Grant grant;
    grant.id = make_id(1);
    grant.role = "web";
    grant.user = "alice";
    grant.groups = {"jit-web"};
    grant.until = wall_time() + 3600s;
    grant.until_boot = boot_time() + 3600s;
    grants->add(grant);
    bool ended = false;
    grants->end(grant.id, {Event::revoked, "revoked", "root"},
                [&](const HelperFault *fault) { ended = fault == nullptr; });
    helper.run(200ms);
    assert_true(ended);
    assert_int_equal(helper.causes.size(), 1);
    assert_text(helper.causes[0], "revoked");
    assert_int_equal(grants->table().size(), 0);
}

// A revocation that met a helper just being restarted was told as failed, and forgotten.
void regress_an_end_that_the_helper_did_not_answer_is_asked_for_again(void **)
{
    Helper helper;
    const auto store = *Store::open(helper.folder.path + "/jit.db", 1000);
    Audit audit{*store};
    GrantClient client{helper.loop.get(), helper.path};
    bool is_member = true;
    const auto grants =
        *Grants::make(helper.loop.get(), *store, audit, client, "boot",
                      [&](std::string_view, std::string_view) { return is_member; });
    Grant grant;
    grant.id = make_id(1);
    grant.role = "web";
    grant.user = "alice";
    grant.groups = {"jit-web"};
    grant.until = wall_time() + 3600s;
    grant.until_boot = boot_time() + 3600s;
    grants->add(grant);
    int faults = 0;
    grants->end(grant.id, {Event::revoked, "revoked", "root"},
                [&](const HelperFault *fault) { faults += fault != nullptr ? 1 : 0; });
    helper.run(50ms);
    assert_int_equal(faults, 1);
    // The helper got as far as the membership; what is said of the end is still its answer.
    is_member = false;
    grants->close_ended();
    assert_int_equal(grants->table().size(), 1);
    helper.start();
    helper.run(1500ms);
    assert_int_equal(grants->table().size(), 0);
    assert_text(helper.causes.at(0), "revoked");
    assert_int_equal(faults, 1);
    assert_text(store->read_untold()->back().event, "revoked");
}

} // namespace

int main()
{
    const CMUnitTest tests[] = {
        cmocka_unit_test(regress_more_ends_at_once_than_the_helper_has_places_all_come_through),
        cmocka_unit_test(regress_an_end_that_is_owed_is_asked_for_until_the_helper_is_back),
        cmocka_unit_test(a_call_to_a_helper_that_is_away_fails_at_once),
        cmocka_unit_test(regress_an_end_is_sent_with_its_cause),
        cmocka_unit_test(regress_an_end_that_the_helper_did_not_answer_is_asked_for_again),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
