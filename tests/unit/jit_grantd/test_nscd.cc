#include "tests/unit/cmocka_cpp.h"

#include <cstring>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "jit_grantd/nscd.h"
#include "tests/unit/jit_grantd/world.h"

using namespace jit;
using namespace jit::grantd;
using namespace jit::grantd::test;
using namespace std::chrono_literals;

namespace {

// What a cache says to one call; what it was asked is kept in a file.
struct Cache {
    enum class Manner {
        obeys,
        refuses,
        hangs_up,
        says_half,
        sleeps,
    };

    explicit Cache(World &world, Manner manner) : path(world.folder + "/socket")
    {
        const int socket = ::socket(AF_UNIX, SOCK_STREAM, 0);
        sockaddr_un address{};
        address.sun_family = AF_UNIX;
        (void)path.copy(address.sun_path, sizeof address.sun_path - 1);
        assert_int_equal(bind(socket, reinterpret_cast<sockaddr *>(&address), sizeof address), 0);
        assert_int_equal(listen(socket, 4), 0);
        pid = fork();
        if (pid == 0)
            serve(world, socket, manner);
        close(socket);
    }
    ~Cache()
    {
        (void)kill(pid, SIGKILL);
        (void)waitpid(pid, nullptr, 0);
    }
    [[noreturn]] static void serve(World &world, int socket, Manner manner)
    {
        const int caller = accept(socket, nullptr, nullptr);
        char asked[64];
        const ssize_t size = recv(caller, asked, sizeof asked, 0);
        world.put(world.folder + "/asked", {asked, static_cast<std::size_t>(size)});
        const std::int32_t answer = manner == Manner::refuses ? EACCES : 0;
        if (manner == Manner::sleeps)
            pause();
        if (manner != Manner::hangs_up)
            (void)send(caller, &answer, manner == Manner::says_half ? 2 : sizeof answer, 0);
        _exit(0);
    }
    std::string path;
    pid_t pid;
};

void it_is_asked_to_forget_groups_in_the_words_of_its_own_program(void **)
{
    World world;
    Cache cache{world, Cache::Manner::obeys};
    assert_true(flush_nscd(cache.path, 5s).has_value());
    const std::string asked = world.get(world.folder + "/asked");
    const std::int32_t header[] = {2, 10, 6};
    assert_int_equal(asked.size(), sizeof header + 6);
    assert_memory_equal(asked.data(), header, sizeof header);
    assert_memory_equal(asked.data() + sizeof header, "group", 6);
}

void no_answer_a_refusal_and_half_an_answer_are_errors(void **)
{
    for (const Cache::Manner manner :
         {Cache::Manner::refuses, Cache::Manner::hangs_up, Cache::Manner::says_half}) {
        World world;
        Cache cache{world, manner};
        assert_false(flush_nscd(cache.path, 5s).has_value());
    }
}

void one_that_hangs_is_waited_for_so_long_and_no_longer(void **)
{
    World world;
    Cache cache{world, Cache::Manner::sleeps};
    const BootTime began = boot_time();
    const auto done = flush_nscd(cache.path, 50ms);
    assert_false(done.has_value());
    assert_int_equal(static_cast<int>(done.error().code), static_cast<int>(Code::timed_out));
    assert_true(boot_time() - began < 3s);
}

void where_nobody_listens_none_is_running(void **)
{
    World world;
    assert_false(is_nscd_running(world.folder + "/socket"));
    assert_false(flush_nscd(world.folder + "/socket").has_value());
    {
        const Cache cache{world, Cache::Manner::obeys};
        assert_true(is_nscd_running(cache.path));
    }
    assert_false(is_nscd_running(world.folder + "/socket")); // left behind by a dead one
}

} // namespace

int main()
{
    const CMUnitTest tests[] = {
        cmocka_unit_test(it_is_asked_to_forget_groups_in_the_words_of_its_own_program),
        cmocka_unit_test(no_answer_a_refusal_and_half_an_answer_are_errors),
        cmocka_unit_test(one_that_hangs_is_waited_for_so_long_and_no_longer),
        cmocka_unit_test(where_nobody_listens_none_is_running),
    };
    return cmocka_run_group_tests_name("jit_grantd/nscd", tests, nullptr, nullptr);
}
