// The two ways of making a membership, which of them a new grant takes, and what must follow on a
// change in either. An entry of the ledger says by which it was made, and is ended by that.
#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "jit_grantd/etc_group.h"
#include "jit_grantd/memberships.h"
#include "jit_grantd/outside.h"
#include "jit_grantd/places.h"
#include "jit_grantd/userdb.h"
#include "policy/config.h"

namespace jit::grantd {

// No user of any host: the name is nobody's who could have a session.
inline constexpr const char *probe_user = "jit-probe";

class Backends
{
  public:
    // Borrows what is outside. Errors: unavailable.
    static Result<Backends> open(const Places &places, const Outside &outside,
                                 std::chrono::milliseconds patience);

    // The one for a grant that is made now, by [grants] backend. With auto it is userdb where a
    // membership of a user who does not exist shows in the name service; that is tried when the
    // host has booted or nsswitch.conf has changed, and said when it is another one than before.
    //   group, gid  a group that exists
    //   errors      unavailable
    Result<Backend> choose(policy::Config::Backend setting, const std::string &group, gid_t gid);
    // What auto knows is wrong: it is tried again the next time.
    void forget_choice();

    Memberships &of(Backend backend);
    Userdb &userdb() { return userdb_; }
    EtcGroup &etc_group() { return etc_group_; }

    // As of Memberships. A cache of the name service has forgotten when they return; one that does
    // not is an error with userdb, whose files it does not watch.
    Result<void> make(Backend backend, const std::vector<Memberships::Name> &names);
    Result<void> remove(Backend backend, const std::vector<Memberships::Name> &names); // the first
    std::vector<Result<void>> remove_each(Backend backend,
                                          const std::vector<Memberships::Name> &names);
    Result<void> flush(Backend backend);

    // Whether etc-group was ever used here: memberships may have outlived a boot.
    bool has_used_etc_group() const;

  private:
    Backends(const Places &places, const Outside &outside, Userdb userdb, EtcGroup etc_group)
        : places_(&places), outside_(&outside), userdb_(std::move(userdb)),
          etc_group_(std::move(etc_group))
    {
    }
    Result<Backend> probe(const std::string &group, gid_t gid);

    const Places *places_;
    const Outside *outside_;
    Userdb userdb_;
    EtcGroup etc_group_;
};

} // namespace jit::grantd
