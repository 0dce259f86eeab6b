// Alice asks for the one role of a policy, on a Friday noon. Included after cmocka_cpp.h.
#pragma once

#include <utility>

#include "policy/decide.h"
#include "tests/unit/policy/samples.h"

namespace jit::policy::test {

inline Policy policy_of(const std::string &text)
{
    ParsedPolicy parsed = parse_one(text);
    assert_true(parsed.policy.has_value());
    return parsed.policy ? std::move(*parsed.policy) : Policy{};
}

inline Policy role_policy(std::string_view lines)
{
    return policy_of(role_with(lines));
}

inline Policy group_policy()
{
    return policy_of(std::string{readme_policy});
}

inline Person alice()
{
    Person person;
    person.user = "alice";
    person.oid = alice_id;
    return person;
}

inline Person signed_in_alice(std::optional<std::vector<std::string>> groups)
{
    Person person = alice();
    person.signed_in = true;
    person.groups = std::move(groups);
    return person;
}

inline const Host host{"web01.example.org", {"prod"}};
inline const WallTime noon{std::chrono::seconds{1'795'780'800}}; // Friday 2026-11-27 12:00 UTC

// From nowhere, without a reason, by somebody who has had nothing yet.
inline Decision decide_on(const Policy &policy, std::string_view role, const Person &person,
                          const Host &where, WallTime now,
                          std::optional<std::chrono::seconds> asked)
{
    return decide(policy, {role, asked, {}, false, {}}, person, where, {}, now);
}

} // namespace jit::policy::test
