#include "tests/unit/cmocka_cpp.h"

#include <cstdlib>
#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include "jit_grantd/tell.h"
#include "jit_grantd/terminals.h"
#include "lib/base/text.h"
#include "tests/unit/jit_grantd/world.h"

using namespace jit;
using namespace jit::grantd;
using namespace jit::grantd::test;
using namespace std::chrono_literals;

namespace {

Entry make_entry(std::chrono::seconds left)
{
    Entry entry;
    entry.id = World::id('1');
    entry.user = "alice";
    entry.role = "dba";
    entry.until = FakeClocks{}.time.wall + left;
    entry.until_boot = FakeClocks{}.time.boot + left;
    entry.state = Entry::State::live;
    return entry;
}

void a_live_grant_says_how_long_it_lasts_and_what_to_do(void **)
{
    const Now now = FakeClocks{}.time;
    Entry entry = make_entry(60s);
    assert_text(describe_standing(entry, now), "jit: role \"dba\" ends in 1m, at " +
                                                   format_time(entry.until) +
                                                   "; to go on: jitctl extend dba");
    entry.grace = 5s;
    assert_true(describe_standing(entry, now).find("with all that you started under it") !=
                std::string::npos);
    // By whichever clock it ends first.
    entry.until_boot = now.boot + 30s;
    assert_true(describe_standing(entry, now).find("ends in 30s") != std::string::npos);
}

void an_ended_grant_says_so_and_what_ends_with_it(void **)
{
    Entry entry = make_entry(60s);
    entry.state = Entry::State::ended;
    entry.cause = "revoked";
    assert_text(describe_standing(entry, {}), "jit: role \"dba\" was taken back");
    entry.cause = "expired";
    entry.grace = 5s;
    assert_text(describe_standing(entry, {}), "jit: role \"dba\" has ended");
    entry.processes = {"1 vi"};
    assert_text(describe_standing(entry, {}),
                "jit: role \"dba\" has ended, and what you started under it ends within 5s");
}

void a_grant_that_nobody_knows_is_told_to_nobody(void **)
{
    World world;
    assert_true(tell(world.places, world.disk, World::id('9'), {}).error().code == Code::not_found);
}

// What a terminal's other side reads, waiting no longer than a moment.
std::string read_from(int master)
{
    pollfd one{master, POLLIN, 0};
    std::string text(1024, '\0');
    if (poll(&one, 1, 200) != 1)
        return {};
    const ssize_t got = read(master, text.data(), text.size());
    text.resize(got > 0 ? static_cast<std::size_t>(got) : 0);
    return text;
}

void only_terminals_of_the_user_are_written_to(void **)
{
    if (geteuid() != 0) {
        print_message("skipped: needs to be root, to give a terminal away\n");
        return;
    }
    const Fd own{posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC)};
    const Fd other{posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC)};
    for (const Fd *each : {&own, &other})
        assert_true(grantpt(each->get()) == 0 && unlockpt(each->get()) == 0);
    char name[64];
    assert_int_equal(ptsname_r(own.get(), name, sizeof name), 0);
    const std::string path = name;
    // Open on the person's side, as a terminal somebody sits at is.
    const Fd person{open(path.c_str(), O_RDWR | O_NOCTTY | O_CLOEXEC)};
    assert_int_equal(fchown(person.get(), 54321, 54321), 0);
    assert_int_equal(fchmod(person.get(), 0600), 0); // mesg n
    tell_terminals("/dev", 54321, "jit: \x1b[31mhello");
    const std::string said = read_from(own.get());
    assert_true(said.find("jit: ") != std::string::npos && said.find("hello") != std::string::npos);
    assert_true(said.find('\x1b') == std::string::npos);
    assert_text(read_from(other.get()), "");
}

void what_is_no_terminal_is_not_written_to(void **)
{
    World world;
    std::filesystem::create_directories(world.folder + "/dev/pts");
    world.put(world.folder + "/dev/pts/3", "");
    world.put(world.folder + "/dev/tty1", "");
    assert_int_equal(mkfifo((world.folder + "/dev/pts/4").c_str(), 0666), 0);
    std::filesystem::create_symlink("/dev/full", world.folder + "/dev/pts/5");
    tell_terminals(world.folder + "/dev", getuid(), "hello");
    assert_text(world.get(world.folder + "/dev/pts/3"), "");
    assert_text(world.get(world.folder + "/dev/tty1"), "");
    tell_terminals(world.folder + "/nowhere", getuid(), "hello");
}

} // namespace

int main()
{
    const CMUnitTest tests[] = {
        cmocka_unit_test(a_live_grant_says_how_long_it_lasts_and_what_to_do),
        cmocka_unit_test(an_ended_grant_says_so_and_what_ends_with_it),
        cmocka_unit_test(a_grant_that_nobody_knows_is_told_to_nobody),
        cmocka_unit_test(only_terminals_of_the_user_are_written_to),
        cmocka_unit_test(what_is_no_terminal_is_not_written_to),
    };
    return cmocka_run_group_tests_name("jit_grantd/tell", tests, nullptr, nullptr);
}
