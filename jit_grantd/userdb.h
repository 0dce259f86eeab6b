// Memberships as nss-systemd reads them (nss-systemd(8), "JSON user/group records"): a file
// USER:GROUP.membership in /run/userdb. They are gone after a reboot.
#pragma once

#include "jit_grantd/memberships.h"
#include "jit_grantd/outside.h"
#include "jit_grantd/places.h"
#include "lib/base/fd.h"

namespace jit::grantd {

class Userdb final : public Memberships
{
  public:
    // Borrows the disk. Errors: unavailable.
    static Result<Userdb> open(const Places &places, Disk &disk);

    // What is there in /run/userdb, /etc/userdb's masks left out. An empty file is a mask.
    Result<Presence> look(const Name &name) override;
    // Whether /etc/userdb hides it.
    Result<bool> is_masked(const Name &name) override;
    Result<void> may_make(const Name &) override { return {}; }
    Result<void> make(const std::vector<Name> &names) override;
    std::vector<Result<void>> remove_each(const std::vector<Name> &names) override;
    void remove_temporary_files() override;

    // All in /run/userdb whose names have the form of ours.
    Result<std::vector<Name>> list() const;

  private:
    Userdb(Disk &disk, Fd directory, std::string masks)
        : disk_(&disk), directory_(std::move(directory)), masks_(std::move(masks))
    {
    }

    Disk *disk_;
    Fd directory_;
    std::string masks_;
};

} // namespace jit::grantd
