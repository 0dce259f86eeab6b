// Who may join a request that waits, and who begins one of his own or none, asked over the socket
// as root's programs and users ask. The provider is one that never answers.
#include "tests/unit/cmocka_cpp.h"

#include <netinet/in.h>

#include "jitd/limits.h"
#include "jitd/origins.h"
#include "tests/unit/jitd/nobodys_host.h"

using namespace jit;
using namespace jit::daemon;
using namespace jit::daemon::test;

namespace {

// A provider that takes calls and says nothing.
struct SilentProvider {
    SilentProvider() : socket_fd(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0))
    {
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        socklen_t size = sizeof address;
        auto *const plain = reinterpret_cast<sockaddr *>(&address);
        assert_int_equal(bind(socket_fd.get(), plain, size), 0);
        assert_int_equal(listen(socket_fd.get(), 16), 0);
        assert_int_equal(getsockname(socket_fd.get(), plain, &size), 0);
        url = "https://127.0.0.1:" + std::to_string(ntohs(address.sin_port)) + "/none";
    }
    Fd socket_fd;
    std::string url;
};

struct Host : SilentProvider, NobodysHost {
    Host()
        : NobodysHost(make_role("ops", "sshd", "") +
                          make_role("open", "login",
                                    "[role.open.approval]\nmode = \"auto\"\n"
                                    "accept_unattended = true\n"),
                      30s, url)
    {
    }

    struct Asking {
        Fd fd; // its end cancels
        std::string said;
        std::string id;
    };
    // The first reply: "pending", or the error's name and its words.
    Asking ask(const ipc::RequestCall &call, uid_t uid = 0)
    {
        assert_int_equal(seteuid(uid), 0);
        auto connected = sys::connect_unix(service.path);
        assert_int_equal(seteuid(0), 0);
        assert_true(connected.has_value());
        Asking asking;
        asking.fd = *std::move(connected);
        const std::string frame = *ipc::encode_call(
            ipc::method::request, ipc::encode_request_call(call).get(), true, false);
        assert_int_equal(send(asking.fd.get(), frame.data(), frame.size(), MSG_NOSIGNAL),
                         frame.size());
        ipc::FrameReader reader;
        for (const BootTime until = boot_time() + 2s; boot_time() < until;) {
            (void)sd_event_run(service.loop.get(), 5000);
            char chunk[65536];
            const ssize_t got = recv(asking.fd.get(), chunk, sizeof chunk, MSG_DONTWAIT);
            if (got > 0)
                assert_true(reader.add({chunk, static_cast<std::size_t>(got)}).has_value());
            const auto whole = reader.next();
            if (!whole)
                continue;
            const ipc::Reply reply = *ipc::decode_reply(*whole);
            const auto text = [&](const char *member) {
                const char *const found =
                    json_string_value(json_object_get(reply.parameters.get(), member));
                return std::string{found == nullptr ? "" : found};
            };
            asking.id = text("id");
            asking.said = reply.error.empty() ? text("state")
                                              : reply.error.substr(reply.error.rfind('.') + 1) +
                                                    ": " + text("message");
            return asking;
        }
        return asking;
    }
    // Until those who have gone are known to have.
    void settle(std::size_t left = 0)
    {
        for (int i = 0; i < 200 && waiting() > left; ++i)
            (void)sd_event_run(service.loop.get(), 5000);
    }
    std::size_t waiting() const { return service.requests->all().size(); }
};

ipc::RequestCall at_terminal(std::int64_t session)
{
    ipc::RequestCall call;
    call.role = "ops";
    call.session = session;
    call.tty = "/dev/pts/3";
    return call;
}

ipc::RequestCall login(const std::string &connection, const std::string &proof,
                       const std::string &rhost = "192.0.2.7")
{
    ipc::RequestCall call;
    call.role = "ops";
    call.user = "nobody";
    call.service = "sshd";
    call.connection = connection;
    call.rhost = rhost;
    if (proof.empty())
        call.unproven = true;
    else
        call.proof = proof;
    return call;
}

bool begins(const std::string &text, const std::string &front)
{
    if (!text.starts_with(front))
        print_error("it says: %s\n", text.c_str());
    return text.starts_with(front);
}

void one_origin_has_one_code_for_a_role_whatever_else_it_asks_for(void **)
{
    if (!is_root_here())
        return;
    Host host;
    const auto one = host.ask(at_terminal(7), somebody);
    assert_text(one.said, "pending");
    const auto joined = host.ask(at_terminal(7), somebody);
    assert_text(joined.said, "pending");
    assert_text(joined.id, one.id);
    ipc::RequestCall longer = at_terminal(7);
    longer.duration = 60s;
    ipc::RequestCall reasoned = at_terminal(7);
    reasoned.reason = "INC-1";
    for (const ipc::RequestCall &other : {longer, reasoned}) {
        const auto no = host.ask(other, somebody);
        assert_true(begins(no.said, "TooMany: "));
        assert_true(no.said.find("jitctl cancel " + one.id) != std::string::npos);
        assert_true(host.service.newest().rule == "too-many");
    }
    assert_int_equal(host.waiting(), 1);
    const auto elsewhere = host.ask(at_terminal(8), somebody);
    assert_text(elsewhere.said, "pending");
    assert_true(elsewhere.id != one.id);
    assert_int_equal(host.waiting(), 2);
}

