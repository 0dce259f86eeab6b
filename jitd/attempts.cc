#include "jitd/attempts.h"

#include <algorithm>

#include "jitd/limits.h"
#include "jitd/words.h"
#include "policy/network.h"

namespace jit::daemon {

namespace {

// How often those are forgotten who have not asked for anything lately.
constexpr std::chrono::seconds between_forgettings{10};

std::chrono::seconds until(BootTime then, BootTime now)
{
    return std::max(std::chrono::ceil<std::chrono::seconds>(then - now), std::chrono::seconds{1});
}

// When all that wait have ended, at the latest.
BootTime end_of_all(BootTime signing_in, const std::vector<BootTime> &asked)
{
    return asked.empty() ? signing_in
                         : std::max(signing_in, *std::max_element(asked.begin(), asked.end()));
}

// When there is room for one more within a window; a time not after `now`: there is room already.
BootTime room_at(const std::vector<BootTime> &begun, std::size_t most, std::chrono::seconds window)
{
    return begun.size() < most ? BootTime{} : begun[begun.size() - most] + window;
}

} // namespace

std::string counted_address(std::string_view text)
{
    const auto address = policy::parse_address(text);
    if (!address)
        return {};
    const auto mapped = policy::parse_network("::ffff:0.0.0.0/96");
    const bool is_ipv4 = mapped && policy::contains(*mapped, *address);
    return {address->begin(), is_ipv4 ? address->end() : address->begin() + 8};
}

Knock knock_of(const RequestFacts &facts)
{
    Knock knock;
    knock.is_unproven = facts.origin.is_unproven;
    knock.asks_others =
        facts.mode != policy::Approval::Mode::self && facts.mode != policy::Approval::Mode::none;
    std::string address = counted_address(facts.from->rhost);
    if (!knock.is_unproven) {
        // As a shared account several people come, who must not take each other's places. One key
        // is one of them, from whatever address.
        knock.who = facts.is_shared ? facts.user + " " + facts.origin.tty + " " + facts.from->prover
                                    : facts.user;
        if (!facts.from->connection.empty())
            knock.address = std::move(address);
    } else
        knock.who = address.empty() ? "tty " + facts.origin.tty : std::move(address);
    return knock;
}

Attempts::Place::~Place()
{
    if (who_ != nullptr && asked_)
        who_->asked.erase(std::find(who_->asked.begin(), who_->asked.end(), *asked_));
    for (Tally *const tally : {who_, address_})
        if (tally != nullptr && --tally->waiting == 0)
            tally->last_end = {};
}

void Attempts::Place::ask_others(BootTime until)
{
    if (who_ == nullptr)
        return;
    if (asked_)
        *std::find(who_->asked.begin(), who_->asked.end(), *asked_) = until;
    else
        who_->asked.push_back(until);
    asked_ = until;
    if (address_ != nullptr)
        address_->last_end = std::max(address_->last_end, until);
}

void Attempts::forget(BootTime now)
{
    forgot_ = now;
    const auto clear = [&](Tallies &tallies, std::chrono::seconds window) {
        for (auto entry = tallies.begin(); entry != tallies.end();) {
            Tally &tally = entry->second;
            std::erase_if(tally.begun, [&](BootTime at) { return now - at >= window; });
            const bool is_gone = tally.begun.empty() && tally.waiting == 0;
            entry = is_gone ? tallies.erase(entry) : std::next(entry);
        }
    };
    clear(requesters_, limits::request_window);
    clear(strangers_, limits::unproven_window);
    clear(addresses_, limits::request_window);
}

std::string Attempts::why_not_stranger(const std::string &who, BootTime now) const
{
    const auto found = strangers_.find(who);
    if (found == strangers_.end()) {
        if (strangers_.size() < limits::unproven_origins)
            return {};
        BootTime first = BootTime::max();
        for (const auto &[other, tally] : strangers_)
            first = std::min(
                first,
                std::max(tally.begun.empty() ? now : tally.begun.back() + limits::unproven_window,
                         end_of_all(tally.last_end, tally.asked)));
        return words::too_many_strangers(until(first, now));
    }
    const Tally &tally = found->second;
    const BootTime then = room_at(tally.begun, limits::unproven_in_window, limits::unproven_window);
    if (then > now)
        return words::too_many_unproven(until(then, now));
    if (tally.waiting >= limits::pending_of_one_unproven)
        return words::too_many_unproven(until(end_of_all(tally.last_end, tally.asked), now));
    return {};
}

std::string Attempts::why_not(const Knock &knock, BootTime now)
{
    const bool is_full = strangers_.size() >= limits::unproven_origins ||
                         requesters_.size() >= limits::requesters ||
                         addresses_.size() >= limits::requesters;
    if (is_full || now - forgot_ >= between_forgettings)
        forget(now);
    if (knock.is_unproven)
        return why_not_stranger(knock.who, now);
    const auto found = requesters_.find(knock.who);
    if (found == requesters_.end() && requesters_.size() >= limits::requesters)
        return std::string{words::too_many_here};
    if (found != requesters_.end()) {
        const Tally &tally = found->second;
        const BootTime then =
            room_at(tally.begun, limits::requests_in_window, limits::request_window);
        if (then > now)
            return words::too_many_begun(until(then, now));
        // A sign-in is over in minutes. What waits for others may do so for a day, and is no
        // reason to refuse what needs nobody else.
        if (tally.waiting - tally.asked.size() >= limits::pending_of_one_requester)
            return words::too_many_wait(until(tally.last_end, now));
        if (knock.asks_others && tally.asked.size() >= limits::asked_of_one_requester)
            return words::too_many_ask(
                until(*std::min_element(tally.asked.begin(), tally.asked.end()), now));
    }
    if (knock.address.empty())
        return {};
    const auto address = addresses_.find(knock.address);
    if (address == addresses_.end())
        return addresses_.size() < limits::requesters ? std::string{}
                                                      : std::string{words::too_many_here};
    if (address->second.waiting >= limits::pending_of_one_address)
        return words::too_many_from_address(until(address->second.last_end, now));
    return {};
}

Attempts::Place Attempts::begin(const Knock &knock, BootTime now, BootTime until)
{
    Tally &who = (knock.is_unproven ? strangers_ : requesters_)[knock.who];
    who.begun.push_back(now); // though it fail: that is written down too
    Tally *const address = knock.address.empty() ? nullptr : &addresses_[knock.address];
    for (Tally *const tally : {&who, address})
        if (tally != nullptr) {
            ++tally->waiting;
            tally->last_end = std::max(tally->last_end, until);
        }
    return {&who, address};
}

} // namespace jit::daemon
