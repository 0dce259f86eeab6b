// Who may approve what somebody else asks for, and when enough people have. Pure.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "policy/decide.h"
#include "policy/model.h"

namespace jit::policy {

// Whether a person is among a role's approvers. Ids are compared as those of requesters are.
enum class ApproverStanding {
    approver,
    stranger,      // no, and a sign-in would not change that
    needs_sign_in, // no entry is met yet, and his sign-in could show that one is
    requester      // he has asked himself, so whatever the list says he can't approve it
};

//   requester_oid  whose request it is; empty: everybody is a stranger, since it could be his own
//   approver       by his own sign-in, or what map and pins say of him before that
//   returns        stranger for a role of another mode than approver
ApproverStanding approver_standing(const Role &role, std::string_view requester_oid,
                                   const Person &approver);

// The groups that would make a person who has signed in an approver, if only it were known whether
// he is in one: empty when he is one already, when the token told all, or no group: is listed.
// Whose request it is does not matter.
std::vector<std::string> approver_groups_in_doubt(const Role &role, const Person &approver);

// Whether those who have approved are enough. Each counts once, the requester and an empty id
// never, and, where the role lists people only, nobody who is not listed (any more). Who is in a
// listed group the ids don't tell: that is approver_standing()'s to say, when he approves.
//   requester_oid  empty: never
bool is_quorum(const Role &role, std::string_view requester_oid,
               std::span<const std::string> approver_oids);

} // namespace jit::policy