void a_shared_account_serves_the_very_login_that_was_approved(void **)
{
    ipc::CheckCall check;
    check.service = "sshd";
    check.connection = first;
    check.rhost = "192.0.2.7";
    check.proof = "password";
    const auto sole = sole_origin_of(check, 4711);
    assert_true(sole.has_value() && sole == sole_origin_of(login(first, "password"), 4711));
    assert_true(sole != origin_of(check));
    assert_true(sole != sole_origin_of(check, 4712));
    check.connection = "192.0.2.7 50099 192.0.2.1 22";
    assert_true(sole != sole_origin_of(check, 4711));
    check.connection = first;
    check.proof = "publickey ssh-ed25519 AAAA";
    assert_true(sole != sole_origin_of(check, 4711));
    check.proof.reset();
    assert_false(sole_origin_of(check, 4711).has_value());
}

void one_key_is_one_line(void **)
{
    for (const char *one : {"publickey ssh-ed25519 AAAA", "publickey ssh-ed25519 AAAA\n"})
        assert_true(has_one_key(std::string{one}));
    for (const char *other : {"", "password", "publickey", "password\npublickey ssh-ed25519 AAAA",
                              "publickey ssh-ed25519 AAAA\npublickey ssh-ed25519 BBBB",
                              "publickey ssh-ed25519 AAAA\n\n"})
        assert_false(has_one_key(std::string{other}));
    assert_false(has_one_key(std::nullopt));
}

void who_can_not_name_the_terminal_of_his_session_is_at_it_all_the_same(void **)
{
    Origin one{"sudo", "pts/3", 7, "", false};
    Origin in_pipeline = one;
    in_pipeline.tty.clear();
    assert_true(one == in_pipeline && in_pipeline == one);
    Origin other = one;
    other.tty = "pts/4";
    assert_true(one != other);
    in_pipeline.session = 8;
    assert_true(one != in_pipeline);
    // Without a session nothing says so.
    one.session = in_pipeline.session = 0;
    assert_true(one != in_pipeline);
}

void those_who_follow_one_request_are_so_many_and_no_second_code_is_made(void **)
{
    if (!is_root_here())
        return;
    Host host;
    std::vector<Host::Asking> all;
    for (std::size_t i = 0; i < limits::watchers_of_one_request; ++i)
        all.push_back(host.ask(at_terminal(7), somebody));
    assert_text(all.back().said, "pending");
    assert_true(begins(host.ask(at_terminal(7), somebody).said, "TooMany: too many wait for this"));
    assert_int_equal(host.waiting(), 1);
    all.clear();
    host.settle();
    assert_int_equal(host.waiting(), 0);
}

void the_key_and_the_address_make_an_origin_over_ssh(void **)
{
    if (!is_root_here())
        return;
    Host host;
    const auto one = host.ask(login(first, key));
    const auto same = host.ask(login(second, key));
    assert_text(same.id, one.id);
    const auto other_key = host.ask(login(second, "publickey ssh-ed25519 BBBB"));
    const auto other_address = host.ask(login("192.0.2.8 1 192.0.2.1 22", key, "192.0.2.8"));
    assert_text(other_key.said, "pending");
    assert_text(other_address.said, "pending");
    assert_true(other_key.id != one.id && other_address.id != one.id);
    assert_true(other_key.id != other_address.id);
}

void who_has_proven_nothing_begins_nothing_unless_root_says_so(void **)
{
    if (!is_root_here())
        return;
    Host host;
    assert_true(begins(host.ask(login(first, "")).said, "Refused: nobody has proven who you are"));
    assert_true(host.service.newest().rule == "unproven");
    assert_text(host.service.newest().rhost, "192.0.2.7");
    assert_int_equal(host.waiting(), 0);
    host.service.settings.config->unproven_start = true;
    const auto begun = host.ask(login(first, ""));
    assert_text(begun.said, "pending");
    // That he asks nobody would open the role to whoever types the name.
    ipc::RequestCall open = login(second, "");
    open.role = "open";
    assert_true(begins(host.ask(open).said, "Refused: nobody has proven who you are"));
    assert_int_equal(host.waiting(), 1);
}

void who_has_proven_nothing_joins_nothing_and_is_joined_by_nobody(void **)
{
    if (!is_root_here())
        return;
    Host host;
    host.service.settings.config->unproven_start = true;
    const auto hers = host.ask(login(first, key));
    const auto his = host.ask(login(second, ""));
    assert_text(his.said, "pending");
    assert_true(his.id != hers.id);
    // Not even by the same connection; one code is there already.
    assert_true(begins(host.ask(login(second, "")).said, "TooMany: "));
    const auto again = host.ask(login(second, key));
    assert_text(again.id, hers.id);
    // By its own connection, but proven by a line before ours.
    ipc::RequestCall password = login(second, "");
    password.unproven = false;
    const auto proven = host.ask(password);
    assert_text(proven.said, "pending");
    assert_true(proven.id != his.id && proven.id != hers.id);
}

