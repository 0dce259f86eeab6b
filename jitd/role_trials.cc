#include "jitd/role_trials.h"

#include "jitd/limits.h"
#include "jitd/words.h"

namespace jit::daemon {

void RoleTrials::ask(std::vector<ipc::GrantCall> calls, Told told)
{
    if (!late_)
        if (auto made = sys::Timer::make(helper_.loop(), [this] { end_late(); }))
            late_ = *std::move(made);
    waiting_.push_back(
        {std::move(calls), std::move(told), boot_time() + limits::role_trials_wait, {}});
    if (!late_)
        return give_up(waiting_.size());
    if (!late_->is_set())
        late_->set(waiting_.front().end);
    ask_next();
}

void RoleTrials::ask_next()
{
    while (!is_out_ && !waiting_.empty()) {
        Series &first = waiting_.front();
        if (first.results.size() < first.calls.size()) {
            is_out_ = is_for_first_ = true;
            helper_.ask_grant(first.calls[first.results.size()],
                              [this](const ipc::GrantReply *reply, const HelperFault &fault) {
                                  on_answer(reply, fault);
                              });
            continue;
        }
        const Series done = std::move(first);
        waiting_.pop_front();
        done.told(done.results);
    }
    if (waiting_.empty() && late_)
        late_->stop();
}

void RoleTrials::on_answer(const ipc::GrantReply *reply, const HelperFault &fault)
{
    is_out_ = false;
    const bool is_for_first = std::exchange(is_for_first_, false);
    // The others would hear the same, and each would take its time.
    if (reply == nullptr && fault.kind == HelperFault::Kind::unavailable)
        return give_up(waiting_.size());
    if (is_for_first)
        waiting_.front().results.push_back(reply ? std::nullopt : std::optional{fault});
    ask_next();
}

void RoleTrials::end_late()
{
    const BootTime now = boot_time();
    std::size_t late = 0;
    while (late < waiting_.size() && waiting_[late].end <= now)
        ++late;
    if (late > 0)
        is_for_first_ = false;
    give_up(late);
    if (!waiting_.empty())
        late_->set(waiting_.front().end);
}

// Of the first so many.
void RoleTrials::give_up(std::size_t count)
{
    const HelperFault away{HelperFault::Kind::unavailable, std::string{words::helper_away}};
    for (; count > 0; --count) {
        Series late = std::move(waiting_.front());
        waiting_.pop_front();
        late.results.resize(late.calls.size(), away);
        late.told(late.results);
    }
    ask_next();
}

} // namespace jit::daemon
