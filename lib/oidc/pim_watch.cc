#include "lib/oidc/pim_watch.h"

#include <algorithm>

#include "lib/base/text.h"

namespace jit::oidc {

namespace {

constexpr std::string_view token_alphabet = "23456789BCDFGHJKMNPQRSTVWXYZ";
constexpr std::size_t token_length = 9;

bool is_word_character(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

WatchRefusal judge(const Activation &activation, const WatchAsk &ask)
{
    if (!activation.is_activated)
        return WatchRefusal::assigned;
    if (activation.request.empty() || activation.schedule.empty())
        return WatchRefusal::unasked;
    if (activation.until <= ask.now)
        return WatchRefusal::over;
    if (activation.began > ask.now + ask.skew)
        return WatchRefusal::not_yet;
    if (std::min(activation.asked, activation.began) + ask.skew < ask.request_began - ask.window)
        return WatchRefusal::too_old;
    if (ask.used.contains(activation.schedule) || ask.used.contains(activation.request))
        return WatchRefusal::used;
    if (!ask.token.empty() && !has_watch_token(activation.justification, ask.token))
        return WatchRefusal::no_token;
    return WatchRefusal::none;
}

} // namespace

WatchVerdict find_activation(const std::vector<Activation> &activations, const WatchAsk &ask)
{
    WatchVerdict verdict;
    verdict.why = WatchRefusal::absent;
    for (const Activation &one : activations) {
        if (ask.oid.empty() || one.principal != ask.oid)
            continue;
        const WatchRefusal why = judge(one, ask);
        if (why != WatchRefusal::none)
            verdict.why = std::max(verdict.why, why);
        else if (!verdict.found || verdict.found->until < one.until)
            verdict.found = one;
    }
    if (verdict.found)
        verdict.why = WatchRefusal::none;
    return verdict;
}

const char *explain(WatchRefusal why)
{
    switch (why) {
    case WatchRefusal::none:
        return "";
    case WatchRefusal::absent:
        return "Entra shows no activation of yours yet.";
    case WatchRefusal::assigned:
        return "You are in the group without an activation, which does not count here. Ask the "
               "administrator.";
    case WatchRefusal::unasked:
        return "Entra does not tell how your activation was asked for. If this stays so, "
               "deactivate it and activate again.";
    case WatchRefusal::over:
        return "Your activation has ended. Activate again.";
    case WatchRefusal::not_yet:
        return "Your activation has not begun yet.";
    case WatchRefusal::too_old:
        return "Your activation is older than this request. Deactivate it, which Entra allows "
               "after five minutes, and activate again.";
    case WatchRefusal::used:
        return "Your activation has served another request. Deactivate it, which Entra allows "
               "after five minutes, and activate again.";
    case WatchRefusal::no_token:
        return "The justification of your activation lacks the code that is shown here. Deactivate "
               "it, which Entra allows after five minutes, and activate again with the code.";
    }
    return "";
}

std::optional<WallTime> is_still_there(const std::vector<Activation> &activations,
                                       std::string_view oid, std::string_view schedule)
{
    for (const Activation &one : activations)
        if (one.is_activated && !schedule.empty() && one.schedule == schedule &&
            one.principal == oid)
            return one.until;
    return std::nullopt;
}

std::string make_watch_token(const std::array<std::uint8_t, 8> &random)
{
    std::uint64_t number = 0;
    for (const std::uint8_t byte : random)
        number = (number << 8) | byte;
    // 2^64 is a million times what the token takes: no character is likelier than another by more.
    std::string token;
    for (std::size_t i = 0; i < token_length; ++i, number /= token_alphabet.size())
        token += token_alphabet[number % token_alphabet.size()];
    return token;
}

bool has_watch_token(std::string_view text, std::string_view token)
{
    if (token.empty())
        return false;
    const std::string in = to_lower(text);
    const std::string wanted = to_lower(token);
    for (std::size_t at = in.find(wanted); at != std::string::npos; at = in.find(wanted, at + 1)) {
        const std::size_t end = at + wanted.size();
        if ((at == 0 || !is_word_character(in[at - 1])) &&
            (end == in.size() || !is_word_character(in[end])))
            return true;
    }
    return false;
}

} // namespace jit::oidc
