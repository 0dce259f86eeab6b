// Files that only root could have written.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <sys/types.h>
#include <vector>

#include "lib/base/result.h"

namespace jit::sys {

struct NamedText {
    std::string path; // whole
    std::string text;
};

// Reads a regular file that root owns, that nobody else can write, and of which the same holds for
// every directory above it. Each component is opened without following links and checked on the
// open descriptor. The path is absolute and has no "." or "..".
//   errors   not_found; denied: owner, mode or kind of the file or of a directory above;
//            bad_input: larger than max_bytes, or not such a path; unavailable: cannot be read
//   faulty   set, if not null, to the path that is at fault when denied
Result<std::string> read_trusted_file(const std::string &path, std::size_t max_bytes,
                                      std::string *faulty = nullptr);

// Reads all files of a trusted directory whose names end in `suffix`, in byte order of their names;
// names that begin with a dot are left out.
//   max_bytes  of each file
//   errors     as above; bad_input also for more than max_files
Result<std::vector<NamedText>> read_trusted_dir(const std::string &path, std::string_view suffix,
                                                std::size_t max_files, std::size_t max_bytes,
                                                std::string *faulty = nullptr);

// What is wrong with a file, or with a directory above it.
struct FileFault {
    std::string path;
    Error error;
};

// As read_trusted_dir(), but for who only tells people what is wrong: goes on after a fault, with
// what could be read all the same. What comes back is trusted only if there is no fault.
std::vector<NamedText> read_suspect_dir(const std::string &path, std::string_view suffix,
                                        std::size_t max_files, std::size_t max_bytes,
                                        std::vector<FileFault> &faults);

// Where trust begins: the functions above begin at "/" with root. Paths are absolute as seen
// from `base`.
struct TrustBase {
    int base = -1;   // an open directory, itself already trusted; borrowed
    uid_t owner = 0; // who must own everything below
};
Result<std::string> read_trusted_file(const TrustBase &from, const std::string &path,
                                      std::size_t max_bytes, std::string *faulty = nullptr);
Result<std::vector<NamedText>> read_trusted_dir(const TrustBase &from, const std::string &path,
                                                std::string_view suffix, std::size_t max_files,
                                                std::size_t max_bytes,
                                                std::string *faulty = nullptr);
std::vector<NamedText> read_suspect_dir(const TrustBase &from, const std::string &path,
                                        std::string_view suffix, std::size_t max_files,
                                        std::size_t max_bytes, std::vector<FileFault> &faults);

} // namespace jit::sys
