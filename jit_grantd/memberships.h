// Where memberships are made: files of the user database (userdb.h) or the host's group file
// (etc_group.h). backends.h chooses.
#pragma once

#include <string>
#include <vector>

#include "lib/base/result.h"

namespace jit::grantd {

class Memberships
{
  public:
    struct Name {
        std::string user;
        std::string group;
    };
    enum class Presence {
        absent,
        present,
        masked, // hidden by the administrator's hand where it is made
    };

    virtual ~Memberships() = default;

    // What is there now, by whatever hand. Errors: unavailable.
    virtual Result<Presence> look(const Name &name) = 0;
    // Whether the administrator hides the membership, whoever makes it. Errors: unavailable.
    virtual Result<bool> is_masked(const Name &name) = 0;
    // Whether make() could do its work here: told before anybody signs in. Errors: why not.
    virtual Result<void> may_make(const Name &name) = 0;

    // Makes them all. After an error some may be there. Errors: unavailable.
    virtual Result<void> make(const std::vector<Name> &names) = 0;
    // Removes them all, and looks that they are gone. Absent is fine. Each is tried, and the
    // answers are in their order. Errors: unavailable.
    virtual std::vector<Result<void>> remove_each(const std::vector<Name> &names) = 0;

    // Removes what crashes within a write have left.
    virtual void remove_temporary_files() = 0;
};

} // namespace jit::grantd
