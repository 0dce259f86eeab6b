#include "tests/unit/cmocka_cpp.h"

#include <ctime>
#include <sys/wait.h>
#include <unistd.h>

#include "jit_grantd/proc_processes.h"
#include "jit_grantd/proc_text.h"

using namespace jit;
using namespace jit::grantd;

namespace {

// Fields 3 to 21, of which none matters here, and then the start.
const std::string before_start = "S 1 77 77 0 -1 4194560 1 2 3 4 5 6 7 8 20 0 1 0 ";

void stat_gives_pid_name_and_start(void **)
{
    const auto process = parse_stat("77 (sudo) " + before_start + "123456 9 9\n");
    assert_true(process.has_value());
    assert_int_equal(process->pid, 77);
    assert_text(process->name, "sudo");
    assert_int_equal(process->start, 123456);
}

void a_name_may_look_like_the_rest_of_the_line(void **)
{
    const std::string name = "a) S 1 1 (b) R 2";
    const auto process = parse_stat("77 (" + name + ") " + before_start + "5\n");
    assert_true(process.has_value());
    assert_text(process->name, name);
    assert_int_equal(process->start, 5);
    assert_true(parse_stat("77 () " + before_start + "5\n").has_value());
}

void what_is_no_stat_is_refused(void **)
{
    for (const std::string &text :
         {std::string{}, std::string{"77"}, std::string{"77 (sudo"}, std::string{"77 (sudo) S 1"},
          "x (sudo) " + before_start + "5", "77 (sudo) " + before_start + "x",
          "77 (sudo) " + before_start, ") 77 (" + before_start})
        assert_true(parse_stat(text).error().code == Code::bad_input);
}

void status_gives_uids_and_every_group(void **)
{
    Process process;
    assert_true(parse_status("Name:\tUid:\t9\nUid:\t1000\t0\t0\t0\nGid:\t100\t50\t50\t50\n"
                             "FDSize:\t64\nGroups:\t4 27 2001 \n",
                             process)
                    .has_value());
    assert_int_equal(process.real, 1000);
    assert_int_equal(process.effective, 0);
    assert_true(process.groups == (std::vector<gid_t>{50, 4, 27, 2001}));
    assert_true(process.is_of(1000) && process.is_of(0) && !process.is_of(50));
    assert_true(parse_status("Uid:\t1\t1\nGid:\t1\t1\nGroups:\t\n", process).has_value());
    assert_int_equal(process.groups.size(), 1);
}

void what_is_no_status_is_refused(void **)
{
    for (const char *text :
         {"", "Uid:\t1\t1\nGid:\t1\t1\n", "Gid:\t1\t1\nGroups:\t\n", "Uid:\t1\t1\nGroups:\t\n",
          "Uid:\t1\nGid:\t1\t1\nGroups:\t\n", "Uid:\t1\tx\nGid:\t1\t1\nGroups:\t\n",
          "Uid:\t1\t1\nGid:\t1\nGroups:\t\n", "Uid:\t1\t1\nGid:\t1\t1\nGroups:\t5 x\n",
          "Uid:\t-1\t1\nGid:\t1\t1\nGroups:\t\n", "Uid:\t1\t1\nGid:\t1\t4294967296\nGroups:\t\n"}) {
        Process process;
        assert_true(parse_status(text, process).error().code == Code::bad_input);
    }
}

void this_process_is_found_as_it_is(void **)
{
    ProcProcesses processes;
    const auto own = processes.look(getpid());
    assert_true(own.has_value());
    assert_int_equal(own->pid, getpid());
    assert_int_equal(own->real, getuid());
    assert_true(own->start > 0);
    const auto listed = processes.list();
    assert_true(listed.has_value());
    bool is_listed = false;
    for (const Process &each : *listed)
        is_listed = is_listed || (each.pid == own->pid && each.start == own->start);
    assert_true(is_listed);
    assert_true(processes.look(0).error().code == Code::not_found);
}

// A child that ends after a while, and its start.
void a_process_is_waited_for_and_not_for_ever(void **)
{
    ProcProcesses processes;
    const pid_t pid = fork();
    if (pid == 0) {
        const timespec pause{0, 100'000'000};
        (void)nanosleep(&pause, nullptr);
        _exit(0);
    }
    const Run run{pid, processes.look(pid)->start};
    const auto wait = [&](const Run &each, std::chrono::milliseconds patience) {
        const BootTime began = boot_time();
        processes.await_end(each, patience);
        return boot_time() - began;
    };
    assert_true(wait({pid, run.start + 1}, std::chrono::seconds{9}) < std::chrono::seconds{5});
    assert_true(wait(run, std::chrono::milliseconds{1}) < std::chrono::seconds{5});
    assert_true(wait(run, std::chrono::seconds{9}) < std::chrono::seconds{5});
    (void)waitpid(pid, nullptr, 0);
    processes.await_end(run, std::chrono::seconds{9}); // absent
}

} // namespace

int main()
{
    const CMUnitTest tests[] = {
        cmocka_unit_test(stat_gives_pid_name_and_start),
        cmocka_unit_test(a_name_may_look_like_the_rest_of_the_line),
        cmocka_unit_test(what_is_no_stat_is_refused),
        cmocka_unit_test(status_gives_uids_and_every_group),
        cmocka_unit_test(what_is_no_status_is_refused),
        cmocka_unit_test(this_process_is_found_as_it_is),
        cmocka_unit_test(a_process_is_waited_for_and_not_for_ever),
    };
    return cmocka_run_group_tests_name("jit_grantd/proc_text", tests, nullptr, nullptr);
}
