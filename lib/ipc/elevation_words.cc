// The words of the protocol, each list once.
#include <array>
#include <utility>

#include "lib/ipc/elevation.h"

namespace jit::ipc {

namespace {

template <typename Word, std::size_t count> using Table =
    std::array<std::pair<Word, std::string_view>, count>;

constexpr Table<Phase, 2> phases{{{Phase::auth, "auth"}, {Phase::account, "account"}}};

constexpr Table<Verdict, 7> verdicts{{{Verdict::live, "live"},
                                      {Verdict::request, "request"},
                                      {Verdict::choose, "choose"},
                                      {Verdict::denied, "denied"},
                                      {Verdict::ignore, "ignore"},
                                      {Verdict::exempt, "exempt"},
                                      {Verdict::observed, "observed"}}};

constexpr Table<Progress, 6> progresses{{{Progress::pending, "pending"},
                                         {Progress::code, "code"},
                                         {Progress::approval, "approval"},
                                         {Progress::approved, "approved"},
                                         {Progress::granted, "granted"},
                                         {Progress::denied, "denied"}}};

constexpr Table<Cause, 13> causes{{{Cause::declined, "declined"},
                                   {Cause::refused, "refused"},
                                   {Cause::wrong_person, "wrong-person"},
                                   {Cause::expired, "expired"},
                                   {Cause::timed_out, "timed-out"},
                                   {Cause::unreachable, "unreachable"},
                                   {Cause::not_trusted, "not-trusted"},
                                   {Cause::misconfigured, "misconfigured"},
                                   {Cause::blocked, "blocked"},
                                   {Cause::broken, "broken"},
                                   {Cause::cancelled, "cancelled"},
                                   {Cause::failed, "failed"},
                                   {Cause::policy_changed, "policy-changed"}}};

constexpr Table<State, 7> states{{{State::pending_signin, "pending-signin"},
                                  {State::pending_approval, "pending-approval"},
                                  {State::live, "live"},
                                  {State::ended, "ended"},
                                  {State::denied, "denied"},
                                  {State::cancelled, "cancelled"},
                                  {State::timed_out, "timed-out"}}};

constexpr Table<Fault, 7> faults{{{Fault::not_permitted, "io.jitd.Elevation.NotPermitted"},
                                  {Fault::not_found, "io.jitd.Elevation.NotFound"},
                                  {Fault::misconfigured, "io.jitd.Elevation.Misconfigured"},
                                  {Fault::refused, "io.jitd.Elevation.Refused"},
                                  {Fault::too_many, "io.jitd.Elevation.TooMany"},
                                  {Fault::unavailable, "io.jitd.Elevation.Unavailable"},
                                  {Fault::reason_wanted, "io.jitd.Elevation.ReasonWanted"}}};

template <typename List, typename Word> std::string_view find_name(const List &list, Word word)
{
    for (const auto &[value, name] : list)
        if (value == word)
            return name;
    return {};
}

template <typename Word, std::size_t count>
std::optional<Word> find_word(const Table<Word, count> &list, std::string_view text)
{
    for (const auto &[value, name] : list)
        if (name == text)
            return value;
    return std::nullopt;
}

} // namespace

std::string_view name_of(Phase phase)
{
    return find_name(phases, phase);
}

std::string_view name_of(Verdict verdict)
{
    return find_name(verdicts, verdict);
}

std::string_view name_of(Progress progress)
{
    return find_name(progresses, progress);
}

std::string_view name_of(Cause cause)
{
    return find_name(causes, cause);
}

std::string_view name_of(State state)
{
    return find_name(states, state);
}

std::string_view name_of(Fault fault)
{
    return find_name(faults, fault);
}

std::optional<Phase> parse_phase(std::string_view text)
{
    return find_word(phases, text);
}

std::optional<Verdict> parse_verdict(std::string_view text)
{
    return find_word(verdicts, text);
}

std::optional<Progress> parse_progress(std::string_view text)
{
    return find_word(progresses, text);
}

std::optional<Cause> parse_cause(std::string_view text)
{
    return find_word(causes, text);
}

std::optional<State> parse_state(std::string_view text)
{
    return find_word(states, text);
}

std::optional<Fault> parse_fault(std::string_view text)
{
    return find_word(faults, text);
}

} // namespace jit::ipc
