// Codes that webhooks are told of: whoever is an approver signs in with one, and needs no account
// here.
#include "jitd/approvals.h"

#include <algorithm>

#include "jitd/limits.h"
#include "jitd/words.h"

namespace jit::daemon {

void Approvals::plead(const Session &session)
{
    if (!parts_.notices || !parts_.notices->has_codes())
        return;
    by_notice_[session.facts().id] = {};
    begin_by_notice(session.facts().id);
}

void Approvals::tell_with_codes(const std::string &request)
{
    by_notice_[request].is_told = true;
    const Session *const session = parts_.requests.find_approving(request);
    if (const auto row = parts_.requests.read_row(request); row && session)
        parts_.notices->tell_with_codes(session->make_plea(), *row);
}

// Whoever reads the channel may use a code up; so many are made, and then `jitctl approve` is left.
void Approvals::begin_by_notice(const std::string &request)
{
    const Session *const session = parts_.requests.find_approving(request);
    if (!session || !parts_.notices->has_codes() ||
        by_notice_[request].used_up >= limits::approvals_by_notice)
        return;
    if (!parts_.requests.sign_ins().provider() || count(true) >= limits::notice_codes_at_once) {
        if (!by_notice_[request].is_told)
            tell_with_codes(request);
        return try_again(request, limits::code_again_most);
    }
    const RequestFacts &waiting = session->facts();
    ApprovalFacts facts;
    facts.id = waiting.id;
    facts.role = waiting.role;
    facts.requester = waiting.user;
    facts.requester_uid = waiting.uid;
    facts.requester_oid = waiting.oid;
    facts.auth_context = waiting.auth_context;
    facts.began = read_clocks();
    facts.deadline = waiting.deadline;
    if (const auto key = open(std::move(facts), 0, nullptr))
        perform(*key, talks_.at(*key).approval->start());
}

void Approvals::try_again(const std::string &request, std::chrono::seconds pause)
{
    again_.emplace(boot_time() + pause, request);
    again_timer_->set(again_.begin()->first);
}

void Approvals::begin_again()
{
    const BootTime now = boot_time();
    std::vector<std::string> due;
    while (!again_.empty() && again_.begin()->first <= now) {
        due.push_back(again_.begin()->second);
        again_.erase(again_.begin());
    }
    for (const std::string &request : due)
        begin_by_notice(request);
    if (!again_.empty())
        again_timer_->set(again_.begin()->first);
}

// Another approver may be wanted, and what a stranger used up changes nothing. What the provider
// did not give is asked for again, with growing pauses.
void Approvals::after_notice(const ApprovalFacts &facts, const Close &close)
{
    parts_.notices->forget_code(facts.id);
    const auto found = by_notice_.find(facts.id);
    if (found == by_notice_.end() || close.cause == ipc::Cause::cancelled ||
        close.cause == ipc::Cause::timed_out)
        return;
    ByNotice &state = found->second;
    const bool is_used_up = !close.cause || close.cause == ipc::Cause::declined ||
                            close.cause == ipc::Cause::refused ||
                            close.cause == ipc::Cause::wrong_person;
    if (is_used_up) {
        ++state.used_up;
        state.pause = {};
        return try_again(facts.id, std::chrono::seconds{0});
    }
    if (!state.is_told)
        tell_with_codes(facts.id);
    state.pause = std::clamp(state.pause * 2, limits::code_again, limits::code_again_most);
    try_again(facts.id, state.pause);
}

void Approvals::end_by_notice()
{
    end_all([](const Talk &talk) { return !talk.watcher; }, ipc::Cause::cancelled,
            words::config_changed);
}

} // namespace jit::daemon