void an_attacker_who_knocks_as_her_uses_up_nothing_of_hers(void **)
{
    if (!is_root_here())
        return;
    Host host;
    host.service.settings.config->unproven_start = true;
    std::string said;
    std::size_t begun = 0;
    for (std::size_t i = 0; i < 2 * limits::unproven_in_window; ++i) {
        const std::string port = std::to_string(40000 + i);
        said = host.ask(login("192.0.2.7 " + port + " 192.0.2.1 22", "")).said;
        begun += said == "pending";
        host.settle(); // he has gone, and knocks again
    }
    assert_int_equal(begun, limits::unproven_in_window);
    assert_true(begins(said, "TooMany: too many logins from here"));
    assert_true(said.find("try again in 1") != std::string::npos);
    assert_true(host.service.newest().event == Event::refused);
    // From the same address as he, with her key.
    assert_text(host.ask(login(first, key)).said, "pending");
    // His other address is another one.
    assert_text(host.ask(login("192.0.2.9 1 192.0.2.1 22", "", "192.0.2.9")).said, "pending");
}

void attempts_are_limited_across_connections(void **)
{
    if (!is_root_here())
        return;
    Host host;
    std::string said;
    std::size_t begun = 0;
    for (std::size_t i = 0; i < limits::requests_in_window + 5; ++i) {
        const std::string port = std::to_string(40000 + i);
        // With a key of hers, from ever other addresses: she is one requester.
        const std::string rhost = "198.51.100." + std::to_string(i);
        said = host.ask(login(rhost + " " + port + " 192.0.2.1 22", key, rhost)).said;
        begun += said == "pending";
        host.settle();
    }
    assert_int_equal(begun, limits::requests_in_window);
    assert_true(begins(said, "TooMany: too many requests of yours were begun in the last 5m; try "
                             "again in "));
    // At her terminal she is the same one.
    assert_true(begins(host.ask(at_terminal(7), somebody).said, "TooMany: "));
}

void what_is_approved_for_the_unproven_is_of_the_asking_process_alone(void **)
{
    const ipc::RequestCall asked = login(first, "");
    ipc::CheckCall check;
    check.service = "sshd";
    check.connection = first;
    check.rhost = "192.0.2.7";
    const auto origin = origin_of(asked, 4711);
    assert_true(origin && origin->is_unproven);
    assert_true(origin == unproven_origin_of(check, 4711));
    // The port has been used again; or a line before ours has proven somebody, or a key has.
    assert_true(origin != unproven_origin_of(check, 4712));
    assert_true(origin != origin_of(check));
    check.proof = key;
    assert_true(origin != origin_of(check));
    assert_false(unproven_origin_of(check, 4711).has_value());
    check.proof.reset();
    check.connection = second;
    assert_true(origin != unproven_origin_of(check, 4711));
    check.connection.reset();
    assert_false(unproven_origin_of(check, 4711).has_value());
    // Nor are the retries of one connection those of the other kind.
    assert_true(retried_as(asked) != retried_as(login(first, key)));
}

void only_root_says_that_somebody_is_unproven(void **)
{
    if (!is_root_here())
        return;
    Host host;
    ipc::RequestCall call = at_terminal(7);
    call.unproven = true;
    assert_true(begins(host.ask(call, somebody).said, "NotPermitted"));
}

} // namespace

int main()
{
    const CMUnitTest tests[] = {
        cmocka_unit_test(one_origin_has_one_code_for_a_role_whatever_else_it_asks_for),
        cmocka_unit_test(a_shared_account_serves_the_very_login_that_was_approved),
        cmocka_unit_test(one_key_is_one_line),
        cmocka_unit_test(who_can_not_name_the_terminal_of_his_session_is_at_it_all_the_same),
        cmocka_unit_test(those_who_follow_one_request_are_so_many_and_no_second_code_is_made),
        cmocka_unit_test(the_key_and_the_address_make_an_origin_over_ssh),
        cmocka_unit_test(who_has_proven_nothing_begins_nothing_unless_root_says_so),
        cmocka_unit_test(who_has_proven_nothing_joins_nothing_and_is_joined_by_nobody),
        cmocka_unit_test(an_attacker_who_knocks_as_her_uses_up_nothing_of_hers),
        cmocka_unit_test(attempts_are_limited_across_connections),
        cmocka_unit_test(what_is_approved_for_the_unproven_is_of_the_asking_process_alone),
        cmocka_unit_test(only_root_says_that_somebody_is_unproven),
    };
    return cmocka_run_group_tests_name("jitd/origins", tests, nullptr, nullptr);
}
