// The entries of Graph's lists of assignments of one group, read strictly. (Graph v1.0,
// privilegedAccessGroupAssignmentScheduleInstance and …ScheduleRequest; enums come in any case.)
// People type justifications and nothing else of it, and no justification spoils an answer for the
// others.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include <jansson.h>

#include "lib/base/clock.h"
#include "lib/oidc/pim_watch.h"

namespace jit::oidc {

// How Graph calls a schedule or a request, in lower case: a GUID, or several joined with words,
// GROUP_member_GUID. Absent: the member is no such id.
std::optional<std::string> read_pim_id(const json_t *entry, const char *name);

enum class Reading {
    taken,
    skipped, // nothing that matters here
    refused, // the whole answer makes no sense, or is of another group
};

// An active assignment. Only memberships are taken; `request`, `asked` and `justification` stay
// empty.
//   group  the one that was asked for, in lower case
Reading read_instance(const json_t *entry, std::string_view group, Activation &out);

// What a person asked for.
struct ActivationRequest {
    std::string principal;
    std::string schedule;
    std::string request;
    WallTime asked{};
    std::string justification;
};
// Only self-activations of a membership are taken that have a schedule and were not turned down.
Reading read_request(const json_t *entry, std::string_view group, ActivationRequest &out);

} // namespace jit::oidc
