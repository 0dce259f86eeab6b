// Other users of the host, who want a server to stand still: what they may have of it, and that
// root never waits for them. Root makes them; without it these tests are left out.
#include "tests/unit/cmocka_cpp.h"

#include <netinet/in.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstring>
#include <filesystem>
#include <vector>

#include "lib/ipc/frame.h"
#include "lib/sys/varlink_server.h"
#include "tests/unit/sys/folder.h"

using namespace jit;
using namespace jit::sys;
using namespace std::chrono_literals;

namespace {

constexpr uid_t mallory = 61001;
constexpr uid_t bob = 61002;
constexpr auto patience = 200ms;

Fd listen_at(const std::string &path, mode_t mode, int backlog)
{
    Fd listening{socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)};
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    path.copy(address.sun_path, sizeof address.sun_path - 1);
    assert_int_equal(
        bind(listening.get(), reinterpret_cast<const sockaddr *>(&address), sizeof address), 0);
    assert_int_equal(chmod(path.c_str(), mode), 0);
    assert_int_equal(listen(listening.get(), backlog), 0);
    return listening;
}

struct Service {
    explicit Service(std::chrono::microseconds at_once = 0us,
                     std::chrono::microseconds a_second = 0us,
                     std::chrono::microseconds of_a_fault = 0us)
    {
        assert_int_equal(chmod(folder.path.c_str(), 0755), 0);
        loop = *make_loop();
        path = folder.path + "/socket";
        path_of_root = path + ".root";
        VarlinkServer::Limits limits{20, 10, 4, patience};
        limits.work_at_once = at_once;
        limits.work_a_second = a_second;
        limits.work_of_a_fault = of_a_fault;
        limits.unread_bytes_of_one_user = 200'000;
        server = *VarlinkServer::make(
            loop.get(), listen_at(path, 0666, 2048), {"test", "a.b", "interface a.b\n"}, limits,
            [this](const std::shared_ptr<Exchange> &exchange) { answer(exchange); });
        assert_true(server->listen_for_root(listen_at(path_of_root, 0600, 64)).has_value());
    }
    void answer(const std::shared_ptr<Exchange> &exchange)
    {
        const uid_t uid = exchange->peer().uid;
        ++(uid == 0 ? calls_of_root : uid == bob ? calls_of_bob : calls_of_mallory);
        const std::string &method = exchange->call().method;
        if (method == "a.b.Keep") {
            kept.push_back(exchange);
        } else if (method == "a.b.Big") {
            exchange->reply(ipc::make_message(std::string(60'000, 'x')));
        } else if (method == "a.b.Work") {
            const auto until = thread_time() + 2ms;
            while (thread_time() < until)
                ;
            exchange->reply(ipc::make_message("worked"));
        } else {
            exchange->reply(ipc::make_message("echo"));
        }
    }
    // As that user, whom SO_PEERCRED shows.
    Fd connect(uid_t uid, const std::string &to) const
    {
        assert_int_equal(seteuid(uid), 0);
        auto made = connect_unix(to);
        assert_int_equal(seteuid(0), 0);
        return made ? *std::move(made) : Fd{};
    }
    Fd connect(uid_t uid) const { return connect(uid, path); }
    void turn() { (void)sd_event_run(loop.get(), 5000); }
    void run(std::chrono::milliseconds length)
    {
        const BootTime until = boot_time() + length;
        for (int i = 0; i < 10 || boot_time() < until; ++i)
            turn();
    }
    static std::string read(const Fd &caller)
    {
        std::string text(64 * 1024, '\0');
        const ssize_t got = recv(caller.get(), text.data(), text.size(), MSG_DONTWAIT);
        text.resize(got > 0 ? static_cast<std::size_t>(got) : 0);
        return got == 0 || (got < 0 && errno == ECONNRESET) ? "closed" : text;
    }
    // Until an answer or the end comes; how many turns of the loop it took.
    std::string await(const Fd &caller, int &turns)
    {
        for (turns = 0; turns < 2000; ++turns) {
            std::string said = read(caller);
            if (!said.empty())
                return said;
            turn();
        }
        return "silence";
    }

    test::Folder folder;
    std::string path;
    std::string path_of_root;
    Loop loop;
    int calls_of_root = 0;
    int calls_of_mallory = 0;
    int calls_of_bob = 0;
    std::vector<std::shared_ptr<Exchange>> kept;
    std::unique_ptr<VarlinkServer> server;
};

std::string make_call(const std::string &method, int times = 1)
{
    std::string all;
    for (int i = 0; i < times; ++i)
        all += R"({"method":"a.b.)" + method + "\"}" + '\0';
    return all;
}

bool send(const Fd &caller, const std::string &bytes)
{
    return ::send(caller.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT) > 0;
}

bool pass(const Fd &caller, const std::vector<int> &fds, int flags = 0)
{
    std::vector<char> control(CMSG_SPACE(fds.size() * sizeof(int)));
    char byte = '{';
    iovec part{&byte, 1};
    msghdr message{};
    message.msg_iov = &part;
    message.msg_iovlen = 1;
    message.msg_control = control.data();
    message.msg_controllen = control.size();
    cmsghdr *const header = CMSG_FIRSTHDR(&message);
    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_RIGHTS;
    header->cmsg_len = CMSG_LEN(fds.size() * sizeof(int));
    std::memcpy(CMSG_DATA(header), fds.data(), fds.size() * sizeof(int));
    return sendmsg(caller.get(), &message, flags | MSG_NOSIGNAL) == 1;
}

// A TCP socket whose last close takes 20 s, because the other end reads nothing.
struct Lingering {
    Lingering()
    {
        const Fd listening{socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)};
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        socklen_t size = sizeof address;
        auto *const name = reinterpret_cast<sockaddr *>(&address);
        assert_int_equal(bind(listening.get(), name, size), 0);
        assert_int_equal(listen(listening.get(), 1), 0);
        assert_int_equal(getsockname(listening.get(), name, &size), 0);
        near.reset(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
        assert_int_equal(connect(near.get(), name, size), 0);
        far.reset(accept(listening.get(), nullptr, nullptr));
        const std::string much(1 << 16, 'x');
        while (::send(near.get(), much.data(), much.size(), MSG_DONTWAIT) > 0)
            ;
        const linger wait{1, 20};
        assert_int_equal(setsockopt(near.get(), SOL_SOCKET, SO_LINGER, &wait, sizeof wait), 0);
    }
    Fd near;
    Fd far;
};

std::size_t open_descriptors()
{
    const std::filesystem::directory_iterator all{"/proc/self/fd"};
    return static_cast<std::size_t>(std::distance(begin(all), end(all)));
}

// A neighbour could stop the daemon for as long as he liked, and the watchdog would kill it.
void regress_passed_descriptors_that_linger_stop_nobody(void **)
{
    enum class How {
        read,
        refused_first,
        unread_at_the_end,
        urgent,
        no_room
    };
    for (const How how :
         {How::read, How::refused_first, How::unread_at_the_end, How::urgent, How::no_room}) {
        Service service;
        std::vector<Fd> others;
        if (how == How::no_room) {
            for (int i = 0; i < 4; ++i)
                others.push_back(service.connect(mallory));
            service.run(10ms);
        }
        const BootTime began = boot_time();
        const std::size_t before = open_descriptors();
        {
            Lingering passed;
            Fd caller = service.connect(mallory);
            if (how == How::refused_first)
                assert_true(send(caller, std::string{"no call\0", 8}));
            if (how == How::unread_at_the_end) {
                assert_true(send(caller, make_call("Keep")));
                service.run(10ms);
            }
            assert_true(pass(caller, {passed.near.get()}, how == How::urgent ? MSG_OOB : 0));
            // Who reads on drops urgent data unseen.
            if (how == How::urgent)
                assert_true(send(caller, make_call("Echo")));
            passed.near.reset();
            if (how != How::read && how != How::no_room)
                caller.reset();
            service.run(300ms);
            service.kept.clear();
            // The far end stays: with it the lingering would end.
            service.server.reset();
        }
        assert_true(boot_time() - began < 5s);
        // Counted once more below, with those of the service that is gone.
        assert_true(open_descriptors() <= before);
    }
}

void a_passed_descriptor_ends_the_connection_and_is_not_taken(void **)
{
    Service service;
    const Fd caller = service.connect(mallory);
    service.run(10ms);
    const std::size_t before = open_descriptors();
    const std::vector<int> many(250, 0);
    assert_true(pass(caller, many));
    int turns = 0;
    assert_true(service.await(caller, turns).find("descriptors are not taken") !=
                std::string::npos);
    service.run(60ms);
    assert_text(service.read(caller), "closed");
    assert_true(open_descriptors() <= before);
    assert_int_equal(service.server->connections(), 0);
    // Of root's own programs it is not asked.
    const Fd good = service.connect(bob);
    assert_true(send(good, make_call("Echo")));
    assert_true(service.await(good, turns).find("echo") != std::string::npos);
}

void regress_roots_call_waits_for_none_of_a_flood(void **)
{
    Service service;
    // The queue for everybody is full before root comes.
    std::vector<Fd> flood;
    for (int i = 0; i < 1000; ++i)
        flood.push_back(service.connect(mallory));
    const Fd root = service.connect(0, service.path_of_root);
    assert_true(send(root, make_call("Echo")));
    int turns = 0;
    assert_true(service.await(root, turns).find("echo") != std::string::npos);
    assert_true(turns < 10);
}

void only_root_is_let_in_at_roots_socket(void **)
{
    Service service;
    assert_true(service.connect(mallory, service.path_of_root).get() < 0);
    // Even if the file system let him.
    assert_int_equal(chmod(service.path_of_root.c_str(), 0666), 0);
    const Fd caller = service.connect(mallory, service.path_of_root);
    assert_true(send(caller, make_call("Echo")));
    service.run(30ms);
    assert_int_equal(service.calls_of_mallory, 0);
}

// Connections of root are not counted against other users, nor the other way round.
void regress_connections_of_root_leave_users_theirs(void **)
{
    Service service;
    std::vector<Fd> open;
    for (int i = 0; i < 11; ++i) {
        open.push_back(service.connect(0, service.path_of_root));
        assert_true(send(open.back(), make_call("Keep")));
    }
    service.run(20ms);
    assert_int_equal(service.calls_of_root, 11);
    const Fd caller = service.connect(bob);
    assert_true(send(caller, make_call("Echo")));
    int turns = 0;
    assert_true(service.await(caller, turns).find("echo") != std::string::npos);
}

void a_user_has_his_share_of_the_time_and_others_have_theirs(void **)
{
    // 10 ms at once, and a fifth of the time; each call takes 2.
    Service service{10ms, 200ms};
    const Fd greedy = service.connect(mallory);
    assert_true(send(greedy, make_call("Work", 500)));
    service.run(500ms);
    // 10 ms, and 100 of the 500, and a call more; on a busy machine less.
    assert_true(service.calls_of_mallory > 0);
    assert_true(service.calls_of_mallory < 90);

    const Fd modest = service.connect(bob);
    assert_true(send(modest, make_call("Echo")));
    int turns = 0;
    assert_true(service.await(modest, turns).find("echo") != std::string::npos);
}

void who_has_had_his_share_is_not_let_in_anew(void **)
{
    Service service{2ms, 1ms};
    const Fd greedy = service.connect(mallory);
    assert_true(send(greedy, make_call("Work", 2)));
    service.run(30ms);
    int turns = 0;
    const Fd again = service.connect(mallory);
    assert_true(service.await(again, turns).find("TooMany") != std::string::npos);
    const Fd other = service.connect(bob);
    assert_true(send(other, make_call("Echo")));
    assert_true(service.await(other, turns).find("echo") != std::string::npos);
}

void a_users_share_comes_back(void **)
{
    Service service{10ms, 200ms};
    const Fd greedy = service.connect(mallory);
    assert_true(send(greedy, make_call("Work", 20)));
    const BootTime until = boot_time() + 10s;
    while (service.calls_of_mallory < 20 && boot_time() < until)
        service.turn();
    assert_int_equal(service.calls_of_mallory, 20);
}

void who_breaks_the_rules_is_soon_not_let_in(void **)
{
    Service service{10ms, 1ms, 6ms};
    std::string said;
    for (int i = 0; i < 3; ++i) {
        const Fd caller = service.connect(mallory);
        (void)send(caller, std::string{"no call\0", 8});
        int turns = 0;
        said = service.await(caller, turns);
        service.run(5ms);
    }
    assert_true(said.find("TooMany") != std::string::npos);
}

void who_is_held_and_leaves_is_forgotten(void **)
{
    Service service{1ms, 1ms};
    {
        const Fd greedy = service.connect(mallory);
        assert_true(send(greedy, make_call("Work", 50)));
        service.run(30ms);
        assert_int_equal(service.server->connections(), 1);
    }
    service.run(30ms);
    assert_int_equal(service.server->connections(), 0);
}

void who_never_reads_gets_so_much_and_loses_his_place(void **)
{
    Service service;
    std::vector<Fd> deaf;
    for (int i = 0; i < 4; ++i) {
        deaf.push_back(service.connect(mallory));
        assert_true(send(deaf.back(), make_call("Big", 200)));
    }
    service.run(100ms);
    // Four socket buffers of some 200 kB, what is held past them, and an answer each.
    assert_true(service.calls_of_mallory > 4 && service.calls_of_mallory < 32);
    service.run(7 * patience);
    assert_int_equal(service.server->connections(), 0);
}

void a_flood_of_connections_is_taken_in_at_our_pace(void **)
{
    Service service;
    std::vector<Fd> flood;
    for (int i = 0; i < 1000; ++i)
        flood.push_back(service.connect(mallory));
    // Root's socket is ready all the while: the loop has something to do.
    service.run(30ms);
    std::size_t answered = 0;
    for (const Fd &one : flood)
        answered += service.read(one).empty() ? 0 : 1;
    assert_true(answered > 0);
    assert_true(answered < 500);
}

} // namespace

int main()
{
    if (geteuid() != 0) {
        std::fputs("test_neighbours: needs root, to be other users\n", stderr);
        return 77;
    }
    rlimit most{};
    (void)getrlimit(RLIMIT_NOFILE, &most);
    most.rlim_cur = std::min<rlim_t>(most.rlim_max, 4096);
    (void)setrlimit(RLIMIT_NOFILE, &most);
    const CMUnitTest tests[] = {
        cmocka_unit_test(regress_passed_descriptors_that_linger_stop_nobody),
        cmocka_unit_test(a_passed_descriptor_ends_the_connection_and_is_not_taken),
        cmocka_unit_test(regress_roots_call_waits_for_none_of_a_flood),
        cmocka_unit_test(only_root_is_let_in_at_roots_socket),
        cmocka_unit_test(regress_connections_of_root_leave_users_theirs),
        cmocka_unit_test(a_user_has_his_share_of_the_time_and_others_have_theirs),
        cmocka_unit_test(who_has_had_his_share_is_not_let_in_anew),
        cmocka_unit_test(a_users_share_comes_back),
        cmocka_unit_test(who_breaks_the_rules_is_soon_not_let_in),
        cmocka_unit_test(who_is_held_and_leaves_is_forgotten),
        cmocka_unit_test(who_never_reads_gets_so_much_and_loses_his_place),
        cmocka_unit_test(a_flood_of_connections_is_taken_in_at_our_pace),
    };
    return cmocka_run_group_tests_name("sys/neighbours", tests, nullptr, nullptr);
}
