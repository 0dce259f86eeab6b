// Callers who keep within every rule of the protocol and mean to keep others from being answered.
#include "tests/unit/cmocka_cpp.h"

#include <sys/socket.h>

#include "lib/ipc/frame.h"
#include "lib/sys/varlink_server.h"
#include "tests/unit/sys/folder.h"
#include "tests/unit/sys/listener.h"

using namespace jit;
using namespace jit::sys;
using namespace std::chrono_literals;

namespace {

constexpr auto patience = 100ms;

struct Service {
    Service()
    {
        loop = *make_loop();
        path = folder.path + "/socket";
        Fd listening = test::listen_at(path);
        server = *VarlinkServer::make(loop.get(), std::move(listening),
                                      {"test", "a.b", "interface a.b\n"}, {100, 10, 50, patience},
                                      [this](const std::shared_ptr<Exchange> &exchange) {
                                          ++calls;
                                          const std::string &method = exchange->call().method;
                                          if (method == "a.b.Keep")
                                              kept.push_back(exchange);
                                          else if (method == "a.b.Last")
                                              exchange->reply_and_close(ipc::make_message("end"));
                                          else
                                              exchange->reply(ipc::make_message("again"));
                                      });
    }
    void run(std::chrono::milliseconds length)
    {
        const BootTime until = boot_time() + length;
        while (boot_time() < until)
            (void)sd_event_run(loop.get(), 5000);
    }
    // Everything that has come to the other end so far.
    std::string read(const Fd &caller) const
    {
        std::string text(64 * 1024, '\0');
        const ssize_t got = recv(caller.get(), text.data(), text.size(), MSG_DONTWAIT);
        text.resize(got > 0 ? static_cast<std::size_t>(got) : 0);
        return got == 0 ? "closed" : text;
    }
    void send(const Fd &caller, const std::string &bytes) const
    {
        assert_int_equal(::send(caller.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL),
                         static_cast<int>(bytes.size()));
    }

    test::Folder folder;
    std::string path;
    Loop loop;
    int calls = 0;
    std::vector<std::shared_ptr<Exchange>> kept;
    std::unique_ptr<VarlinkServer> server;
};

std::string make_call(const std::string &method)
{
    return R"({"method":"a.b.)" + method + "\"}" + '\0';
}

// Somebody whose sudo hangs while it prints would hold one of jitd's places with each.
void regress_a_caller_who_was_answered_does_not_hold_his_place(void **)
{
    Service service;
    const Fd silent = *connect_unix(service.path);
    service.send(silent, make_call("Echo"));
    service.run(30ms);
    assert_int_equal(service.server->connections(), 1);
    service.run(8 * patience);
    assert_int_equal(service.server->connections(), 0);
    // No error: he has done nothing wrong.
    assert_true(service.read(silent).find("error") == std::string::npos);
    assert_text(service.read(silent), "closed");
}

void regress_a_last_reply_ends_the_connection_at_once(void **)
{
    Service service;
    const Fd caller = *connect_unix(service.path);
    service.send(caller, make_call("Last"));
    service.run(30ms);
    assert_true(service.read(caller).find("end") != std::string::npos);
    assert_text(service.read(caller), "closed");
}

void a_caller_who_waits_for_his_answer_is_not_idle(void **)
{
    Service service;
    const Fd waiting = *connect_unix(service.path);
    service.send(waiting, make_call("Keep"));
    service.run(8 * patience);
    assert_int_equal(service.server->connections(), 1);
    service.kept.front()->reply(ipc::make_message("late"));
    service.run(30ms);
    assert_true(service.read(waiting).find("late") != std::string::npos);
}

// Else a few connections with some hundred calls each stop all others for seconds.
void regress_many_calls_in_one_packet_take_turns_with_others(void **)
{
    Service service;
    const Fd greedy = *connect_unix(service.path);
    const Fd modest = *connect_unix(service.path);
    std::string many;
    for (int i = 0; i < 300; ++i)
        many += make_call("Echo");
    service.send(greedy, many);
    // Both are accepted; from then on each turn answers one call at most.
    while (service.calls == 0)
        (void)sd_event_run(service.loop.get(), 5000);
    service.send(modest, make_call("Last"));
    const int before = service.calls;
    while (service.read(modest).empty()) {
        (void)sd_event_run(service.loop.get(), 5000);
        assert_true(service.calls - before < 20);
    }
    for (int i = 0; i < 50 && service.calls < 301; ++i)
        service.run(100ms);
    assert_int_equal(service.calls, 301);
}

// jit-grantd must not carry out what nobody waits for.
void regress_a_call_whose_caller_has_left_can_be_told_from_others(void **)
{
    Service service;
    const Fd stays = *connect_unix(service.path);
    service.send(stays, make_call("Keep"));
    service.run(30ms);
    {
        const Fd leaves = *connect_unix(service.path);
        service.send(leaves, make_call("Keep"));
        while (service.kept.size() < 2)
            (void)sd_event_run(service.loop.get(), 5000);
        assert_true(service.kept[1]->is_caller_there());
    }
    assert_true(service.kept[0]->is_caller_there());
    assert_false(service.kept[1]->is_caller_there());
    service.run(60ms);
}

void calls_before_the_callers_end_are_all_heard(void **)
{
    Service service;
    {
        const Fd hasty = *connect_unix(service.path);
        std::string many;
        for (int i = 0; i < 5; ++i)
            many += R"({"method":"a.b.Echo","oneway":true})" + std::string(1, '\0');
        service.send(hasty, many);
    }
    service.run(60ms);
    assert_int_equal(service.calls, 5);
    assert_int_equal(service.server->connections(), 0);
}

} // namespace

int main()
{
    const CMUnitTest tests[] = {
        cmocka_unit_test(regress_a_caller_who_was_answered_does_not_hold_his_place),
        cmocka_unit_test(regress_a_last_reply_ends_the_connection_at_once),
        cmocka_unit_test(a_caller_who_waits_for_his_answer_is_not_idle),
        cmocka_unit_test(regress_many_calls_in_one_packet_take_turns_with_others),
        cmocka_unit_test(regress_a_call_whose_caller_has_left_can_be_told_from_others),
        cmocka_unit_test(calls_before_the_callers_end_are_all_heard),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
