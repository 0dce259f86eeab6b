#include "jitd/notice_delivery.h"

#include <algorithm>

#include "jitd/limits.h"
#include "lib/oidc/pace.h"

namespace jit::daemon {

namespace {

using namespace std::chrono_literals;
using Outcome = oidc::HttpReply::Outcome;
using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr seconds first_pause = 2s;
constexpr seconds longest_pause = 900s;

template <typename... Some> NoticeDelivery::Actions list(Some &&...actions)
{
    NoticeDelivery::Actions made;
    (made.emplace_back(std::forward<Some>(actions)), ...);
    return made;
}

bool has_status(const oidc::HttpReply &reply)
{
    // What a webhook answers is not read, so an answer without an end is as good as another.
    return reply.outcome == Outcome::received ||
           (reply.outcome == Outcome::too_large && reply.status != 0);
}

bool is_taken(const oidc::HttpReply &reply)
{
    return has_status(reply) && reply.status >= 200 && reply.status < 300;
}

bool is_refused(const oidc::HttpReply &reply)
{
    const long status = reply.status;
    return has_status(reply) && status < 500 && status != 408 && status != 425 && status != 429;
}

std::string why(const oidc::HttpReply &reply)
{
    if (has_status(reply))
        return "it answers with status " + std::to_string(reply.status);
    switch (reply.outcome) {
    case Outcome::timed_out:
        return "it does not answer in time";
    case Outcome::not_trusted:
        return "its certificate is not trusted";
    default:
        return "it can't be reached";
    }
}

// Many hosts have seen the same webhook fail at the same time, and are not to come back together:
// up to a quarter longer, by what the clock happens to show.
milliseconds pause_after(unsigned failures, const oidc::HttpReply &reply, BootTime now)
{
    seconds pause = std::min(first_pause * (1 << std::min(failures - 1, 10U)), longest_pause);
    if (reply.outcome == Outcome::received)
        pause = std::max(pause, oidc::read_retry_after(reply.retry_after).value_or(0s));
    const auto chance = now.time_since_epoch().count() % 1000;
    return pause + milliseconds{pause.count() * chance / 4};
}

} // namespace

NoticeDelivery::Actions NoticeDelivery::read()
{
    state_ = State::reading;
    return list(ReadNext{after_});
}

NoticeDelivery::Actions NoticeDelivery::on_added()
{
    return state_ == State::idle ? read() : Actions{};
}

NoticeDelivery::Actions NoticeDelivery::on_time()
{
    return state_ == State::waiting ? read() : Actions{};
}

NoticeDelivery::Actions NoticeDelivery::on_next(std::optional<StoredNotice> next, WallTime now)
{
    if (state_ != State::reading)
        return {};
    if (!next) {
        state_ = State::idle;
        return {};
    }
    if (next->seq != current_)
        tries_ = 0;
    current_ = next->seq;
    const bool is_old = now - next->made > limits::notice_life;
    if (is_old || tries_ >= limits::notice_tries)
        return done_with(
            Say{true, name_ + ": notice " + std::to_string(current_) + " is given up: " +
                          (is_old ? "it is more than a day old"
                                  : "it was tried " + std::to_string(tries_) + " times")});
    state_ = State::sending;
    ++tries_;
    return list(Send{*std::move(next)});
}

NoticeDelivery::Actions NoticeDelivery::done_with(std::optional<Say> say)
{
    after_ = current_;
    Actions actions = list(Forget{current_});
    if (say)
        actions.emplace_back(*std::move(say));
    for (Action &action : read())
        actions.push_back(std::move(action));
    return actions;
}

NoticeDelivery::Actions NoticeDelivery::on_reply(const oidc::HttpReply &reply, BootTime now)
{
    if (state_ != State::sending)
        return {};
    if (is_taken(reply)) {
        const bool was_failing = std::exchange(failures_, 0) > 0;
        return done_with(was_failing ? std::optional{Say{false, name_ + " takes notices again"}}
                                     : std::nullopt);
    }
    if (!is_refused(reply))
        return try_again(reply, now);
    failures_ = 0;
    const bool is_elsewhere = reply.status >= 300 && reply.status < 400;
    return done_with(Say{true, name_ + " refuses notice " + std::to_string(current_) +
                                   ", which is given up: " + why(reply) +
                                   (is_elsewhere ? ", and a redirect is not followed" : "") +
                                   "; see whether its url in jitd.toml still holds"});
}

NoticeDelivery::Actions NoticeDelivery::try_again(const oidc::HttpReply &reply, BootTime now)
{
    state_ = State::waiting;
    ++failures_;
    Actions actions = list(WakeAt{now + pause_after(failures_, reply, now)});
    if (failures_ == 1)
        actions.emplace_back(
            Say{true, name_ + ": " + why(reply) +
                          "; notices wait, are tried again for a day, and nothing else waits"});
    return actions;
}

} // namespace jit::daemon
