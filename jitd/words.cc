#include "jitd/words.h"

#include <cstring>

#include "jitd/limits.h"
#include "lib/base/text.h"
#include "lib/oidc/failure.h"
#include "policy/services.h"

namespace jit::daemon::words {

namespace {

std::string with_correlation(std::string line, std::string_view correlation)
{
    if (!correlation.empty())
        line += " (correlation id " + std::string{correlation} + ")";
    return line;
}

std::string quoted(std::string_view role)
{
    return "role \"" + std::string{role} + '"';
}

// At the end of a line.
std::string again_in(std::chrono::seconds then)
{
    return "try again in " + format_duration(then);
}

} // namespace

std::string not_in_ledger(const Error &error)
{
    return std::string{"the record before this one is not in the ledger: "} + error.what +
           (error.sys == 0 ? "" : std::string{": "} + std::strerror(error.sys));
}

std::string no_request_or_grant(std::string_view id)
{
    return "no request or grant " + std::string{id};
}

std::string no_request_waits(std::string_view id)
{
    return "no request " + std::string{id} + " waits";
}

std::string no_live_grant(std::string_view id)
{
    return "no live grant " + std::string{id};
}

std::string no_live_grant_of(std::string_view role)
{
    return "you have no live grant of " + quoted(role);
}

std::string no_role(std::string_view role)
{
    return "there is no " + quoted(role);
}

std::string no_user(std::string_view user)
{
    return "no user " + std::string{user} + " on this host";
}

std::string no_pin(std::string_view user)
{
    return "user " + std::string{user} + " has no pin";
}

std::string no_longer(std::string_view role, std::string_view most)
{
    return quoted(role) + " is granted for at most " + std::string{most} +
           ", and the grant lasts so long already: ask for a new one when it has ended";
}

std::string system_account(std::string_view user, std::string_view role)
{
    return std::string{user} + " is a system account, and " + quoted(role) + " is not for those";
}

std::string system_account_by_name(std::string_view user)
{
    return std::string{user} + " is a system account, and those are matched by [users] map alone";
}

std::string no_role_opens(std::string_view service, std::string_view account)
{
    return "no role opens " + std::string{service} + " for account " + std::string{account} +
           ", and the service is among strict_services";
}

std::string too_many_wait(std::chrono::seconds then)
{
    return std::to_string(limits::pending_of_one_requester) +
           " requests of yours wait already; end one (jitctl status, jitctl cancel ID), or " +
           again_in(then);
}

std::string too_many_ask(std::chrono::seconds then)
{
    return std::to_string(limits::asked_of_one_requester) +
           " requests of yours wait for others already; end one (jitctl status, jitctl cancel ID), "
           "or " +
           again_in(then);
}

std::string too_many_begun(std::chrono::seconds then)
{
    return "too many requests of yours were begun in the last " +
           format_duration(limits::request_window) + "; " + again_in(then);
}

std::string too_many_from_address(std::chrono::seconds then)
{
    return "too many logins from your address wait already; " + again_in(then);
}

std::string too_many_unproven(std::chrono::seconds then)
{
    return "too many logins from here were begun that nobody has proven; log in with a key, or " +
           again_in(then);
}

std::string too_many_strangers(std::chrono::seconds then)
{
    return "too many logins that nobody has proven are under way; log in with a key, or " +
           again_in(then);
}

std::string other_waits(std::string_view role, std::string_view id)
{
    return "a request for role \"" + std::string{role} +
           "\" waits here already and has a code, for another time or reason; end it first: "
           "jitctl cancel " +
           std::string{id};
}

ipc::Cause cause_of(oidc::Failure failure)
{
    switch (failure) {
    case oidc::Failure::declined:
        return ipc::Cause::declined;
    case oidc::Failure::expired:
        return ipc::Cause::expired;
    case oidc::Failure::unreachable:
        return ipc::Cause::unreachable;
    case oidc::Failure::not_trusted:
    case oidc::Failure::foreign:
    case oidc::Failure::wrong_host:
    case oidc::Failure::out_of_date:
    case oidc::Failure::old_tls:
        return ipc::Cause::not_trusted;
    case oidc::Failure::misconfigured:
    case oidc::Failure::unfit:
        return ipc::Cause::misconfigured;
    case oidc::Failure::blocked:
        return ipc::Cause::blocked;
    case oidc::Failure::broken:
        return ipc::Cause::broken;
    case oidc::Failure::none:
        break;
    }
    return ipc::Cause::failed;
}

std::string explain(oidc::Failure failure, std::string_view advice, std::string_view correlation)
{
    std::string line;
    switch (failure) {
    case oidc::Failure::declined:
        line = "the sign-in was declined";
        break;
    case oidc::Failure::expired:
        line = "nobody signed in before the code's end; run it again";
        break;
    case oidc::Failure::unreachable:
        line = "the identity provider can't be reached; check this host's network, then run it "
               "again";
        break;
    case oidc::Failure::not_trusted:
        line = "the identity provider's TLS certificate is not trusted here; check ca_file and "
               "this host's clock";
        break;
    case oidc::Failure::foreign:
        line = "the identity provider's TLS certificate is not trusted here: it is of an unknown "
               "authority; check ca_file, and what stands between this host and the provider";
        break;
    case oidc::Failure::wrong_host:
        line = "the identity provider's TLS certificate is not trusted here: it is for another "
               "host's name; check this host's DNS and /etc/hosts";
        break;
    case oidc::Failure::out_of_date:
        line = "the identity provider's TLS certificate is not trusted here: it has expired or is "
               "not valid yet; check this host's clock";
        break;
    case oidc::Failure::old_tls:
        line = "the identity provider is not trusted here: nothing newer than TLS 1.1 is spoken; "
               "check what stands between this host and the provider";
        break;
    case oidc::Failure::misconfigured:
        line =
            "the identity provider refuses this host's registration; check tenant or issuer, and "
            "client_id, in jitd.toml";
        break;
    case oidc::Failure::unfit:
        line = "the identity provider can't be used; compare [identity] of jitd.toml with what the "
               "provider publishes";
        break;
    case oidc::Failure::blocked:
        line = "the identity provider does not let this sign-in through";
        break;
    case oidc::Failure::broken:
    case oidc::Failure::none:
        line = "the identity provider's answer makes no sense; run it again";
        break;
    }
    // To the other lines it would add what they say already; so would the one that stands for any
    // "no" of the person's, where the provider gave no number for it.
    const bool is_about_refusal =
        failure == oidc::Failure::misconfigured || failure == oidc::Failure::unfit ||
        failure == oidc::Failure::blocked || failure == oidc::Failure::broken ||
        (failure == oidc::Failure::declined && advice != oidc::explain(failure));
    if (is_about_refusal && !advice.empty())
        line += ": " + std::string{advice};
    return with_correlation(std::move(line), correlation);
}

std::string provider_silent(std::chrono::seconds then)
{
    return "the identity provider does not answer; it is asked again in " + format_duration(then);
}

std::string explain(oidc::TokenFault fault, std::string_view correlation)
{
    return with_correlation("the identity provider's token was not accepted (" +
                                std::string{oidc::name_of(fault)} + "); run it again",
                            correlation);
}

std::string waits_for_approval(std::string_view id, std::size_t given, unsigned needed)
{
    const std::string who = needed == 1 ? "an approver" : std::to_string(needed) + " approvers";
    std::string so_far =
        std::to_string(given) + " of " + std::to_string(needed) + " have approved it";
    if (given >= needed)
        return so_far;
    return (given == 0 ? "you are signed in, and " + who + " must say yes: "
                       : so_far + "; the next one does so with: ") +
           "jitctl approve " + std::string{id};
}

std::string activate_group(std::string_view group, std::string_view token, std::string_view uri)
{
    return "to go on, activate your membership of group " + std::string{group} + " in Entra" +
           (token.empty() ? "" : ", with " + std::string{token} + " in the justification") + ": " +
           std::string{uri};
}

std::string approved_so_far(std::size_t given, unsigned needed)
{
    return "approved; " + std::to_string(given) + " of " + std::to_string(needed) + " have done so";
}

std::string enough_approved(std::string_view requester, std::string_view role)
{
    return "that is enough: " + std::string{requester} + " gets role " + std::string{role};
}

std::string no_request_to_approve(std::string_view id)
{
    return "no request " + std::string{id} +
           " waits for approval; what does you see with: jitctl pending";
}

std::string no_approver(std::string_view user, std::string_view role, bool groups_left_out)
{
    return std::string{user} + " is no approver of role " + std::string{role} +
           (groups_left_out ? ", as far as the sign-in says, which leaves out groups for their "
                              "number; an administrator finds out how in: jit-policy(5), approvers"
                            : "; nothing was approved or denied by this");
}

std::string guest_approver(std::string_view user)
{
    return std::string{user} + " is a guest of the tenant, and the role's conditions want none";
}

std::string no_step_up(std::string_view user, std::string_view context)
{
    return std::string{user} + "'s sign-in did not satisfy authentication context " +
           std::string{context} + ", which the role demands of approvers, too";
}

std::string stale_approver(std::string_view user)
{
    return std::string{user} +
           "'s sign-in is older than the role allows; sign out in the browser, and approve again";
}

std::string denied_by(std::string_view user, std::string_view reason)
{
    return std::string{user} + " denied it: " + safe_text(reason, 512);
}

std::string wrong_person(std::string_view user, std::string_view correlation)
{
    return with_correlation("somebody else signed in, not the person of " + std::string{user} +
                                "; run it again and sign in with your own account",
                            correlation);
}

std::string for_one_session(std::string_view id)
{
    return "grant " + std::string{id} + " is for one session, and that has begun";
}

std::string of_several(std::string_view role)
{
    return "several people have " + quoted(role) + " as this account; name the id (jitctl list)";
}

std::string login_only(std::string_view role)
{
    return "role \"" + std::string{role} +
           "\" is for logins to an account that people share; log in to that account to ask for it";
}

std::string no_key(std::string_view role)
{
    return "role \"" + std::string{role} +
           "\" wants a key that opens the account first; log in with your key and a prompt (ssh -o "
           "PreferredAuthentications=publickey,keyboard-interactive)";
}

std::string no_login(std::string_view role, std::string_view service)
{
    const std::string line = "this login has no live grant of role \"" + std::string{role} + "\"; ";
    if (policy::asked_as(service) == "sshd")
        return line + "log in with your key and a prompt (ssh -o "
                      "PreferredAuthentications=publickey,keyboard-interactive)";
    return line + "log in again, and approve the code";
}

std::string other_oid(std::string_view user, std::string_view correlation)
{
    return with_correlation("the account that signed in has the name of " + std::string{user} +
                                "'s person and is another account; if it was replaced in Entra, an "
                                "administrator runs: jitctl pins --clear " +
                                std::string{user},
                            correlation);
}

std::string guest_by_name(std::string_view user, std::string_view correlation)
{
    return with_correlation("a guest of the tenant signed in, who can't be known by name; an "
                            "administrator puts " +
                                std::string{user} + " into [users] map of jitd.toml",
                            correlation);
}

std::string pin_waits(std::string_view user)
{
    return "the person of " + std::string{user} +
           " is known now and waits for an administrator, who runs: jitctl pins --confirm " +
           std::string{user};
}

std::string asks_entra(std::string_view group)
{
    return "asks Entra to activate your membership of group " + std::string{group};
}

std::string waits_in_entra(std::string_view group)
{
    return "waits for approval in Entra, by somebody who approves for group " + std::string{group} +
           " in Privileged Identity Management";
}

std::string entra_allows(std::chrono::seconds most)
{
    return "Entra's policy for the group allows " + format_duration(most) + " at a time";
}

std::string no_activation(std::string_view advice, std::string_view correlation)
{
    return with_correlation("the group was not activated in Entra: " + std::string{advice},
                            correlation);
}

std::string no_groups(std::string_view advice, std::string_view correlation)
{
    return with_correlation("it can't be seen which groups you are in: " + std::string{advice},
                            correlation);
}

} // namespace jit::daemon::words
