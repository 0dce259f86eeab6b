// Memberships as nss-systemd reads them (nss-systemd(8), "JSON user/group records"): a file
// USER:GROUP.membership in /run/userdb. They are gone after a reboot.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "jit_grantd/outside.h"
#include "jit_grantd/places.h"
#include "lib/base/fd.h"
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
        masked, // an empty file of that name in /etc/userdb or in /run/userdb
    };

    // Errors: unavailable.
    static Result<Memberships> open(const Places &places, Disk &disk);

    // What is there in /run/userdb, /etc/userdb's masks left out. Errors: unavailable.
    Result<Presence> look(const Name &name) const;
    // Whether /etc/userdb hides the membership, whoever makes it. Errors: unavailable.
    Result<bool> is_masked(const Name &name) const;

    Result<void> make(const Name &name);
    // Removes, and looks that it is gone. Absent is fine. Errors: unavailable.
    Result<void> remove(const Name &name);

    // Many at once; each is tried, and the answers are in their order.
    std::vector<Result<void>> remove_each(const std::vector<Name> &names);

    // All in /run/userdb whose names have the form of ours.
    Result<std::vector<Name>> list() const;
    void remove_temporary_files();

  private:
    Memberships(Disk &disk, Fd directory, std::string masks)
        : disk_(&disk), directory_(std::move(directory)), masks_(std::move(masks))
    {
    }

    Disk *disk_;
    Fd directory_;
    std::string masks_;
};

} // namespace jit::grantd
