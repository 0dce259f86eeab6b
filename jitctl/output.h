// How answers look: tables for people, one JSON object for programs. Data goes to stdout, talk to
// stderr; what came from jitd passes safe_text() before a person sees it.
#pragma once

#include <chrono>
#include <cstdio>
#include <string>
#include <string_view>
#include <vector>

#include "jitctl/exit_codes.h"
#include "lib/base/clock.h"
#include "lib/base/result.h"
#include "lib/ipc/elevation.h"
#include "lib/ipc/message.h"

namespace jit::ctl {

// Where a verb writes. The streams are borrowed.
struct Output {
    std::FILE *out = stdout;
    std::FILE *err = stderr;
    bool json = false;
    bool err_is_terminal = false; // a line may be written over itself

    // A line of data, or of talk after "jitctl: ". Made safe for a terminal.
    void print(std::string_view line) const;
    void tell(std::string_view line) const;
    void complain(std::string_view line) const;

    // The one object of --json, as one line of ASCII.
    void print_json(const json_t *object) const;
};

// "45s" "29m" "1h5m" "2d3h": rounded to what a person needs; "over" at and after the end.
std::string format_left(std::chrono::seconds left);

// "role web until 2026-03-17T10:11:05Z (30m left); groups jit-web"
std::string format_granted(std::string_view role, WallTime until,
                           const std::vector<std::string> &groups, WallTime now);

// Columns as wide as their widest cell, two spaces between, the first row above. Every cell is
// made safe and cut to 64 bytes; an empty one shows as "-".
using Row = std::vector<std::string>;
std::string format_table(const std::vector<Row> &rows);

std::string join(const std::vector<std::string> &texts); // with commas

// A grant or a request as --json has them: absent members are null.
ipc::Json json_of(const ipc::GrantRecord &grant);
ipc::Json json_of(const ipc::RequestRecord &request);

// Says it, with --json as {"error", "message"} too, and gives the exit code back.
//   word  for programs: "NotFound", "Usage"
Exit report(const Output &output, Exit exit, std::string_view word, std::string_view message);
// Says what went wrong, with --json as {"error", "message"} too, and gives the exit code.
Exit report(const Output &output, const Error &error);
// The same for a Varlink error that jitd answered with.
Exit report(const Output &output, const ipc::Reply &reply);

} // namespace jit::ctl
