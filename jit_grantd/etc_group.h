// Memberships in the host's group file, /etc/group with /etc/gshadow, for hosts whose name service
// does not read /run/userdb. They outlive a boot: the ledger ends them after it.
#pragma once

#include <chrono>
#include <optional>
#include <sys/stat.h>

#include "jit_grantd/account_lock.h"
#include "jit_grantd/memberships.h"
#include "jit_grantd/outside.h"
#include "jit_grantd/places.h"
#include "lib/base/fd.h"

namespace jit::grantd {

// Both files are read and written under the locks of account_lock.h, each replaced as a whole, with
// owner, group and mode as they were, and read back. A host without gshadow has none to edit.
//
// What counts is group, so it is written last when a member is made and first when one is removed:
// a crash in between leaves nobody with a right.
class EtcGroup final : public Memberships
{
  public:
    // Borrows the disk. Nothing is opened yet.
    //   patience  how long to wait for who holds the locks; whom that was too long for once is not
    //             waited for again
    EtcGroup(const Places &places, Disk &disk, std::chrono::milliseconds patience)
        : path_(places.etc), disk_(&disk), patience_(patience)
    {
    }

    // Whether group lists the user.
    Result<Presence> look(const Name &name) override;
    Result<bool> is_masked(const Name &) override { return false; }
    // Errors also: not_found, the group is not in the file.
    Result<void> may_make(const Name &name) override;
    Result<void> make(const std::vector<Name> &names) override;
    // All in one write, so all have one answer. Takes no lock where nothing is to be removed.
    std::vector<Result<void>> remove_each(const std::vector<Name> &names) override;
    Result<void> remove(const std::vector<Name> &names);
    void remove_temporary_files() override;

    // Whether the user is in either file. Errors: unavailable.
    Result<bool> is_in_any(const Name &name);

  private:
    struct File {
        std::string text;
        struct stat about = {};
    };
    // Both as they are on disk.
    struct Files {
        File group;
        std::optional<File> gshadow;
    };

    // Both under the locks, with what they are to be. What is locked outlives the lock.
    struct Edit {
        Fd folder;
        AccountLock held;
        Files old;
        std::string group;
        std::string gshadow; // empty where there is none
    };

    Result<Fd> open_folder() const;
    Result<Edit> begin_edit();
    Result<AccountLock> lock(int folder);
    static Result<std::optional<File>> read(int folder, const char *name);
    static Result<Files> read_both(int folder);
    // From memory, where neither has changed since.
    Result<const Files *> look_at_both();
    Result<void> replace(int folder, const char *name, const File &old, const std::string &text);

    std::string path_;
    Disk *disk_;
    std::chrono::milliseconds patience_;
    std::optional<Files> seen_;
};

} // namespace jit::grantd
