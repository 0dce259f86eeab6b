// What was left behind on the host in a grant's time: the report that jit-leftovers writes, that
// jitd reads and passes on, and that jitctl shows.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "lib/base/clock.h"
#include "lib/base/result.h"
#include "lib/ipc/json.h"

namespace jit::ipc {

// Caps. The record of a grant, with the longest list in it, fits into one frame.
inline constexpr std::size_t max_leftovers = 256;
inline constexpr std::size_t max_leftover_bytes = 512;                     // of one path
inline constexpr std::size_t max_leftovers_bytes = std::size_t{40} * 1024; // as wire_bytes() has it
inline constexpr std::size_t max_report_bytes = std::size_t{64} * 1024;

enum class LeftoverKind {
    setuid,          // files that run as their owner
    setgid,          // or as their group
    capability,      // or with capabilities
    unit,            // of systemd, links that enable one included
    timer,           // of systemd
    cron,            //
    at,              // jobs of at(1)
    authorized_keys, // who may come in by ssh
    ssh,             // the ssh server's own settings
    sudoers,         //
    pam,             //
    polkit,          //
    loader,          // what is loaded into every program
    jit,             // our own configuration
    accounts,        // a file of accounts or groups was changed
    account,         // an account, by its name
};
enum class Missed {
    too_many_files,
    too_long, // it would have taken
    too_deep, // folders in folders
    unreadable,
    homes_elsewhere, // on other file systems than this host's own
};
enum class Look {
    done,
    waits,      // nobody has looked yet
    forgotten,  // reports are kept for two days
    unreadable, // there is a report, and it can't be read
};
// name_of() and parse_ are each other's inverse: "authorized-keys".
std::string_view name_of(LeftoverKind kind);
std::string_view name_of(Missed missed);
std::string_view name_of(Look look);
std::optional<LeftoverKind> parse_leftover_kind(std::string_view text);
std::optional<Missed> parse_missed(std::string_view text);
std::optional<Look> parse_look(std::string_view text);

struct Leftover {
    LeftoverKind kind = LeftoverKind::setuid;
    std::string what; // a path or a name, as escape_path() has it
    WallTime at{};    // when it was made or changed
};
struct Leftovers {
    Look look = Look::waits;
    std::optional<WallTime> looked; // with Look::done alone, as all that follows
    std::vector<Leftover> found;
    std::int64_t more = 0; // found as well, and left out of the list
    std::vector<Missed> missed;
};

// A path as one line that any terminal and any reader of JSON takes: what is not a harmless
// character becomes \xNN, a backslash two; at most max_leftover_bytes, a longer one ends in "...".
std::string escape_path(std::string_view path);

// An upper bound of what one takes in JSON.
std::size_t wire_bytes(const Leftover &leftover);

//   errors  bad_input: a wrong or missing member, one over its cap, all together over theirs
Result<Leftovers> decode_leftovers(const json_t *object);
Json encode_leftovers(const Leftovers &leftovers);

// The file of a report: JSON, one object and a newline.
struct LeftoversReport {
    std::string grant;
    Leftovers leftovers;
};
Result<LeftoversReport> decode_leftovers_report(std::string_view text);
//   errors  internal: no memory
Result<std::string> encode_leftovers_report(const LeftoversReport &report);

} // namespace jit::ipc
