// What is said to people, in one place. One line each: what happened, why, what to do next.
#pragma once

#include <chrono>
#include <string>
#include <string_view>

#include "lib/base/result.h"
#include "lib/ipc/elevation.h"
#include "lib/oidc/device_grant.h"
#include "lib/oidc/token.h"

namespace jit::daemon::words {

inline constexpr std::string_view misconfigured =
    "jitd's configuration has faults, so nothing is granted; an administrator sees them with: "
    "jitctl policy check";
inline constexpr std::string_view no_policy =
    "there is no policy that can be used, so nothing is granted; an administrator sees why with: "
    "jitctl policy check";
inline constexpr std::string_view not_reconciled =
    "the grants of this boot have not been checked yet; try again in a moment, or see: systemctl "
    "status jit-reconcile.service";
inline constexpr std::string_view no_ledger =
    "the ledger can't be written, so nothing is granted; an administrator sees why with: "
    "journalctl -u jitd";
inline constexpr std::string_view pin_not_written =
    "the ledger can't be written, so the pin stays as it is; see why with: journalctl -u jitd";
inline constexpr std::string_view helper_away =
    "the root helper does not answer, so nothing was granted; an administrator sees why with: "
    "systemctl status jit-grantd.socket jit-grantd.service";
inline constexpr std::string_view cancelled = "cancelled";
inline constexpr std::string_view timed_out =
    "nobody signed in before the request's end; run it again";
inline constexpr std::string_view not_claimed =
    "it was approved, and no login came for it before the request's end";
inline constexpr std::string_view not_approved =
    "nobody who may approve it did so before the request's end; tell one of them, and run it again";
inline constexpr std::string_view person_changed =
    "you are not known any more as the person who signed in for it; run it again";
inline constexpr std::string_view not_activated =
    "Entra showed no activation that counts before the request's end; run it again, and activate "
    "the role's group then";
inline constexpr std::string_view activation_seen = "Entra shows your activation";
inline constexpr std::string_view no_watch =
    "this host has no credential of its own in Entra, so it can't see what is activated there; ask "
    "the administrator";
inline constexpr std::string_view too_many_watched =
    "too many groups are watched on this host just now; this one has to wait";
inline constexpr std::string_view no_approvers_left =
    "the policy was changed, and those who approved are not enough any more; run it again";
inline constexpr std::string_view grant_over =
    "the grant that was to go on longer has ended; ask for the role again";
inline constexpr std::string_view lasts_already =
    "another request has made the grant last that long already";
inline constexpr std::string_view activation_over =
    "the activation in Entra that it stands on is over; activate again, and run it again";
// Of mode pim.
inline constexpr std::string_view activation_no_longer =
    "the activation in Entra that runs can't be made longer, and the grant ends with it; hand it "
    "back "
    "(jitctl drop) and ask again";
inline constexpr std::string_view entra_carries_out = "Entra carries the activation out";
inline constexpr std::string_view entra_activated = "the group is active in Entra";
inline constexpr std::string_view activate_again =
    "jitd was started anew and has no token of yours any more; run it again: what is open or "
    "active in Entra stays so, and is taken up";
inline constexpr std::string_view activation_stays =
    "the activation in Entra stays until its end, since jitd holds no token of the person's; "
    "end it there, in Privileged Identity Management";
inline constexpr std::string_view activation_ended_too =
    "the activation in Entra, which ran before the role was asked for, is ended as well";
inline constexpr std::string_view activation_shared =
    "the activation in Entra stays, since another grant here stands on it";
inline constexpr std::string_view goes_on =
    "jitd is being started anew, and the request goes on; run it again to follow it";
inline constexpr std::string_view request_over =
    "the request has come to its end meanwhile; nothing was approved or denied by this";
inline constexpr std::string_view denied_unwritten =
    "it is denied, and the ledger could not take that: tell the administrator, and deny it again "
    "if "
    "jitd is started anew";
inline constexpr std::string_view approved_in_vain =
    "approved, and yet nothing is granted: the policy of now or the ledger stood against it, and "
    "the "
    "requester is told which";
inline constexpr std::string_view own_request =
    "the request is your own, and somebody else has to approve it";
inline constexpr std::string_view own_approval =
    "who signed in is the requester himself, and somebody else has to approve it";
inline constexpr std::string_view no_own_person =
    "nobody knows which person you are: an administrator has to put you into [users].map of "
    "jitd.toml";
inline constexpr std::string_view too_many_approve =
    "too many people approve something on this host just now; try again in a moment";
inline constexpr std::string_view only_waits =
    "only a request that waits for others can be left waiting";
inline constexpr std::string_view again =
    "the identity provider wants more proof that it is you; sign in once more, with this new code";
inline constexpr std::string_view stopping = "jitd is being stopped; run it again in a moment";
inline constexpr std::string_view config_changed =
    "the configuration was changed while you waited; run it again";
// To those whom nothing has proven: over ssh, and elsewhere.
inline constexpr std::string_view unproven_login =
    "nobody has proven who you are, and jit does not: log in with your key too";
inline constexpr std::string_view unproven =
    "nobody has proven who you are, and jit does not; an administrator has your password asked for "
    "before: pam_jit(8), proven";
inline constexpr std::string_view too_many_follow =
    "too many wait for this request already; end one of them, or wait for its end";
inline constexpr std::string_view too_many_here =
    "too many requests wait on this host; try again in a moment";
inline constexpr std::string_view too_many_grants =
    "too many grants are live on this host; an administrator ends some with: jitctl revoke";
inline constexpr std::string_view only_root = "only root may ask this";
inline constexpr std::string_view only_root_for_others = "only root may ask for somebody else";
inline constexpr std::string_view only_root_lists_all = "only root may list everybody's";
inline constexpr std::string_view only_root_reads_others =
    "only root may see the records of others";
inline constexpr std::string_view no_uid_name = "your uid has no name on this host";
inline constexpr std::string_view not_your_request = "the request is not yours";
inline constexpr std::string_view not_your_grant = "the grant is not yours";
inline constexpr std::string_view no_digest = "no digest could be made";
inline constexpr std::string_view helper_refuses = "the root helper refuses";

// To the administrator, behind a record that the ledger did not take.
std::string not_in_ledger(const Error &error);

std::string no_request_or_grant(std::string_view id);
std::string no_request_waits(std::string_view id);
std::string no_live_grant(std::string_view id);
std::string no_live_grant_of(std::string_view role);
std::string no_role(std::string_view role);
std::string no_user(std::string_view user);
std::string no_pin(std::string_view user);
//   most  what the role allows, as a duration is shown
std::string no_longer(std::string_view role, std::string_view most);
std::string system_account(std::string_view user, std::string_view role);
std::string system_account_by_name(std::string_view user);
std::string no_role_opens(std::string_view service, std::string_view account);

// Who may begin no other request now; then he may try again.
std::string too_many_wait(std::chrono::seconds then);
//   then  when the first of them ends, at the latest
std::string too_many_ask(std::chrono::seconds then);
std::string too_many_begun(std::chrono::seconds then);
std::string too_many_from_address(std::chrono::seconds then);
std::string too_many_unproven(std::chrono::seconds then);
std::string too_many_strangers(std::chrono::seconds then);
// One waits here that cannot be joined, since it asks for something else.
std::string other_waits(std::string_view role, std::string_view id);

// What a provider's failure means to the requester.
ipc::Cause cause_of(oidc::Failure failure);
//   advice       the flow's own line, if it has one
//   correlation  appended when it is known
std::string explain(oidc::Failure failure, std::string_view advice, std::string_view correlation);

// Nothing can be done without its answer.
std::string provider_silent(std::chrono::seconds then);

std::string explain(oidc::TokenFault fault, std::string_view correlation);
// What others have said, "1 of 2 have approved it", and what they do to say it.
std::string waits_for_approval(std::string_view id, std::size_t given, unsigned needed);
// Mode watch: what to activate, and where.
//   token  that has to stand in the justification; empty: none
std::string activate_group(std::string_view group, std::string_view token, std::string_view uri);
std::string approved_so_far(std::size_t given, unsigned needed);
std::string enough_approved(std::string_view requester, std::string_view role);
std::string no_request_to_approve(std::string_view id);
// Who has signed in, or asks, and is no approver of the role.
//   groups_left_out  the token did not tell the groups
std::string no_approver(std::string_view user, std::string_view role, bool groups_left_out);
std::string guest_approver(std::string_view user);
std::string no_step_up(std::string_view user, std::string_view context);
std::string stale_approver(std::string_view user);
std::string denied_by(std::string_view user, std::string_view reason);
std::string wrong_person(std::string_view user, std::string_view correlation);
// A grant that can't go on longer; a role that several people have as the same user.
std::string for_one_session(std::string_view id);
std::string of_several(std::string_view role);
// Of a role for a shared account: it is asked for by logging in; over ssh with a key; and by the
// service that was tried.
std::string login_only(std::string_view role);
std::string no_key(std::string_view role);
std::string no_login(std::string_view role, std::string_view service);
// The name is the person's, the object id is not the one that is pinned.
std::string other_oid(std::string_view user, std::string_view correlation);
std::string guest_by_name(std::string_view user, std::string_view correlation);
std::string pin_waits(std::string_view user);
std::string asks_entra(std::string_view group);
std::string waits_in_entra(std::string_view group);
std::string entra_allows(std::chrono::seconds most);
//   advice  PIM's own line
std::string no_activation(std::string_view advice, std::string_view correlation);
//   advice  of the look-up of groups
std::string no_groups(std::string_view advice, std::string_view correlation);

} // namespace jit::daemon::words
