#include "jitctl/exit_codes.h"

#include <optional>

namespace jit::ctl {

Exit exit_of(ipc::Cause cause)
{
    switch (cause) {
    case ipc::Cause::declined:
    case ipc::Cause::refused:
    case ipc::Cause::wrong_person:
    case ipc::Cause::blocked:
    case ipc::Cause::policy_changed:
        return Exit::denied;
    case ipc::Cause::expired:
    case ipc::Cause::timed_out:
        return Exit::timed_out;
    case ipc::Cause::unreachable:
    case ipc::Cause::not_trusted:
    case ipc::Cause::broken:
        return Exit::unreachable;
    case ipc::Cause::misconfigured:
        return Exit::usage;
    case ipc::Cause::cancelled:
        return Exit::cancelled;
    case ipc::Cause::failed:
        return Exit::failed;
    }
    return Exit::failed;
}

Exit exit_of_error(std::string_view name)
{
    const std::optional<ipc::Fault> fault = ipc::parse_fault(name);
    if (!fault)
        return Exit::failed;
    switch (*fault) {
    case ipc::Fault::not_permitted:
        return Exit::not_permitted;
    case ipc::Fault::not_found:
        return Exit::not_found;
    case ipc::Fault::misconfigured:
        return Exit::usage;
    case ipc::Fault::refused:
    case ipc::Fault::reason_wanted:
    case ipc::Fault::too_many:
        return Exit::denied;
    case ipc::Fault::unavailable:
        return Exit::unreachable;
    }
    return Exit::failed;
}

Exit exit_of(const Error &error)
{
    switch (error.code) {
    case Code::unavailable:
    case Code::timed_out: // no answer from jitd; a request's own time is jitd's to tell
        return Exit::unreachable;
    case Code::denied:
        return Exit::not_permitted;
    case Code::not_found:
        return Exit::not_found;
    case Code::bad_input: // jitd's words that we can't read
    case Code::internal:
        return Exit::failed;
    }
    return Exit::failed;
}

ipc::State state_of(ipc::Cause cause)
{
    switch (exit_of(cause)) {
    case Exit::timed_out:
        return ipc::State::timed_out;
    case Exit::cancelled:
        return ipc::State::cancelled;
    default:
        return ipc::State::denied;
    }
}

} // namespace jit::ctl
