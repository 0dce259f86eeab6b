// Logins over ssh, as root's programs tell of them: who has what was approved, and once.
#include "tests/unit/cmocka_cpp.h"

#include "jitd/limits.h"
#include "lib/ipc/granting.h"
#include "tests/unit/jitd/nobodys_host.h"

using namespace jit;
using namespace jit::daemon;
using namespace jit::daemon::test;

namespace {

// A host whose one role needs nobody's sign-in, and a root helper that grants it, or does not.
struct Host : NobodysHost {
    Host()
        : NobodysHost(make_role("ops", "sshd",
                                "[role.ops.approval]\nmode = \"auto\"\n"
                                "accept_unattended = true\n"))
    {
        const std::string path = service.folder.path + "/none";
        Fd listening = sys::test::listen_at(path);
        helper = *sys::VarlinkServer::make(
            service.loop.get(), std::move(listening), {"test", "io.jitd.Grant", ""}, {8, 0, 8, 2s},
            [this](const std::shared_ptr<sys::Exchange> &exchange) { answer(exchange); });
    }

    void answer(const std::shared_ptr<sys::Exchange> &exchange)
    {
        const auto call = ipc::decode_grant_call(exchange->call().parameters.get());
        if (!call)
            return exchange->fail("io.jitd.Grant.Refused", "no such call here");
        ++asked;
        if (!grants)
            return exchange->fail("io.jitd.Grant.Refused", "not today");
        ipc::GrantReply reply;
        reply.since = wall_time();
        reply.until = reply.since + call->duration;
        reply.groups = {"jit-ops"};
        exchange->reply(ipc::encode(reply));
    }

    static ipc::RequestCall request(const std::string &connection, const std::string &proof = key)
    {
        ipc::RequestCall call;
        call.role = "ops";
        call.user = "nobody";
        call.service = "sshd";
        call.rhost = "192.0.2.7";
        call.connection = connection;
        if (!proof.empty())
            call.proof = proof;
        return call;
    }
    // The states of all replies, "pending approved"; the error's name.
    std::string ask(const ipc::RequestCall &call, uid_t uid = 0)
    {
        std::string said;
        for (const ipc::Reply &reply :
             service.ask_all(ipc::method::request, ipc::encode_request_call(call), uid)) {
            const json_t *const parameters = reply.parameters.get();
            const char *const state = json_string_value(json_object_get(parameters, "state"));
            const char *const message = json_string_value(json_object_get(parameters, "message"));
            said += said.empty() ? "" : " ";
            said += state != nullptr ? state : reply.error.substr(reply.error.rfind('.') + 1);
            if (state == nullptr && message != nullptr)
                said += std::string{": "} + message;
        }
        return said;
    }
    ipc::CheckReply check(const std::string &connection, const std::string &proof = key,
                          const std::string &rhost = "192.0.2.7")
    {
        ipc::CheckCall call;
        call.requester = call.account = "nobody";
        call.account_names = {"nobody"};
        call.service = "sshd";
        call.phase = ipc::Phase::account;
        call.rhost = rhost;
        call.connection = connection;
        if (!proof.empty())
            call.proof = proof;
        const auto reply = ipc::decode_check_reply(
            service.ask(ipc::method::check, ipc::encode_check_call(call)).parameters.get());
        assert_true(reply.has_value());
        return *reply;
    }
    void open(const std::string &connection)
    {
        ipc::SessionCall call;
        call.connection = connection;
        call.requester = call.account = "nobody";
        call.service = "sshd";
        assert_text(
            service.ask(ipc::method::session_opened, ipc::encode_session_opened(call)).error, "");
    }

