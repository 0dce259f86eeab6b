// Going through folders in which anybody may have laid anything: no link is followed, no file is
// opened, no other file system is entered, and there is an end to it.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <sys/stat.h>

#include "lib/base/clock.h"
#include "lib/base/fd.h"
#include "lib/base/result.h"
#include "lib/ipc/leftovers.h"

namespace jit::leftovers {

// How much may still be looked at, and what could not be: shared by all parts of one search.
struct Budget {
    std::size_t files = 0; // each look takes one
    BootTime until{};
    std::set<ipc::Missed> missed;
    // Folders that are not even looked at, by their whole paths: what is mounted there might not
    // answer. Null: none.
    std::shared_ptr<const std::set<std::string>> avoided;
    bool is_spent = false;

    // Whether there is room for one more look.
    bool take();
    // A part of it for one place: at most so many files.
    Budget part(std::size_t most) const;
    // Takes account of what a part has used and missed.
    void settle(const Budget &given, const Budget &left);
};

// What is seen, one at a time.
struct Seen {
    int folder = -1; // open; borrowed
    std::string_view name;
    std::string_view path; // whole, as the host has it
    const struct statx &about;

    bool is_link() const { return (about.stx_mode & S_IFMT) == S_IFLNK; }
};
using Look = std::function<void(const Seen &)>;

// Type, mode, owner and times, of a link itself; mounts nothing. Errors: not_found; unavailable.
Result<struct statx> look_at(int folder, const std::string &name);

// A folder below another one, itself no link; "." is the same one. Errors: not_found; bad_input:
// something else; unavailable.
Result<Fd> open_folder(int folder, const std::string &name);

// Shows every regular file and link below a folder, in no order.
//   folder  open
//   path    its own, as the host has it
//   depth   of folders in it that are entered; 0: none
void go_through(Fd folder, std::string path, int depth, Budget &budget, const Look &look);

} // namespace jit::leftovers
