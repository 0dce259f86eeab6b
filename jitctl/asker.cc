#include "jitctl/asker.h"

#include <algorithm>

#include "lib/base/text.h"
#include "lib/sys/local_accounts.h"
#include "lib/sys/users.h"

namespace jit::ctl {

namespace {

std::string show_upn(const std::string &text)
{
    return '"' + safe_text(text, 320) + '"';
}

// As jitd's SignIn::recognize(), but for pins. Sets the person's oid if it was not known.
std::string recognize(Asker &asker, const oidc::Claims &claims)
{
    policy::Person &person = asker.person;
    const std::string theirs = "the claims are those of " + safe_text(claims.oid, 128);
    if (!asker.upn.empty()) {
        if (claims.upn != asker.upn)
            return theirs + ", by name " + (claims.upn.empty() ? "nobody" : show_upn(claims.upn)) +
                   ", and the sign-in has to be that of " + show_upn(asker.upn);
        if (claims.is_guest)
            return theirs + ", a guest of the tenant, and those are matched by [users] map alone";
    }
    if (person.oid.empty() && person.found_by_sign_in)
        person.oid = claims.oid;
    if (person.oid.empty())
        return theirs + ", and " + safe_text(person.user, 64) +
               " is nobody's user: no entry in "
               "[users] map";
    if (person.oid != claims.oid)
        return theirs + ", and " + safe_text(person.user, 64) + " is " + safe_text(person.oid, 128);
    return {};
}

} // namespace

Asker read_asker(const std::string &user, const policy::Config *config)
{
    Asker asker;
    policy::Person &person = asker.person;
    person.user = user;
    if (config != nullptr) {
        person.oid = config->person_of(user);
        asker.upn = config->upn_of(user);
    }
    person.found_by_sign_in = config == nullptr || !asker.upn.empty();
    person.is_vouched = config == nullptr || !person.oid.empty();
    if (!is_name(user))
        return asker;
    if (auto groups = sys::read_local_groups(user))
        person.local_groups = *std::move(groups);
    if (const auto uid = sys::read_user_id(user))
        asker.uid = *uid;
    return asker;
}

void add_sign_in(Asker &asker, const policy::Role &role, const oidc::Claims &claims,
                 const policy::Config *config, WallTime now)
{
    policy::Person &person = asker.person;
    if (role.shared) {
        person.oid = claims.oid;
        person.is_vouched = config == nullptr || !config->user_of(claims.oid).empty();
    } else {
        asker.wrong_person = recognize(asker, claims);
    }
    person.signed_in = true;
    person.groups = claims.groups;
    person.group_overage = claims.group_overage;
    person.app_roles = claims.app_roles;
    person.is_guest = claims.is_guest;
    person.contexts = claims.contexts;
    // jitd gives so much for the clocks, and for what the provider dates back.
    const auto skew = config == nullptr ? policy::Config{}.skew : config->skew;
    if (claims.authenticated_at)
        person.auth_age =
            now - *claims.authenticated_at - oidc::max_backdating - std::min(skew, oidc::max_skew);
}

} // namespace jit::ctl
