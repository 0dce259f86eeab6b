// What was read once of root's ledger is read again when it may be another.
#include "tests/unit/cmocka_cpp.h"

#include <fcntl.h>
#include <filesystem>
#include <fstream>

#include "lib/base/fd.h"
#include "lib/ledger/read.h"
#include "tests/unit/ledger/sample.h"

using namespace jit;
using namespace jit::ledger;
using jit::ledger::test::sample;
using namespace std::chrono_literals;

namespace {

const std::string id = "00000000000000aa"; // the sample's

struct Folder {
    Folder()
    {
        char name[] = "/tmp/jit-ledger-test-XXXXXX";
        path = mkdtemp(name);
        directory = Fd{open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
    }
    Folder(const Folder &) = delete;
    Folder &operator=(const Folder &) = delete;
    ~Folder() { std::filesystem::remove_all(path); }
    void put(const Entry &entry, const std::string &name) const
    {
        std::ofstream{path + "/" + name} << *encode_entry(entry);
    }
    std::string path;
    Fd directory;
};

struct stat settled_file()
{
    struct stat file {
    };
    file.st_ino = 7;
    file.st_size = 400;
    file.st_ctim.tv_sec = file.st_mtim.tv_sec = 1'700'000'000;
    return file;
}

void a_file_that_looks_the_same_is_not_read_again(void **)
{
    KnownFiles known;
    const std::string name = file_of(id);
    assert_null(known.find(name, settled_file()));
    known.keep(name, settled_file(), sample());
    const Entry *const found = known.find(name, settled_file());
    assert_non_null(found);
    assert_text(found->id, id);
    assert_null(known.find(file_of("00000000000000ab"), settled_file()));
    for (int what = 0; what < 5; ++what) {
        struct stat other = settled_file();
        other.st_ino += what == 0;
        other.st_size += what == 1;
        other.st_ctim.tv_nsec += what == 2;
        other.st_mtim.tv_nsec += what == 3;
        other.st_dev += what == 4;
        assert_null(known.find(name, other));
    }
}

void a_file_that_was_changed_just_now_is_not_kept(void **)
{
    KnownFiles known;
    struct stat file = settled_file();
    file.st_ctim.tv_sec = wall_time().time_since_epoch().count();
    known.keep(file_of(id), file, sample());
    assert_null(known.find(file_of(id), file));
}

void what_is_gone_is_forgotten(void **)
{
    KnownFiles known;
    known.keep(file_of(id), settled_file(), sample());
    known.forget_others();
    assert_non_null(known.find(file_of(id), settled_file()));
    known.forget_others();
    known.forget_others(); // not looked for since
    assert_null(known.find(file_of(id), settled_file()));
}

void a_change_is_seen_at_once(void **)
{
    Folder folder;
    KnownFiles known;
    Entry entry = sample();
    for (const char *user : {"alice", "carol", "david"}) {
        entry.user = user;
        folder.put(entry, file_of(id)); // in place, of the same size
        const auto files = read_files(folder.directory.get(), &known);
        assert_true(files.has_value());
        assert_int_equal(files->entries.size(), 1);
        assert_text(files->entries[0].user, user);
    }
    std::filesystem::remove(folder.path + "/" + file_of(id));
    assert_true(read_files(folder.directory.get(), &known)->entries.empty());
}

void what_is_no_entry_is_damaged_each_time(void **)
{
    Folder folder;
    KnownFiles known;
    folder.put(sample(), file_of("00000000000000ab"));
    std::ofstream{folder.path + "/x.json"} << "{";
    for (int i = 0; i < 2; ++i) {
        const auto files = read_files(folder.directory.get(), &known);
        assert_true(files.has_value() && files->entries.empty());
        assert_int_equal(files->damaged.size(), 2);
    }
}

} // namespace

int main()
{
    const CMUnitTest tests[] = {
        cmocka_unit_test(a_file_that_looks_the_same_is_not_read_again),
        cmocka_unit_test(a_file_that_was_changed_just_now_is_not_kept),
        cmocka_unit_test(what_is_gone_is_forgotten),
        cmocka_unit_test(a_change_is_seen_at_once),
        cmocka_unit_test(what_is_no_entry_is_damaged_each_time),
    };
    return cmocka_run_group_tests_name("ledger/read", tests, nullptr, nullptr);
}
