// May somebody pass a door now? And over ssh: is there something approved that he has come for?
#include "jitd/api.h"

#include "jitd/answers.h"
#include "jitd/carried_groups.h"
#include "jitd/origins.h"
#include "jitd/records.h"
#include "lib/base/text.h"

namespace jit::daemon {

void Api::answer_check(Call exchange)
{
    auto call = ipc::decode_check_call(exchange->call().parameters.get());
    if (!call)
        return refuse_parameters(exchange, call.error());
    call->command = unless_empty(shown_command(call->command));
    // The module knows two names of the account's uid, its own and the first one; a role may list a
    // third. Without an answer the account counts as one that could not be resolved.
    call->account_names = local_names_.add_same_uid(std::move(call->account_names))
                              .value_or(std::vector<std::string>{});
    const Now now = read_clocks();
    const std::string login = login_of(call->connection, exchange->peer().pid);
    const auto origin = origin_of(*call);
    const std::string proof = origin ? origin->proof : std::string{};
    const std::string key = has_one_key(call->proof) ? proof : std::string{};
    DoorAnswer answer = daemon::answer_check(
        *call, {parts_.settings, parts_.grants.table(), now, parts_.is_reconciled(),
                parts_.grants.has_membership(),
                parts_.requests.logins().find_grant(login, call->requester, proof), key,
                [this](const std::string &user) { return read_person(user); }, &find_carried});
    if (answer.fault)
        return fail(exchange, *answer.fault, answer.fault_message);
    if (call->connection && call->phase == ipc::Phase::account &&
        let_in(exchange, *call, proof, answer))
        return;
    const bool may_ask = answer.reply.verdict == ipc::Verdict::request ||
                         answer.reply.verdict == ipc::Verdict::choose;
    if (may_ask && !answer.no_login.empty() && call->phase == ipc::Phase::account) {
        answer.reply = {};
        answer.reply.message = answer.no_login;
    }
    exchange->reply_and_close(ipc::encode_check_reply(answer.reply));
    // The caller has its answer: the disk makes nobody wait.
    if (answer.record)
        parts_.audit.write_limited(*answer.record, now.boot, call->unproven);
}

bool Api::let_in(Call exchange, const ipc::CheckCall &call, const std::string &proof,
                 const DoorAnswer &answer)
{
    Requests &requests = parts_.requests;
    const ipc::CheckReply &reply = answer.reply;
    const bool is_live = reply.verdict == ipc::Verdict::live && reply.grant;
    std::vector<std::string> roles = reply.roles.value_or(std::vector<std::string>{});
    if (reply.role)
        roles.push_back(*reply.role);
    const bool may_ask =
        reply.verdict == ipc::Verdict::request || reply.verdict == ipc::Verdict::choose;
    const auto find_held = [&](const std::optional<Origin> &origin) {
        return origin ? requests.find_held(call.requester, *origin, roles) : nullptr;
    };
    // Who has proven himself by nothing but a fresh sign-in comes in by that, whatever is live.
    const RequestFacts *held =
        may_ask || is_live ? find_held(unproven_origin_of(call, exchange->peer().pid)) : nullptr;
    if (held == nullptr && may_ask)
        held = find_held(sole_origin_of(call, exchange->peer().pid));
    if (held == nullptr && may_ask)
        held = find_held(origin_of(call));
    if (held == nullptr) {
        if (is_live)
            requests.let_in(*call.connection, call.requester, *reply.grant, proof, false);
        return false;
    }
    const std::string id = held->id;
    requests.claim(id, [this, exchange, connection = *call.connection,
                        proof](const StoredRequest &grant, const std::string *no) {
        ipc::CheckReply said;
        if (no == nullptr) {
            parts_.requests.let_in(connection, grant.user, grant.id, proof, true);
            said.verdict = ipc::Verdict::live;
            said.role = grant.role;
            said.grant = grant.id;
            said.until = grant.until;
            said.is_granted = true;
        } else {
            said.message = *no;
        }
        exchange->reply_and_close(ipc::encode_check_reply(said));
    });
    return true;
}

} // namespace jit::daemon
