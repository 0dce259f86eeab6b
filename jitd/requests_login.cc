// Requests for logins over ssh: what is approved is granted when the login is there.
#include "jitd/requests.h"

#include <algorithm>

namespace jit::daemon {

const RequestFacts *Requests::find_held(const std::string &user, const Origin &origin,
                                        std::span<const std::string> roles) const
{
    for (const auto &[name, waiting] : of_user(user)) {
        const Session &session = *waiting->session;
        const RequestFacts &facts = session.facts();
        // To a shared account one login has it, and no other.
        const bool is_there = session.is_approved() && !session.is_leaving() &&
                              !(facts.is_shared && session.is_claimed());
        if (is_there && facts.origin == origin &&
            std::find(roles.begin(), roles.end(), facts.role) != roles.end())
            return &facts;
    }
    return nullptr;
}

void Requests::claim(const std::string &id, Claimed claimed)
{
    Waiting &waiting = waiting_.at(id);
    waiting.login->claims.push_back(std::move(claimed));
    perform(id, waiting.session->claim());
}

// A retry of the same login is told the same, and whoever came for the grant hears of it.
void Requests::end_login(Waiting &waiting, const std::string *no)
{
    const std::string user = waiting.session->facts().user;
    const Login login = std::move(*waiting.login);
    if (no != nullptr)
        for (const std::string &connection : login.connections)
            logins_.note_refusal(connection, user, *no, boot_time());
    const StoredRequest stored = stored_of(waiting);
    for (const Claimed &claimed : login.claims)
        claimed(stored, no);
}

void Requests::let_in(const std::string &connection, const std::string &user,
                      const std::string &grant, const std::string &proof, bool is_new)
{
    logins_.note_grant(connection, user, grant, proof, is_new, boot_time());
    if (is_new)
        missed_->set(logins_.next_look());
}

// sshd lets in and opens the session in two steps, and the client may go in between.
void Requests::look_for_missed()
{
    for (const std::string &grant : logins_.take_missed(boot_time()))
        parts_.grants.end(grant, {Event::reconciled, "interrupted", "jitd: the login did not come"},
                          [](const HelperFault *) {}); // asked again until it is done
    if (logins_.next_look() != BootTime::max())
        missed_->set(logins_.next_look());
}

} // namespace jit::daemon
