// What the PAM module understands of jitd's replies: a closed set, read strictly into fixed
// buffers. Interface: lib/ipc/io.jitd.Elevation.varlink, methods Check, Request and SessionOpened.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "lib/base/fixed_text.h"
#include "lib/ipc/limits.h"
#include "lib/ipc/qr_picture.h"

namespace jit::ipc {

inline constexpr std::size_t max_reply_roles = 32;

// gids, in the order in which they were said; none of them 0, which is root's, or -1.
struct GroupIds {
    std::array<std::uint32_t, max_carried_groups> gids{};
    std::size_t count = 0;
};

// One reply. A member that was absent or null is empty. Texts are UTF-8 but not yet safe to show.
struct ElevationReply {
    bool continues = false; // more replies to the same call follow
    bool is_error = false;
    FixedText<96> error; // full name, "io.jitd.Elevation.Refused"

    FixedText<16> verdict; // of Check
    FixedText<16> state;   // of Request
    FixedText<64> role;
    FixedText<16> grant;
    FixedText<16> id;
    FixedText<20> until; // RFC 3339 as sent, shape not checked
    FixedText<256> host;
    FixedText<512> uri;
    FixedText<max_qr_bytes> qr; // rows of modules, as draw_qr() takes them
    FixedText<64> code;
    FixedText<32> cause;
    FixedText<512> message; // cut to what fits; every longer text of another member is refused
    std::optional<std::int32_t> duration_s; // 0 to 366 days, as expires_s
    std::optional<std::int32_t> expires_s;
    std::array<FixedText<64>, max_reply_roles> roles; // the first ones
    std::size_t role_count = 0;                       // of those kept
    bool has_more_roles = false;
    bool confine = false;               // wait for the answer to SessionOpened
    GroupIds carry;                     // that the shell of su gets; more than fit are refused
    bool is_granted = false;            // by this very Check
    std::optional<std::int32_t> left_s; // of SessionOpened
};

// Reads one frame, the NUL not included.
//   returns  false: not JSON, beyond a cap of json_scanner.h, a known member of another type or
//            size, or anything after the object; out is then not to be used
bool read_reply(std::string_view frame, ElevationReply &out);

} // namespace jit::ipc
