#include "tests/unit/cmocka_cpp.h"

#include <csignal>
#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "jit_grantd/account_lock.h"
#include "lib/sys/folders.h"
#include "tests/unit/jit_grantd/world.h"

using namespace jit;
using namespace jit::grantd;
using namespace jit::grantd::test;
using namespace std::chrono_literals;

namespace {

struct Etc : World {
    Fd folder = *sys::open_directory(places.etc, 0755);
    std::string path(const char *name) const { return places.etc + "/" + name; }
    Result<AccountLock> take(std::chrono::milliseconds patience = 200ms)
    {
        return AccountLock::take(folder.get(), patience);
    }
    bool has_locks() const
    {
        return has_file(path("group.lock")) || has_file(path("gshadow.lock")) ||
               has_file(path(".group.lock.jit")) || has_file(path(".gshadow.lock.jit"));
    }
};

// As the shadow suite writes it.
std::string lock_text(pid_t pid)
{
    return std::to_string(pid) + std::string(1, '\0');
}

pid_t dead_process()
{
    const pid_t pid = fork();
    if (pid == 0)
        _exit(0);
    (void)waitpid(pid, nullptr, 0);
    return pid;
}

void expect_busy(const Result<AccountLock> &lock, const char *said)
{
    assert_false(lock.has_value());
    assert_int_equal(static_cast<int>(lock.error().code), static_cast<int>(Code::timed_out));
    assert_true(std::string_view{lock.error().what}.find(said) != std::string_view::npos);
}

void the_lock_files_name_this_process_while_it_is_held_and_are_gone_after(void **)
{
    Etc etc;
    {
        const auto lock = etc.take();
        assert_true(lock.has_value());
        for (const char *name : {"group.lock", "gshadow.lock"})
            assert_true(etc.get(etc.path(name)) == lock_text(getpid()));
    }
    assert_false(etc.has_locks());
}

// A program that calls lckpwdf(3), in a process of its own.
void who_holds_lckpwdf_is_waited_for(void **)
{
    Etc etc;
    int ready[2];
    int stop[2];
    assert_int_equal(pipe(ready), 0);
    assert_int_equal(pipe(stop), 0);
    const pid_t pid = fork();
    if (pid == 0) {
        close(stop[1]);
        const int file = open(etc.path(".pwd.lock").c_str(), O_WRONLY | O_CREAT, 0600);
        struct flock whole {
        };
        whole.l_type = F_WRLCK;
        char byte = fcntl(file, F_SETLK, &whole) == 0 ? 'y' : 'n';
        (void)!write(ready[1], &byte, 1);
        (void)!read(stop[0], &byte, 1);
        _exit(0);
    }
    char byte = 0;
    assert_int_equal(read(ready[0], &byte, 1), 1);
    assert_int_equal(byte, 'y');
    expect_busy(etc.take(50ms), "/etc/.pwd.lock");
    assert_false(etc.has_locks());
    close(stop[0]);
    close(stop[1]);
    assert_true(etc.take(2s).has_value());
    (void)waitpid(pid, nullptr, 0);
}

void while_it_is_held_lckpwdf_is_not_to_be_had(void **)
{
    Etc etc;
    const auto lock = etc.take();
    assert_true(lock.has_value());
    const pid_t pid = fork();
    if (pid == 0) {
        const int file = open(etc.path(".pwd.lock").c_str(), O_WRONLY | O_CREAT, 0600);
        struct flock whole {
        };
        whole.l_type = F_WRLCK;
        _exit(fcntl(file, F_SETLK, &whole) == 0 ? 1 : 0);
    }
    int status = -1;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(status, 0);
    expect_busy(etc.take(30ms), "/etc/.pwd.lock");
}

void a_lock_file_of_a_live_process_is_waited_for_and_named(void **)
{
    for (const char *name : {"group.lock", "gshadow.lock"}) {
        Etc etc;
        etc.put(etc.path(name), lock_text(getppid()));
        expect_busy(etc.take(50ms), (std::string{"/etc/"} + name).c_str());
        assert_true(etc.get(etc.path(name)) == lock_text(getppid())); // not ours to remove
        std::filesystem::remove(etc.path(name));
        assert_false(etc.has_locks());
        assert_true(etc.take().has_value());
    }
}

void a_lock_file_of_a_dead_process_is_taken_over(void **)
{
    Etc etc;
    etc.put(etc.path("group.lock"), lock_text(dead_process()));
    etc.put(etc.path("gshadow.lock"), std::to_string(dead_process()));
    assert_true(etc.take().has_value());
    assert_false(etc.has_locks());
}

void a_lock_file_that_names_no_process_is_left_and_named(void **)
{
    const std::string texts[] = {"", "x", "12 ", "-1", "0", std::string(100, '1'), "99999999999"};
    for (const std::string &text : texts) {
        Etc etc;
        etc.put(etc.path("gshadow.lock"), text);
        expect_busy(etc.take(30ms), "/etc/gshadow.lock names no process");
        assert_true(etc.has_file(etc.path("gshadow.lock")));
        assert_false(etc.has_file(etc.path("group.lock")));
    }
}

// A kill, at any moment, with the number given to another process since: the power was off.
void regress_a_lock_that_a_crash_of_ours_left_is_known_though_its_number_is_anothers(void **)
{
    Etc etc;
    for (const char *name : {"group.lock", "gshadow.lock"}) {
        const std::string own = etc.path((std::string{"."} + name + ".jit").c_str());
        etc.put(own, lock_text(getppid()));
        std::filesystem::create_hard_link(own, etc.path(name));
    }
    assert_true(etc.take().has_value());
    assert_false(etc.has_locks());
    // Killed before it was linked, or after its first name was gone.
    etc.put(etc.path(".group.lock.jit"), lock_text(getppid()));
    assert_true(etc.take().has_value());
    assert_false(etc.has_locks());
}

void a_kill_while_it_is_held_bars_nobody(void **)
{
    Etc etc;
    int ready[2];
    assert_int_equal(pipe(ready), 0);
    const pid_t pid = fork();
    if (pid == 0) {
        const auto lock = etc.take();
        (void)!write(ready[1], "y", 1);
        pause();
        _exit(0);
    }
    char byte = 0;
    assert_int_equal(read(ready[0], &byte, 1), 1);
    expect_busy(etc.take(30ms), ".pwd.lock");
    assert_int_equal(kill(pid, SIGKILL), 0);
    (void)waitpid(pid, nullptr, 0);
    assert_true(etc.has_locks());
    assert_true(etc.take().has_value());
    assert_false(etc.has_locks());
}

void links_in_the_place_of_lock_files_are_not_followed(void **)
{
    Etc etc;
    etc.put(etc.path("victim"), "text");
    std::filesystem::create_symlink(etc.path("victim"), etc.path("group.lock"));
    assert_false(etc.take(30ms).has_value());
    std::filesystem::remove(etc.path("group.lock"));
    std::filesystem::create_symlink(etc.path("victim"), etc.path(".group.lock.jit"));
    assert_true(etc.take().has_value());
    assert_true(etc.get(etc.path("victim")) == "text");
}

} // namespace

int main()
{
    const CMUnitTest tests[] = {
        cmocka_unit_test(the_lock_files_name_this_process_while_it_is_held_and_are_gone_after),
        cmocka_unit_test(who_holds_lckpwdf_is_waited_for),
        cmocka_unit_test(while_it_is_held_lckpwdf_is_not_to_be_had),
        cmocka_unit_test(a_lock_file_of_a_live_process_is_waited_for_and_named),
        cmocka_unit_test(a_lock_file_of_a_dead_process_is_taken_over),
        cmocka_unit_test(a_lock_file_that_names_no_process_is_left_and_named),
        cmocka_unit_test(
            regress_a_lock_that_a_crash_of_ours_left_is_known_though_its_number_is_anothers),
        cmocka_unit_test(a_kill_while_it_is_held_bars_nobody),
        cmocka_unit_test(links_in_the_place_of_lock_files_are_not_followed),
    };
    return cmocka_run_group_tests_name("jit_grantd/account_lock", tests, nullptr, nullptr);
}
