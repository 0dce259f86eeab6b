// Who a local user is, as far as it is known before a sign-in.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "jitd/pins.h"
#include "jitd/rules.h"
#include "lib/base/result.h"
#include "policy/config.h"
#include "policy/decide.h"

namespace jit::daemon {

// The groups of a local user from the host's own files. An error counts as none.
using LocalGroups = std::function<Result<std::vector<std::string>>(const std::string &user)>;

// By map, else by pin; else, with match = upn, to be found by the sign-in.
policy::Person read_person(const std::string &user, const policy::Config &config, const Pins &pins,
                           const LocalGroups &local_groups);

// Whether that is the person of the user by the rules of now: the map, else the pin.
bool is_person_of(std::string_view oid, std::string_view user, const Rules &rules);

// Whether root has yet to confirm the pin by which the user is known (pin = root).
bool is_unconfirmed(const std::string &user, const policy::Config &config, const Pins &pins);

} // namespace jit::daemon
