// Looking at grants, and ending them.
#include "jitd/api.h"

#include <map>
#include <string_view>
#include <utility>

#include "jitd/answers.h"
#include "jitd/leftovers.h"
#include "jitd/limits.h"
#include "jitd/records.h"
#include "jitd/words.h"

namespace jit::daemon {

namespace {

// Sends each record as a reply of its own; the last one says so.
void reply_each(const std::shared_ptr<sys::Exchange> &exchange,
                const std::vector<ipc::ListReply> &replies)
{
    if (replies.empty())
        return exchange->reply(ipc::encode_list_reply({}));
    for (std::size_t i = 0; i + 1 < replies.size(); ++i)
        exchange->reply_and_continue(ipc::encode_list_reply(replies[i]));
    exchange->reply(ipc::encode_list_reply(replies.back()));
}

} // namespace

ipc::State Api::state_of(const Grant &grant) const
{
    return is_live(grant, read_clocks(), parts_.grants.has_membership()) ? ipc::State::live
                                                                         : ipc::State::ended;
}

void Api::answer_list(Call exchange)
{
    const auto call = ipc::decode_list_call(exchange->call().parameters.get());
    if (!call)
        return refuse_parameters(exchange, call.error());
    const auto caller = read_caller(exchange);
    if (!caller)
        return;
    if (call->all && !caller->is_root())
        return refuse_caller(exchange, words::only_root_lists_all);
    parts_.grants.close_ended();

    const auto is_theirs = [&](const std::string &user) {
        return call->all || user == caller->user;
    };
    const auto *const config = parts_.settings.config ? &*parts_.settings.config : nullptr;
    std::vector<ipc::ListReply> replies;
    if (call->id) {
        if (const Session *const session = parts_.requests.find(*call->id)) {
            if (!caller->is_root() && session->facts().user != caller->user)
                return refuse_caller(exchange, words::not_your_request);
            replies.push_back(
                {std::nullopt, make_request_record(session->facts(), session->awaited()), {}});
            return reply_each(exchange, replies);
        }
        const auto stored = parts_.store.read(*call->id);
        if (!stored)
            return fail(exchange, ipc::Fault::not_found, words::no_request_or_grant(*call->id));
        if (!caller->is_root() && stored->user != caller->user)
            return refuse_caller(exchange, words::not_your_grant);
        replies.push_back(make_record(*stored, config));
        if (auto &grant = replies.back().grant; grant && grant->state == ipc::State::ended)
            grant->leftovers =
                read_leftovers(parts_.leftovers, grant->id, grant->until, wall_time());
        return reply_each(exchange, replies);
    }
    // By id, which neither time nor state changes between two pages.
    std::map<std::string_view, std::pair<const Session *, const Grant *>> open;
    const auto is_behind = [&](const std::string &id) { return !call->after || id > *call->after; };
    for (const Session *session : parts_.requests.all())
        if (is_theirs(session->facts().user) && is_behind(session->facts().id))
            open[session->facts().id].first = session;
    for (const Grant *grant : parts_.grants.table().all())
        if (is_theirs(grant->user) && is_behind(grant->id))
            open[grant->id].second = grant;
    std::size_t bytes = 0;
    const auto add = [&](ipc::ListReply record) {
        bytes += json_dumpb(ipc::encode_list_reply(record).get(), nullptr, 0, JSON_COMPACT);
        replies.push_back(std::move(record));
    };
    const auto is_full = [&] {
        return replies.size() >= limits::listed_records || bytes > limits::listed_bytes;
    };
    for (const auto &[id, one] : open) {
        if (is_full()) {
            const ipc::ListReply &last = replies.back();
            replies.back().next = last.grant ? last.grant->id : last.request->id;
            return reply_each(exchange, replies);
        }
        if (one.second)
            add({make_grant_record(*one.second, state_of(*one.second), config), std::nullopt, {}});
        else
            add({std::nullopt, make_request_record(one.first->facts(), one.first->awaited()), {}});
    }
    if (call->ended) {
        const auto stored =
            parts_.store.read_newest(call->all ? "" : caller->user, limits::listed_records);
        if (!stored)
            return fail(exchange, ipc::Fault::unavailable, stored.error().what);
        for (const StoredRequest &one : *stored)
            if (!is_full() && one.state != ipc::State::live &&
                one.state != ipc::State::pending_signin &&
                one.state != ipc::State::pending_approval)
                add(make_record(one, config));
    }
    reply_each(exchange, replies);
}

void Api::answer_drop(Call exchange)
{
    const auto call = ipc::decode_drop_call(exchange->call().parameters.get());
    if (!call)
        return refuse_parameters(exchange, call.error());
    const auto caller = read_caller(exchange);
    if (!caller)
        return;
    std::vector<std::string> ids;
    if (call->id) {
        const Grant *const grant = parts_.grants.table().find(*call->id);
        if (!grant)
            return fail(exchange, ipc::Fault::not_found, words::no_live_grant(*call->id));
        if (!caller->is_root() && grant->user != caller->user)
            return refuse_caller(exchange, words::not_your_grant);
        ids.push_back(grant->id);
    } else {
        bool is_any_of_login = false;
        for (const Grant *grant : parts_.grants.table().of_user(caller->user))
            if (grant->role == *call->role) {
                ids.push_back(grant->id);
                is_any_of_login = is_any_of_login || grant->is_of_login;
            }
        if (is_any_of_login && ids.size() > 1)
            return fail(exchange, ipc::Fault::refused, words::of_several(*call->role));
        if (ids.empty())
            return fail(exchange, ipc::Fault::not_found, words::no_live_grant_of(*call->role));
    }
    end_all(exchange, ids, {Event::dropped, "dropped", caller->user});
}

void Api::answer_revoke(Call exchange)
{
    const auto call = ipc::decode_revoke_call(exchange->call().parameters.get());
    if (!call)
        return refuse_parameters(exchange, call.error());
    std::vector<std::string> ids;
    for (const Grant *grant : parts_.grants.table().all())
        if (call->all || (call->id && grant->id == *call->id) ||
            (call->user && grant->user == *call->user) ||
            (call->role && grant->role == *call->role))
            ids.push_back(grant->id);
    if (ids.empty() && call->id)
        return fail(exchange, ipc::Fault::not_found, words::no_live_grant(*call->id));
    end_all(exchange, ids, {Event::revoked, "revoked", "root"});
}

void Api::end_all(Call exchange, const std::vector<std::string> &ids, const Ending &ending)
{
    // Shared by the answers, which come in any order.
    struct Progress {
        std::shared_ptr<sys::Exchange> exchange;
        std::size_t left;
        ipc::IdsReply ended;
        std::optional<HelperFault> fault;
    };
    const auto progress =
        std::make_shared<Progress>(Progress{exchange, ids.size(), {}, std::nullopt});
    if (ids.empty())
        return exchange->reply(ipc::encode_ids_reply({}));
    // What it stands on in Entra is given back as well, in its own time.
    for (const std::string &id : ids)
        if (const Grant *const grant = parts_.grants.table().find(id))
            if (std::string left = parts_.requests.activations().end(*grant); !left.empty())
                progress->ended.message = std::move(left);
    for (const std::string &id : ids)
        parts_.grants.end(id, ending, [progress, id](const HelperFault *fault) {
            if (fault)
                progress->fault = *fault;
            else
                progress->ended.ids.push_back(id);
            if (--progress->left > 0)
                return;
            if (progress->fault)
                fail(progress->exchange, ipc::Fault::unavailable, progress->fault->message);
            else
                progress->exchange->reply(ipc::encode_ids_reply(progress->ended));
        });
}

} // namespace jit::daemon
