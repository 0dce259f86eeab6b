// A host of the test's own in a folder, with a ledger and reports. Include cmocka_cpp.h first.
#pragma once

#include <ctime>
#include <fstream>
#include <string>
#include <sys/stat.h>
#include <vector>

#include "jit_leftovers/search.h"
#include "lib/ledger/entry.h"
#include "tests/unit/sys/folder.h"

namespace jit::leftovers::test {

using namespace std::chrono_literals;
using sys::test::Folder;

struct Host {
    Host()
    {
        for (const char *path : {"root/etc", "root/home/alice", "grants", "reports"})
            folder.make(path);
        passwd("root:x:0:0::/root:/bin/sh\nalice:x:1000:1000::/home/alice:/bin/sh\n");
        folder.put("mountinfo", "1 0 8:1 / / rw - ext4 /dev/sda1 rw\n");
    }

    void passwd(const std::string &lines) const { put("etc/passwd", lines); }
    // A file of the host, with the folders above it.
    void put(const std::string &path, const std::string &text = "x", mode_t mode = 0644) const
    {
        folder.make("root/" + path.substr(0, path.rfind('/') + 1));
        folder.put("root/" + path, text, mode);
    }
    void link(const std::string &target, const std::string &path) const
    {
        folder.make("root/" + path.substr(0, path.rfind('/') + 1));
        assert_int_equal(symlink(target.c_str(), on_disk(path).c_str()), 0);
    }
    std::string on_disk(const std::string &path) const { return folder.path + "/root/" + path; }

    // A grant that has ended, in the ledger.
    void ended(const std::string &id, WallTime since, WallTime until,
               ledger::Backend backend = ledger::Backend::userdb) const
    {
        ledger::Entry entry;
        entry.backend = backend;
        entry.id = id;
        entry.user = "alice";
        entry.uid = 1000;
        entry.role = "web";
        entry.parts = {{"jit-web", false}};
        entry.oid = "aaaaaaaa-0000-4000-8000-000000000001";
        entry.policy = std::string(64, 'd');
        entry.since = since;
        entry.until = until;
        entry.boot_id = "11111111-0000-4000-8000-000000000001";
        entry.state = ledger::Entry::State::ended;
        entry.cause = "dropped";
        entry.ended = until;
        folder.put("grants/" + id + ".json", *ledger::encode_entry(entry), 0600);
    }

    Places places() const
    {
        return {folder.path + "/root", folder.path + "/mountinfo", folder.path + "/grants",
                folder.path + "/reports"};
    }
    std::size_t search()
    {
        const auto done =
            search_once(places(), [this](const Record &record) { records.push_back(record); });
        assert_true(done.has_value());
        return *done;
    }
    ipc::Leftovers report(const std::string &id) const
    {
        std::ifstream file{folder.path + "/reports/" + id + ".json"};
        const std::string text{std::istreambuf_iterator<char>{file}, {}};
        const auto read = ipc::decode_leftovers_report(text);
        assert_true(read.has_value());
        assert_text(read->grant, id);
        return read->leftovers;
    }
    bool has_report(const std::string &id) const
    {
        return access((folder.path + "/reports/" + id + ".json").c_str(), F_OK) == 0;
    }

    Folder folder;
    std::vector<Record> records;
};

// "setuid /usr/local/bin/x", in their order.
inline std::vector<std::string> lines_of(const ipc::Leftovers &leftovers)
{
    std::vector<std::string> lines;
    for (const ipc::Leftover &one : leftovers.found)
        lines.push_back(std::string{name_of(one.kind)} + " " + one.what);
    return lines;
}

inline bool has(const ipc::Leftovers &leftovers, const std::string &line)
{
    for (const std::string &one : lines_of(leftovers))
        if (one == line)
            return true;
    return false;
}

// Past the second that it is, so that what comes is of another time than what was.
inline void pass(std::chrono::milliseconds time)
{
    const timespec pause{time.count() / 1000, time.count() % 1000 * 1'000'000};
    (void)nanosleep(&pause, nullptr);
}

} // namespace jit::leftovers::test
