#include "lib/ipc/reply_reader.h"

#include "lib/ipc/json_scanner.h"

namespace jit::ipc {

namespace {

using Kind = JsonScanner::Kind;

constexpr std::int64_t max_seconds = 366LL * 86400;
constexpr std::int64_t max_gid = 0xFFFFFFFE;

template <std::size_t n> bool read_text(JsonScanner &scan, FixedText<n> &out)
{
    if (scan.peek() == Kind::null)
        return scan.read_null();
    RawString raw;
    return scan.read_string(raw) && decode(raw, out);
}

bool read_message(JsonScanner &scan, FixedText<512> &out)
{
    if (scan.peek() == Kind::null)
        return scan.read_null();
    RawString raw;
    if (!scan.read_string(raw))
        return false;
    decode_cut(raw, out);
    return true;
}

bool read_seconds(JsonScanner &scan, std::optional<std::int32_t> &out)
{
    if (scan.peek() == Kind::null)
        return scan.read_null();
    std::int64_t value = 0;
    if (!scan.read_integer(value) || value < 0 || value > max_seconds)
        return false;
    out = static_cast<std::int32_t>(value);
    return true;
}

bool read_flag(JsonScanner &scan, bool &out)
{
    if (scan.peek() == Kind::null)
        return scan.read_null();
    return scan.read_boolean(out);
}

bool read_roles(JsonScanner &scan, ElevationReply &out)
{
    if (scan.peek() == Kind::null)
        return scan.read_null();
    return scan.read_array([&] {
        RawString raw;
        FixedText<64> role;
        if (!scan.read_string(raw) || !decode(raw, role))
            return false;
        if (out.role_count == out.roles.size())
            out.has_more_roles = true;
        else
            out.roles[out.role_count++] = role;
        return true;
    });
}

bool read_group_ids(JsonScanner &scan, GroupIds &out)
{
    if (scan.peek() == Kind::null)
        return scan.read_null();
    return scan.read_array([&] {
        std::int64_t gid = 0;
        if (!scan.read_integer(gid) || gid < 1 || gid > max_gid || out.count == out.gids.size())
            return false;
        out.gids[out.count++] = static_cast<std::uint32_t>(gid);
        return true;
    });
}

bool read_parameter(JsonScanner &scan, RawString key, ElevationReply &out)
{
    if (is_same(key, "verdict"))
        return read_text(scan, out.verdict);
    if (is_same(key, "state"))
        return read_text(scan, out.state);
    if (is_same(key, "role"))
        return read_text(scan, out.role);
    if (is_same(key, "roles"))
        return read_roles(scan, out);
    if (is_same(key, "grant"))
        return read_text(scan, out.grant);
    if (is_same(key, "id"))
        return read_text(scan, out.id);
    if (is_same(key, "until"))
        return read_text(scan, out.until);
    if (is_same(key, "host"))
        return read_text(scan, out.host);
    if (is_same(key, "uri"))
        return read_text(scan, out.uri);
    if (is_same(key, "qr"))
        return read_text(scan, out.qr);
    if (is_same(key, "code"))
        return read_text(scan, out.code);
    if (is_same(key, "cause"))
        return read_text(scan, out.cause);
    if (is_same(key, "message"))
        return read_message(scan, out.message);
    if (is_same(key, "duration"))
        return read_seconds(scan, out.duration_s);
    if (is_same(key, "expires"))
        return read_seconds(scan, out.expires_s);
    if (is_same(key, "left"))
        return read_seconds(scan, out.left_s);
    if (is_same(key, "confine"))
        return read_flag(scan, out.confine);
    if (is_same(key, "carry"))
        return read_group_ids(scan, out.carry);
    if (is_same(key, "granted"))
        return read_flag(scan, out.is_granted);
    return scan.skip();
}

bool read_member(JsonScanner &scan, RawString key, ElevationReply &out)
{
    if (is_same(key, "parameters"))
        return scan.read_object([&](RawString name) { return read_parameter(scan, name, out); });
    if (is_same(key, "continues"))
        return scan.read_boolean(out.continues);
    if (is_same(key, "error")) {
        // An error without a name is an error all the same.
        out.is_error = true;
        RawString raw;
        return scan.read_string(raw) && decode(raw, out.error);
    }
    return scan.skip();
}

} // namespace

bool read_reply(std::string_view frame, ElevationReply &out)
{
    JsonScanner scan{frame};
    return scan.read_object([&](RawString key) { return read_member(scan, key, out); }) &&
           scan.at_end();
}

} // namespace jit::ipc