    std::unique_ptr<sys::VarlinkServer> helper;
    int asked = 0;
    bool grants = true;
};

void what_is_approved_is_granted_to_the_next_login_of_its_origin_alone(void **)
{
    if (!is_root_here())
        return;
    Host host;
    assert_text(host.ask(Host::request(first)), "pending approved");
    assert_int_equal(host.asked, 0);
    // Another key, another address, and who has proven nothing, though by the same connection.
    for (const ipc::CheckReply &reply :
         {host.check(first, "publickey ssh-ed25519 BBBB"), host.check(second, key, "192.0.2.8"),
          host.check(first, "")}) {
        assert_true(reply.verdict == ipc::Verdict::request);
        assert_false(reply.is_granted);
    }
    assert_int_equal(host.asked, 0);
    const ipc::CheckReply granted = host.check(second);
    assert_true(granted.verdict == ipc::Verdict::live && granted.is_granted);
    assert_text(*granted.role, "ops");
    assert_int_equal(host.asked, 1);
    // From then on it is a live grant as any other.
    const ipc::CheckReply live = host.check(first);
    assert_true(live.verdict == ipc::Verdict::live && !live.is_granted);
    assert_text(*live.grant, *granted.grant);
    assert_int_equal(host.asked, 1);
}

void the_next_request_of_its_origin_is_told_at_once(void **)
{
    if (!is_root_here())
        return;
    Host host;
    assert_text(host.ask(Host::request(first)), "pending approved");
    assert_text(host.ask(Host::request(second)), "approved");
    // Each other one begins a request of its own.
    assert_text(host.ask(Host::request(second, "publickey ssh-ed25519 BBBB")), "pending approved");
    ipc::RequestCall shorter = Host::request(second);
    shorter.duration = 60s;
    assert_text(host.ask(shorter), "pending approved");
    assert_int_equal(host.service.requests->all().size(), 3);
}

void without_a_proof_a_request_is_its_connections_alone(void **)
{
    if (!is_root_here())
        return;
    Host host;
    assert_text(host.ask(Host::request(first, "")), "pending approved");
    assert_true(host.check(second, "").verdict == ipc::Verdict::request);
    assert_true(host.check(first, "").is_granted);
}

void a_refusal_is_one_for_the_whole_connection(void **)
{
    if (!is_root_here())
        return;
    Host host;
    host.grants = false;
    assert_text(host.ask(Host::request(first)), "pending approved");
    const ipc::CheckReply refused = host.check(first);
    assert_true(refused.verdict == ipc::Verdict::denied);
    assert_true(refused.message->find("not today") != std::string::npos);
    assert_int_equal(host.asked, 1);
    assert_text(host.ask(Host::request(first)), "Refused: " + *refused.message);
    assert_true(host.service.requests->all().empty());
    assert_text(host.ask(Host::request(second)), "pending approved");
}

void a_session_is_of_the_grant_that_its_connection_was_let_in_under(void **)
{
    if (!is_root_here())
        return;
    Host host;
    assert_text(host.ask(Host::request(first)), "pending approved");
    assert_true(host.check(first).is_granted);
    assert_true(host.service.requests->logins().next_look() != BootTime::max());
    host.open(second); // of no grant
    assert_true(host.service.newest().event == Event::granted);
    host.open(first);
    assert_true(host.service.newest().event == Event::used);
    assert_true(host.service.requests->logins().next_look() == BootTime::max());
}

void what_only_sshd_knows_is_taken_from_root_alone(void **)
{
    if (!is_root_here())
        return;
    Host host;
    ipc::RequestCall call = Host::request(first);
    call.service.reset();
    call.rhost.reset();
    assert_true(host.ask(call, somebody).starts_with("NotPermitted"));
    call.connection.reset();
    assert_true(host.ask(call, somebody).starts_with("NotPermitted"));
    call.proof.reset();
    assert_text(host.ask(call, somebody), "pending granted");
}

} // namespace

int main()
{
    const CMUnitTest tests[] = {
        cmocka_unit_test(what_is_approved_is_granted_to_the_next_login_of_its_origin_alone),
        cmocka_unit_test(the_next_request_of_its_origin_is_told_at_once),
        cmocka_unit_test(without_a_proof_a_request_is_its_connections_alone),
        cmocka_unit_test(a_refusal_is_one_for_the_whole_connection),
        cmocka_unit_test(a_session_is_of_the_grant_that_its_connection_was_let_in_under),
        cmocka_unit_test(what_only_sshd_knows_is_taken_from_root_alone),
    };
    return cmocka_run_group_tests_name("jitd/ssh", tests, nullptr, nullptr);
}
