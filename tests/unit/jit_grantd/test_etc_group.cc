// The host's group file, in a folder of the test's own. Root's files are wanted, so: as root.
#include "tests/unit/cmocka_cpp.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "jit_grantd/etc_group.h"
#include "tests/unit/jit_grantd/world.h"

using namespace jit;
using namespace jit::grantd;
using namespace jit::grantd::test;
using namespace std::chrono_literals;

namespace {

using Name = Memberships::Name;
using Presence = Memberships::Presence;

const std::vector<Name> both{{"alice", "jit-dba"}, {"alice", "jit-ops"}};

struct Etc : World {
    EtcGroup files{places, disk, 200ms};
    std::string path(const char *name) const { return places.etc + "/" + name; }
    std::string group() const { return get(path("group")); }
    std::string gshadow() const { return get(path("gshadow")); }
    bool lists(const char *user, const char *group_name)
    {
        const auto found = files.look({user, group_name});
        assert_true(found.has_value());
        return *found == Presence::present;
    }
    struct stat about(const char *name) const
    {
        struct stat found {
        };
        assert_int_equal(stat(path(name).c_str(), &found), 0);
        return found;
    }
};

void a_member_is_written_to_both_files_and_removed_without_a_trace(void **)
{
    Etc etc;
    assert_false(etc.lists("alice", "jit-dba"));
    assert_true(etc.files.make(both).has_value());
    assert_true(etc.lists("alice", "jit-dba") && etc.lists("alice", "jit-ops"));
    assert_true(etc.group().find("jit-ops:x:2002:carol,dave,alice\n") != std::string::npos);
    assert_true(etc.gshadow().find("jit-dba:!::alice\n") != std::string::npos);
    assert_true(etc.gshadow().find("jit-ops:!:carol:carol,dave,alice\n") != std::string::npos);
    assert_true(etc.files.remove(both).has_value());
    assert_true(etc.group() == group_text && etc.gshadow() == gshadow_text);
    assert_int_equal(etc.names(etc.places.etc).size(), 3); // both files and .pwd.lock
}

// What counts is group: last when made, first when removed.
void a_right_is_written_last_and_removed_first(void **)
{
    Etc etc;
    assert_true(etc.files.make(both).has_value());
    assert_true(etc.files.remove(both).has_value());
    const std::vector<std::string> wanted{"replace gshadow", "replace group", "replace group",
                                          "replace gshadow"};
    assert_true(etc.script.steps == wanted);
}

void owner_group_and_mode_stay_as_they_were(void **)
{
    Etc etc;
    assert_int_equal(chown(etc.path("gshadow").c_str(), 0, 42), 0);
    assert_int_equal(chmod(etc.path("gshadow").c_str(), 0640), 0);
    assert_int_equal(chmod(etc.path("group").c_str(), 0644), 0);
    const mode_t old = umask(077);
    assert_true(etc.files.make(both).has_value());
    (void)umask(old);
    assert_int_equal(etc.about("gshadow").st_gid, 42);
    assert_int_equal(etc.about("gshadow").st_mode & 07777, 0640);
    assert_int_equal(etc.about("group").st_mode & 07777, 0644);
}

void a_host_without_gshadow_has_none_after(void **)
{
    Etc etc;
    std::filesystem::remove(etc.path("gshadow"));
    assert_true(etc.files.make(both).has_value());
    assert_true(etc.lists("alice", "jit-dba"));
    assert_true(etc.files.remove(both).has_value());
    assert_false(etc.has_file(etc.path("gshadow")));
    assert_true(etc.group() == group_text);
}

void a_group_without_a_line_in_gshadow_gets_none(void **)
{
    Etc etc;
    etc.put(etc.path("gshadow"), "root:*::\n");
    assert_true(etc.files.make(both).has_value());
    assert_true(etc.gshadow() == "root:*::\n");
}

void a_group_that_is_not_in_the_file_is_said_before_anything_is_made(void **)
{
    Etc etc;
    const auto may = etc.files.may_make({"alice", "ldap-only"});
    assert_false(may.has_value());
    assert_int_equal(static_cast<int>(may.error().code), static_cast<int>(Code::not_found));
    assert_false(etc.files.make({{"alice", "jit-dba"}, {"alice", "ldap-only"}}).has_value());
    assert_true(etc.group() == group_text && etc.gshadow() == gshadow_text);
    assert_true(etc.files.may_make({"alice", "jit-dba"}).has_value());
}

void files_that_root_alone_does_not_write_are_not_touched(void **)
{
    for (const char *name : {"group", "gshadow"}) {
        Etc etc;
        assert_int_equal(chmod(etc.path(name).c_str(), 0666), 0);
        assert_false(etc.files.make(both).has_value());
        assert_int_equal(chmod(etc.path(name).c_str(), 0600), 0);
        assert_int_equal(chown(etc.path(name).c_str(), 1000, 0), 0);
        assert_false(etc.files.look({"alice", "jit-dba"}).has_value());
        std::filesystem::rename(etc.path(name), etc.path("elsewhere"));
        std::filesystem::create_symlink(etc.path("elsewhere"), etc.path(name));
        assert_false(etc.files.make(both).has_value());
        assert_false(etc.files.remove(both).has_value());
    }
}

// An editor that knows no lock renames its file over ours while we write.
struct Rude : RecordingDisk {
    explicit Rude(Script &s, std::string p) : RecordingDisk(s), path(std::move(p)) {}
    Result<void> replace(int directory, const std::string &name, std::string_view bytes,
                         const struct stat &old) override
    {
        if (name == "group") {
            std::filesystem::copy_file(path, path + "+");
            std::ofstream{path + "+", std::ios::app} << "\nnew:x:4000:\n";
            std::filesystem::rename(path + "+", path);
        }
        return RecordingDisk::replace(directory, name, bytes, old);
    }
    std::string path;
};

void an_edit_of_somebody_who_takes_no_lock_is_not_lost(void **)
{
    Etc etc;
    Rude disk{etc.script, etc.path("group")};
    EtcGroup files{etc.places, disk, 200ms};
    const auto made = files.make(both);
    assert_false(made.has_value());
    assert_int_equal(static_cast<int>(made.error().code), static_cast<int>(Code::denied));
    assert_true(etc.group().find("new:x:4000:") != std::string::npos);
    assert_false(etc.lists("alice", "jit-dba"));
}

void who_is_in_one_of_the_files_alone_is_removed_there(void **)
{
    for (const char *name : {"group", "gshadow"}) {
        Etc etc;
        const std::string old = etc.get(etc.path(name));
        assert_true(etc.files.make(both).has_value());
        const std::string there = etc.get(etc.path(name));
        assert_true(etc.files.remove(both).has_value());
        etc.put(etc.path(name), there);
        assert_true(*etc.files.is_in_any({"alice", "jit-dba"}));
        assert_true(etc.files.remove(both).has_value());
        assert_true(etc.get(etc.path(name)) == old);
    }
}

void what_is_not_there_is_removed_without_a_lock_or_a_write(void **)
{
    Etc etc;
    etc.put(etc.path("group.lock"), std::to_string(getppid()));
    assert_true(etc.files.remove(both).has_value());
    assert_true(etc.script.steps.empty());
    assert_false(etc.files.make(both).has_value()); // the lock is another's
    assert_true(etc.group() == group_text && etc.gshadow() == gshadow_text);
}

void a_change_by_others_is_seen_at_the_next_look(void **)
{
    Etc etc;
    assert_false(etc.lists("frank", "last"));
    etc.put(etc.path("group+"), "last:x:3000:erin,frank\n");
    std::filesystem::rename(etc.path("group+"), etc.path("group"));
    assert_true(etc.lists("frank", "last"));
}

// Killed for good, at each moment: no right is left half made, no lock bars the way, no file is
// torn.
void a_kill_at_any_moment_leaves_whole_files_and_no_lock_that_bars(void **)
{
    for (const bool removes : {false, true}) {
        bool is_over = false;
        for (int at = 0; !is_over; ++at) {
            Etc etc;
            if (removes)
                assert_true(etc.files.make(both).has_value());
            const pid_t pid = fork();
            if (pid == 0) {
                // _exit() at the moment of the kill: no destructor lets a lock go.
                struct Dying : RecordingDisk {
                    using RecordingDisk::RecordingDisk;
                    Result<void> replace(int directory, const std::string &name,
                                         std::string_view bytes, const struct stat &old) override
                    {
                        try {
                            return RecordingDisk::replace(directory, name, bytes, old);
                        } catch (const Killed &) {
                            _exit(9);
                        }
                    }
                };
                etc.script.clear();
                etc.script.kill_at = at;
                Dying disk{etc.script};
                EtcGroup files{etc.places, disk, 200ms};
                const auto done = removes ? files.remove(both) : files.make(both);
                _exit(done ? 0 : 1);
            }
            int status = 0;
            assert_int_equal(waitpid(pid, &status, 0), pid);
            is_over = WEXITSTATUS(status) == 0;
            assert_true(is_over || WEXITSTATUS(status) == 9);
            EtcGroup files{etc.places, etc.disk, 200ms};
            if (!removes && !is_over)
                assert_true(*files.look(both[0]) == Presence::absent ||
                            etc.gshadow().find("alice") != std::string::npos);
            assert_true(files.remove(both).has_value());
            files.remove_temporary_files();
            assert_true(etc.group() == group_text && etc.gshadow() == gshadow_text);
            assert_int_equal(etc.names(etc.places.etc).size(), 3);
        }
    }
}

// Each of ours adds and removes its own user, and others do the same in other groups meanwhile.
void many_at_once_lose_nobodys_edit(void **)
{
    Etc etc;
    constexpr int workers = 8;
    constexpr int rounds = 20;
    pid_t pids[workers];
    for (int worker = 0; worker < workers; ++worker) {
        pids[worker] = fork();
        if (pids[worker] != 0)
            continue;
        EtcGroup files{etc.places, etc.disk, 20s};
        const std::vector<Name> mine{
            {"u" + std::to_string(worker), worker % 2 ? "last" : "jit-dba"}};
        bool is_fine = true;
        for (int round = 0; is_fine && round < rounds; ++round) {
            is_fine = files.make(mine).has_value() && files.remove(mine).has_value();
        }
        is_fine = is_fine && files.make(mine).has_value();
        _exit(is_fine ? 0 : 1);
    }
    for (const pid_t pid : pids) {
        int status = -1;
        (void)waitpid(pid, &status, 0);
        assert_int_equal(status, 0);
    }
    for (int worker = 0; worker < workers; ++worker)
        assert_true(
            etc.lists(("u" + std::to_string(worker)).c_str(), worker % 2 ? "last" : "jit-dba"));
    assert_true(etc.lists("erin", "last") && etc.lists("dave", "jit-ops"));
    assert_int_equal(etc.names(etc.places.etc).size(), 3);
}

} // namespace

