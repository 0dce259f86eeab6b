// A server on a real socket in a folder of its own, and callers who behave as badly as they can.
#include "tests/unit/cmocka_cpp.h"

#include <functional>
#include <poll.h>
#include <sys/socket.h>
#include <vector>

#include "lib/ipc/frame.h"
#include "lib/sys/varlink_server.h"
#include "tests/unit/sys/folder.h"
#include "tests/unit/sys/listener.h"

using namespace jit;
using namespace jit::sys;
using namespace std::chrono_literals;

namespace {

constexpr std::size_t uid_cap = 3;

// The test's own end: it never blocks, and the loop runs while it waits.
class Caller
{
  public:
    Caller(sd_event *loop, const std::string &path) : loop_(loop), fd_(*connect_unix(path)) {}

    void send(std::string_view bytes)
    {
        while (!bytes.empty()) {
            const ssize_t sent = ::send(fd_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
            if (sent < 0 && errno != EAGAIN)
                return;
            if (sent > 0)
                bytes.remove_prefix(static_cast<std::size_t>(sent));
            (void)sd_event_run(loop_, 1000);
        }
    }
    void call(std::string_view text) { send(std::string{text} + '\0'); }

    // The next frame; "closed" after the end, "silence" if nothing comes for a while.
    std::string read(std::chrono::milliseconds patience = 500ms)
    {
        const BootTime until = boot_time() + patience;
        for (;;) {
            if (auto frame = reader_.next())
                return *frame;
            char chunk[4096];
            const ssize_t got = recv(fd_.get(), chunk, sizeof chunk, MSG_DONTWAIT);
            if (got == 0 || (got < 0 && errno != EAGAIN))
                return "closed";
            if (got > 0) {
                assert_true(reader_.add({chunk, static_cast<std::size_t>(got)}).has_value());
                continue;
            }
            if (boot_time() >= until)
                return "silence";
            (void)sd_event_run(loop_, 5000);
        }
    }
    // Which error a reply has, or "" for none.
    std::string error()
    {
        const auto reply = ipc::decode_reply(read());
        return reply ? reply->error : "no reply";
    }
    void close() { fd_.reset(); }
    int fd() const { return fd_.get(); }

  private:
    sd_event *loop_;
    Fd fd_;
    ipc::FrameReader reader_;
};

struct Service {
    Service()
    {
        loop = *make_loop();
        path = folder.path + "/socket";
        Fd listening = test::listen_at(path);
        // Whoever runs the tests: root has the cap of all, others the cap of one user.
        server = *VarlinkServer::make(
            loop.get(), std::move(listening), {"test", "a.b", "interface a.b\n"},
            {geteuid() == 0 ? uid_cap : 100, geteuid() == 0 ? 0U : 10U, uid_cap, 100ms},
            [this](std::shared_ptr<Exchange> exchange) { answer(std::move(exchange)); });
        server->on_idle([this] { ++idle; });
    }
    void answer(std::shared_ptr<Exchange> exchange)
    {
        ++calls;
        const std::string &method = exchange->call().method;
        if (method == "a.b.Keep") {
            exchange->on_gone([this] { ++gone; });
            kept.push_back(std::move(exchange));
        } else if (method == "a.b.Many") {
            for (int i = 0; i < 3; ++i)
                exchange->reply_and_continue(ipc::make_message(std::to_string(i)));
            exchange->reply(ipc::make_message("end"));
        } else if (method == "a.b.Big") {
            exchange->reply(ipc::make_message(std::string(60'000, 'x')));
        } else {
            exchange->reply(ipc::Json{json_deep_copy(exchange->call().parameters.get())});
        }
    }
    Caller connect() { return Caller{loop.get(), path}; }
    void run(std::chrono::milliseconds length = 30ms)
    {
        const BootTime until = boot_time() + length;
        // On a busy machine the time may pass before the first turn.
        for (int turn = 0; turn < 10 || boot_time() < until; ++turn)
            (void)sd_event_run(loop.get(), 5000);
    }

    test::Folder folder;
    std::string path;
    Loop loop;
    std::vector<std::shared_ptr<Exchange>> kept;
    int calls = 0;
    int gone = 0;
    int idle = 0;
    std::unique_ptr<VarlinkServer> server;
};

constexpr const char *echo = R"({"method":"a.b.Echo","parameters":{"x":1}})";
constexpr const char *echoed = R"({"parameters":{"x":1}})";

void a_wrong_caller_is_told_by_name_and_cut_off_and_nobody_else(void **)
{
    Service service;
    Caller other = service.connect();
    other.call(echo);
    assert_text(other.read(), echoed);

    struct Case {
        std::string bytes;
        const char *error;
    };
    const Case cases[] = {
        {std::string{"hello\0", 6}, "a.b.BadMessage"},
        {std::string{"\0", 1}, "a.b.BadMessage"},
        {std::string{"{}\0", 3}, "a.b.BadMessage"},
        {std::string{"not json\0", 9}, "a.b.BadMessage"},
        {std::string{R"({"method":"a.b.Echo"} x)"} + '\0', "a.b.BadMessage"},
        {std::string{R"({"method":"a.b.Echo","more":true,"oneway":true})"} + '\0',
         "a.b.BadMessage"},
        {std::string(ipc::max_frame_bytes + 2, ' '), "a.b.BadMessage"},
        {"{\"parameters\":" + std::string(20, '[') + std::string(20, ']') + "}" + '\0',
         "a.b.BadMessage"},
        {std::string{R"({"method":"c.d.Echo"})"} + '\0', "org.varlink.service.InterfaceNotFound"},
        {std::string{R"({"method":"Echo"})"} + '\0', "org.varlink.service.InterfaceNotFound"},
        {std::string{R"({"method":"a.b.c.Echo"})"} + '\0', "org.varlink.service.InterfaceNotFound"},
        {std::string{R"({"method":"org.varlink.service.Nothing"})"} + '\0',
         "org.varlink.service.MethodNotFound"},
    };
    for (const Case &one : cases) {
        Caller caller = service.connect();
        caller.send(one.bytes);
        assert_text(caller.error(), one.error);
        assert_text(caller.read(), "closed");
    }
    other.call(echo);
    assert_text(other.read(), echoed);
    assert_int_equal(service.calls, 2);
}

void the_service_tells_about_itself(void **)
{
    Service service;
    Caller caller = service.connect();
    caller.call(R"({"method":"org.varlink.service.GetInfo"})");
    const auto info = ipc::decode_reply(caller.read());
    assert_true(info.has_value());
    const json_t *names = json_object_get(info->parameters.get(), "interfaces");
    assert_int_equal(json_array_size(names), 2);
    assert_text(json_string_value(json_array_get(names, 1)), "a.b");
    for (const char *name : {"a.b", "org.varlink.service"}) {
        caller.call(std::string{R"({"method":"org.varlink.service.GetInterfaceDescription",)"} +
                    R"("parameters":{"interface":")" + name + "\"}}");
        const auto reply = ipc::decode_reply(caller.read());
        assert_true(reply.has_value() && reply->error.empty());
        const std::string text =
            json_string_value(json_object_get(reply->parameters.get(), "description"));
        assert_true(text.find(std::string{"interface "} + name) != std::string::npos);
    }
    caller.call(R"({"method":"org.varlink.service.GetInterfaceDescription"})");
    assert_text(caller.error(), "org.varlink.service.InterfaceNotFound");
    assert_text(caller.read(), "closed");
}

void calls_in_one_packet_are_answered_one_by_one_in_order(void **)
{
    Service service;
    Caller caller = service.connect();
    std::string all;
    for (int i = 0; i < 50; ++i)
        all += R"({"method":"a.b.Echo","parameters":{"x":)" + std::to_string(i) + "}}" + '\0';
    caller.send(all);
    for (int i = 0; i < 50; ++i)
        assert_text(caller.read(), R"({"parameters":{"x":)" + std::to_string(i) + "}}");

    // The next call waits until the one before it is answered.
    caller.send(std::string{R"({"method":"a.b.Keep"})"} + '\0' + echo + '\0');
    service.run();
    assert_int_equal(service.calls, 51);
    service.kept[0]->reply(ipc::make_message("now"));
    assert_text(caller.read(), R"({"parameters":{"message":"now"}})");
    assert_text(caller.read(), echoed);
    // What is said after the last reply is dropped.
    service.kept[0]->reply(ipc::make_message("again"));
    assert_text(caller.read(30ms), "silence");
}

void several_replies_continue_and_the_last_does_not(void **)
{
    Service service;
    Caller caller = service.connect();
    caller.call(R"({"method":"a.b.Many","more":true})");
    for (int i = 0; i < 4; ++i) {
        const auto reply = ipc::decode_reply(caller.read());
        assert_true(reply.has_value());
        assert_true(reply->continues == (i < 3));
    }
}

void a_oneway_call_gets_no_reply(void **)
{
    Service service;
    Caller caller = service.connect();
    caller.call(R"({"method":"a.b.Echo","oneway":true})");
    caller.call(R"({"method":"org.varlink.service.GetInfo","oneway":true})");
    caller.call(echo);
    assert_text(caller.read(), echoed);
    assert_int_equal(service.calls, 2);
}

void a_late_frame_ends_the_connection(void **)
{
    Service service;
    Caller silent = service.connect();
    Caller half = service.connect();
    half.send("{\"met");
    Caller good = service.connect();
    good.call(echo);
    assert_text(good.read(), echoed);
    // It lies still between calls for longer than a frame may take.
    service.run(180ms);
    for (Caller *late : {&silent, &half}) {
        assert_text(late->error(), "a.b.BadMessage");
        assert_text(late->read(), "closed");
    }
    good.call(echo);
    assert_text(good.read(), echoed);

    // Bytes that drip in do not buy time.
    good.send("{");
    std::string end = "silence";
    for (int i = 0; i < 40 && end == "silence"; ++i) {
        good.send(" ");
        end = good.read(10ms);
    }
    assert_true(end != "silence");
}

void one_user_has_so_many_connections_and_no_more(void **)
{
    Service service;
    std::vector<std::unique_ptr<Caller>> callers;
    for (std::size_t i = 0; i < uid_cap; ++i) {
        callers.push_back(std::make_unique<Caller>(service.connect()));
        callers.back()->call(R"({"method":"a.b.Keep"})");
    }
    service.run();
    assert_int_equal(service.server->connections(), uid_cap);
    Caller more = service.connect();
    assert_text(more.error(), "a.b.TooMany");
    assert_text(more.read(), "closed");
    callers.pop_back();
    service.run();
    Caller next = service.connect();
    next.call(echo);
    assert_text(next.read(), echoed);
}

void a_caller_who_leaves_is_told_of_once(void **)
{
    Service service;
    {
        Caller caller = service.connect();
        caller.call(R"({"method":"a.b.Keep"})");
        service.run();
        assert_int_equal(service.gone, 0);
        assert_true(service.kept[0]->is_open());
    }
    service.run();
    assert_int_equal(service.gone, 1);
    assert_false(service.kept[0]->is_open());
    service.kept[0]->reply_and_continue(ipc::make_message("x"));
    service.kept[0]->reply(ipc::make_message("x"));
    assert_int_equal(service.gone, 1);
    assert_int_equal(service.server->connections(), 0);
    assert_true(service.idle > 0);

    // Once answered, leaving is nobody's business.
    Caller answered = service.connect();
    answered.call(R"({"method":"a.b.Keep"})");
    service.run();
    service.kept[1]->reply(nullptr);
    service.run();
    answered.close();
    service.run();
    assert_int_equal(service.gone, 1);
}

void who_does_not_read_is_cut_off_from_the_loop(void **)
{
    Service service;
    Caller caller = service.connect();
    caller.call(R"({"method":"a.b.Keep","more":true})");
    service.run();
    const ipc::Json big = ipc::make_message(std::string(60'000, 'x'));
    for (int i = 0; i < 60; ++i) {
        service.kept[0]->reply_and_continue(big);
        // Never from within: who sends may be walking over a list that the callback changes.
        assert_int_equal(service.gone, 0);
    }
    service.run();
    assert_int_equal(service.gone, 1);
    assert_int_equal(service.server->connections(), 0);
}

void many_calls_without_reading_are_cut_off_too(void **)
{
    Service service;
    Caller caller = service.connect();
    const BootTime until = boot_time() + 5s;
    const std::string call = std::string{R"({"method":"a.b.Big"})"} + '\0';
    while (service.server->connections() <= 1 && boot_time() < until) {
        if (::send(caller.fd(), call.data(), call.size(), MSG_NOSIGNAL) < 0 && errno == EPIPE)
            break;
        (void)sd_event_run(service.loop.get(), 1000);
    }
    service.run();
    assert_int_equal(service.server->connections(), 0);
    assert_true(service.calls > 10 && service.calls < 60);
}

void a_last_word_that_nobody_reads_does_not_hold_the_server(void **)
{
    Service service;
    {
        Caller caller = service.connect();
        caller.call(R"({"method":"a.b.Keep","more":true})");
        service.run();
        const ipc::Json big = ipc::make_message(std::string(60'000, 'x'));
        for (int i = 0; i < 12; ++i)
            service.kept[0]->reply_and_continue(big);
        service.kept[0]->reply(big);
        caller.call("nonsense");
        service.run();
        assert_int_equal(service.server->connections(), 1);
    }
    service.run();
    assert_int_equal(service.server->connections(), 0);
    assert_true(service.idle > 0);
}

} // namespace

int main()
{
    const CMUnitTest tests[] = {
        cmocka_unit_test(a_wrong_caller_is_told_by_name_and_cut_off_and_nobody_else),
        cmocka_unit_test(the_service_tells_about_itself),
        cmocka_unit_test(calls_in_one_packet_are_answered_one_by_one_in_order),
        cmocka_unit_test(several_replies_continue_and_the_last_does_not),
        cmocka_unit_test(a_oneway_call_gets_no_reply),
        cmocka_unit_test(a_late_frame_ends_the_connection),
        cmocka_unit_test(one_user_has_so_many_connections_and_no_more),
        cmocka_unit_test(a_caller_who_leaves_is_told_of_once),
        cmocka_unit_test(who_does_not_read_is_cut_off_from_the_loop),
        cmocka_unit_test(many_calls_without_reading_are_cut_off_too),
        cmocka_unit_test(a_last_word_that_nobody_reads_does_not_hold_the_server),
    };
    return cmocka_run_group_tests_name("sys/varlink_server", tests, nullptr, nullptr);
}
