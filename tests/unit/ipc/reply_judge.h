// Reads a reply with jansson by the rules that lib/ipc/reply_reader.h states, and says where the
// module's own reader sees it differently. Shared by the unit test and the fuzzer.
#pragma once

#include <jansson.h>

#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <string>
#include <string_view>

#include "lib/base/handle.h"
#include "lib/ipc/json_scanner.h"
#include "lib/ipc/reply_reader.h"

namespace jit::ipc::judge {

using Json = Handle<json_t, &json_decref>;

inline bool is_within_caps(const json_t *value, unsigned depth)
{
    if (json_is_real(value))
        return false;
    if (!json_is_object(value) && !json_is_array(value))
        return true;
    if (depth == max_depth || json_object_size(value) > max_members)
        return false;
    std::size_t index = 0;
    const json_t *element = nullptr;
    json_array_foreach(value, index, element) if (!is_within_caps(element, depth + 1)) return false;
    const char *key = nullptr;
    json_object_foreach(const_cast<json_t *>(value), key,
                        element) if (!is_within_caps(element, depth + 1)) return false;
    return true;
}

// The member's text; null for absent and null. bad: another type, or longer than max_bytes.
inline std::string text_of(const json_t *object, const char *member, std::size_t max_bytes,
                           bool &bad)
{
    const json_t *value = json_object_get(object, member);
    if (value == nullptr || json_is_null(value))
        return {};
    if (!json_is_string(value) || json_string_length(value) > max_bytes) {
        bad = true;
        return {};
    }
    return {json_string_value(value), json_string_length(value)};
}

inline std::int64_t seconds_of(const json_t *object, const char *member, bool &bad)
{
    const json_t *value = json_object_get(object, member);
    if (value == nullptr || json_is_null(value))
        return -1;
    if (!json_is_integer(value) || json_integer_value(value) < 0 ||
        json_integer_value(value) > 366LL * 86400) {
        bad = true;
        return -1;
    }
    return json_integer_value(value);
}

// Null when both agree, else what differs.
inline const char *differs(std::string_view frame)
{
    auto read = std::make_unique<ElevationReply>();
    const bool ours = read_reply(frame, *read);

    // A NUL ends a frame and is never in one; jansson swallows it after a number.
    if (frame.find('\0') != std::string_view::npos)
        return ours ? "accepted a NUL" : nullptr;
    json_error_t error;
    const Json root{json_loadb(frame.data(), frame.size(), JSON_REJECT_DUPLICATES, &error)};
    bool bad = root == nullptr || frame.size() > max_frame_bytes || !json_is_object(root.get()) ||
               !is_within_caps(root.get(), 0);
    if (bad)
        return ours ? "accepted what the judge refuses" : nullptr;

    const json_t *continues = json_object_get(root.get(), "continues");
    const json_t *failure = json_object_get(root.get(), "error");
    const json_t *parameters = json_object_get(root.get(), "parameters");
    bad = (continues != nullptr && !json_is_boolean(continues)) ||
          (failure != nullptr && !json_is_string(failure)) ||
          (parameters != nullptr && !json_is_object(parameters));
    const std::string name = text_of(root.get(), "error", 96, bad);

    bool same = true;
    const auto compare = [&](const char *member, std::size_t max_bytes, std::string_view got) {
        same = text_of(parameters, member, max_bytes, bad) == got && same;
    };
    compare("verdict", 16, read->verdict.view());
    compare("state", 16, read->state.view());
    compare("role", 64, read->role.view());
    compare("grant", 16, read->grant.view());
    compare("id", 16, read->id.view());
    compare("until", 20, read->until.view());
    compare("host", 256, read->host.view());
    compare("uri", 512, read->uri.view());
    compare("qr", max_qr_bytes, read->qr.view());
    compare("code", 64, read->code.view());
    compare("cause", 32, read->cause.view());
    const std::string message = text_of(parameters, "message", SIZE_MAX, bad);
    std::size_t kept = message.size();
    if (kept > 512) {
        kept = 512;
        while ((static_cast<unsigned char>(message[kept]) & 0xC0U) == 0x80)
            --kept;
    }
    same = read->message.view() == std::string_view{message.data(), kept} && same;
    same = seconds_of(parameters, "duration", bad) == read->duration_s.value_or(-1) && same;
    same = seconds_of(parameters, "expires", bad) == read->expires_s.value_or(-1) && same;

    same = seconds_of(parameters, "left", bad) == read->left_s.value_or(-1) && same;
    const auto judge_flag = [&](const char *member, bool is_read) {
        const json_t *flag = json_object_get(parameters, member);
        if (flag == nullptr || json_is_null(flag))
            return;
        bad = bad || !json_is_boolean(flag);
        same = json_is_true(flag) == is_read && same;
    };
    judge_flag("confine", read->confine);
    judge_flag("granted", read->is_granted);

    const json_t *carry = json_object_get(parameters, "carry");
    if (carry != nullptr && !json_is_null(carry)) {
        bad = bad || !json_is_array(carry) || json_array_size(carry) > max_carried_groups;
        same = json_array_size(carry) == read->carry.count && same;
        for (std::size_t i = 0; !bad && i < json_array_size(carry); ++i) {
            const json_t *gid = json_array_get(carry, i);
            bad = !json_is_integer(gid) || json_integer_value(gid) < 1 ||
                  json_integer_value(gid) > 4294967294;
            same = json_integer_value(gid) == read->carry.gids[i] && same;
        }
    }

    const json_t *roles = json_object_get(parameters, "roles");
    std::size_t count = 0;
    if (roles != nullptr && !json_is_null(roles)) {
        bad = bad || !json_is_array(roles);
        count = json_array_size(roles);
        for (std::size_t i = 0; i < count; ++i) {
            const json_t *role = json_array_get(roles, i);
            if (!json_is_string(role) || json_string_length(role) > 64)
                bad = true;
            else if (i < read->role_count)
                same = read->roles[i].view() == json_string_value(role) && same;
        }
    }
    if (bad)
        return ours ? "accepted a member of the wrong kind" : nullptr;
    if (!ours)
        return "refused what the judge accepts";
    if (read->has_more_roles != (count > max_reply_roles) ||
        read->role_count != (count > max_reply_roles ? max_reply_roles : count))
        return "another count of roles";
    if (read->continues != (continues != nullptr && json_is_true(continues)) ||
        read->is_error != (failure != nullptr) || read->error.view() != name)
        return "another kind of reply";
    return same ? nullptr : "another value";
}

} // namespace jit::ipc::judge