int main()
{
    if (geteuid() != 0) {
        print_message("skipped: only root can make files that are root's\n");
        return 0;
    }
    const CMUnitTest tests[] = {
        cmocka_unit_test(a_member_is_written_to_both_files_and_removed_without_a_trace),
        cmocka_unit_test(a_right_is_written_last_and_removed_first),
        cmocka_unit_test(owner_group_and_mode_stay_as_they_were),
        cmocka_unit_test(a_host_without_gshadow_has_none_after),
        cmocka_unit_test(a_group_without_a_line_in_gshadow_gets_none),
        cmocka_unit_test(a_group_that_is_not_in_the_file_is_said_before_anything_is_made),
        cmocka_unit_test(files_that_root_alone_does_not_write_are_not_touched),
        cmocka_unit_test(an_edit_of_somebody_who_takes_no_lock_is_not_lost),
        cmocka_unit_test(who_is_in_one_of_the_files_alone_is_removed_there),
        cmocka_unit_test(what_is_not_there_is_removed_without_a_lock_or_a_write),
        cmocka_unit_test(a_change_by_others_is_seen_at_the_next_look),
        cmocka_unit_test(a_kill_at_any_moment_leaves_whole_files_and_no_lock_that_bars),
        cmocka_unit_test(many_at_once_lose_nobodys_edit),
    };
    return cmocka_run_group_tests_name("jit_grantd/etc_group", tests, nullptr, nullptr);
}
