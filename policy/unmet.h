// The single conditions of a role, each held against a request. Pure. Each returns Refusal::none,
// or the refusal that it is there for.
#pragma once

#include "policy/decide.h"

namespace jit::policy {

// hosts
Refusal find_other_host(const Role &role, const Host &host);
// conditions.tty and .from, which also bind who has the role already.
Refusal find_out_of_place(const Role &role, const Whence &whence);
// Whether somebody stands behind the request at all: in the map, pinned, or found by the sign-in.
Refusal find_no_person(const Role &role, const Person &person);
// allow_root_equivalent: root has said who it is.
Refusal find_not_vouched(const Role &role, const Person &person);
// requesters
Refusal find_stranger(const Role &role, const Person &person);
// conditions.guests, .auth_context, .auth_age, once the person has signed in.
Refusal find_guest(const Role &role, const Person &person);
Refusal find_no_context(const Role &role, const Person &person);
Refusal find_stale_sign_in(const Role &role, const Person &person);
// justification
Refusal find_bad_reason(const Role &role, const Ask &ask);

} // namespace jit::policy
