#include "jitd/people.h"

#include "policy/same_id.h"

namespace jit::daemon {

policy::Person read_person(const std::string &user, const policy::Config &config, const Pins &pins,
                           const LocalGroups &local_groups)
{
    policy::Person person;
    person.user = user;
    person.oid = config.person_of(user);
    person.is_vouched = !person.oid.empty();
    if (!config.upn_of(user).empty()) {
        if (const Pin *const pin = pins.find(user)) {
            person.oid = pin->oid;
            person.is_vouched = pin->confirmed;
        } else {
            person.found_by_sign_in = true;
        }
    }
    if (auto groups = local_groups(user))
        person.local_groups = *std::move(groups);
    return person;
}

bool is_person_of(std::string_view oid, std::string_view user, const Rules &rules)
{
    if (rules.config == nullptr)
        return false;
    const std::string_view mapped = rules.config->person_of(user);
    return mapped.empty() ? rules.pin != nullptr && rules.pin->oid == oid
                          : policy::is_same_id(mapped, oid);
}

bool is_unconfirmed(const std::string &user, const policy::Config &config, const Pins &pins)
{
    if (config.pin != policy::Config::Pin::root || config.upn_of(user).empty())
        return false;
    const Pin *const pin = pins.find(user);
    return pin != nullptr && !pin->confirmed;
}

} // namespace jit::daemon
