#include "jit_grantd/etc_group.h"

#include <algorithm>
#include <cerrno>
#include <fcntl.h>
#include <unistd.h>

#include "jit_grantd/group_text.h"
#include "lib/sys/durable.h"
#include "lib/sys/folders.h"
#include "lib/sys/same_file.h"
#include "lib/sys/whole_file.h"

namespace jit::grantd {

namespace {

constexpr const char *group_file = "group";
constexpr const char *gshadow_file = "gshadow";
constexpr std::size_t max_names_of_etc = 65536;

// Whether what was read is what is there.
bool is_current(int folder, const char *name, const struct stat *seen)
{
    struct stat now {
    };
    if (fstatat(folder, name, &now, AT_SYMLINK_NOFOLLOW) != 0)
        return seen == nullptr && errno == ENOENT;
    return seen != nullptr && sys::is_same_file(now, *seen);
}

} // namespace

Result<Fd> EtcGroup::open_folder() const
{
    Fd folder{open(path_.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)};
    if (!folder)
        return Error{Code::unavailable, "cannot open /etc", errno};
    return folder;
}

// A thousand ends in a row do not wait a thousand times for one open editor.
Result<AccountLock> EtcGroup::lock(int folder)
{
    auto taken = AccountLock::take(folder, patience_);
    if (!taken && taken.error().code == Code::timed_out)
        patience_ = std::chrono::milliseconds{0};
    return taken;
}

// A link, or a file that somebody else may write, is none of which we know the way.
Result<std::optional<EtcGroup::File>> EtcGroup::read(int folder, const char *name)
{
    const Fd file{openat(folder, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC)};
    if (!file && errno == ENOENT)
        return std::optional<File>{};
    if (!file)
        return Error{Code::unavailable, "cannot open the group file or its gshadow", errno};
    File made;
    if (fstat(file.get(), &made.about) != 0)
        return Error{Code::unavailable, "cannot look at the group file", errno};
    if (!S_ISREG(made.about.st_mode) || made.about.st_uid != 0 ||
        (made.about.st_mode & (S_IWGRP | S_IWOTH)) != 0)
        return Error{Code::unavailable,
                     "the group file or its gshadow is not a file that root alone writes"};
    auto text = sys::read_whole(file.get(), max_group_text);
    if (!text)
        return Error{Code::unavailable, text.error().what, text.error().sys};
    made.text = *std::move(text);
    return std::optional{std::move(made)};
}

Result<EtcGroup::Files> EtcGroup::read_both(int folder)
{
    auto group = TRY(read(folder, group_file));
    if (!group)
        return Error{Code::unavailable, "there is no /etc/group"};
    auto gshadow = TRY(read(folder, gshadow_file));
    return Files{*std::move(group), std::move(gshadow)};
}

Result<const EtcGroup::Files *> EtcGroup::look_at_both()
{
    const Fd folder = TRY(open_folder());
    const bool is_known =
        seen_ && is_current(folder.get(), group_file, &seen_->group.about) &&
        is_current(folder.get(), gshadow_file, seen_->gshadow ? &seen_->gshadow->about : nullptr);
    if (!is_known)
        seen_ = TRY(read_both(folder.get()));
    return &*seen_;
}

Result<Memberships::Presence> EtcGroup::look(const Name &name)
{
    const Files *const files = TRY(look_at_both());
    return lists_member(files->group.text, name) ? Presence::present : Presence::absent;
}

Result<bool> EtcGroup::is_in_any(const Name &name)
{
    const Files *const files = TRY(look_at_both());
    return lists_member(files->group.text, name) ||
           (files->gshadow && lists_member(files->gshadow->text, name));
}

Result<void> EtcGroup::may_make(const Name &name)
{
    if (access(path_.c_str(), W_OK) != 0) {
        if (errno == EROFS)
            return Error{Code::unavailable, no_leave_for_etc};
        return Error{Code::unavailable, "cannot write /etc", errno};
    }
    const Files *const files = TRY(look_at_both());
    if (const auto made = add_member(files->group.text, name); !made)
        return made.error();
    if (files->gshadow && has_group_line(files->gshadow->text, name.group))
        if (const auto made = add_member(files->gshadow->text, name); !made)
            return made.error();
    return {};
}

Result<void> EtcGroup::replace(int folder, const char *name, const File &old,
                               const std::string &text)
{
    if (text == old.text)
        return {};
    return disk_->replace(folder, name, text, old.about);
}

Result<EtcGroup::Edit> EtcGroup::begin_edit()
{
    seen_.reset(); // what was read before may be a moment old
    Fd folder = TRY(open_folder());
    AccountLock held = TRY(lock(folder.get()));
    Files old = TRY(read_both(folder.get()));
    std::string group = old.group.text;
    std::string gshadow = old.gshadow ? old.gshadow->text : "";
    return Edit{std::move(folder), std::move(held), std::move(old), std::move(group),
                std::move(gshadow)};
}

Result<void> EtcGroup::make(const std::vector<Name> &names)
{
    auto [folder, held, old, group, gshadow] = TRY(begin_edit());
    for (const Name &name : names) {
        group = TRY(add_member(group, name));
        // A group may have a line in group alone.
        if (has_group_line(gshadow, name.group))
            gshadow = TRY(add_member(gshadow, name));
    }
    if (old.gshadow)
        TRY(replace(folder.get(), gshadow_file, *old.gshadow, gshadow));
    TRY(replace(folder.get(), group_file, old.group, group));
    const Files now = TRY(read_both(folder.get()));
    for (const Name &name : names)
        if (!lists_member(now.group.text, name))
            return Error{Code::unavailable, "the member is not in /etc/group, though written"};
    return {};
}

Result<void> EtcGroup::remove(const std::vector<Name> &names)
{
    seen_.reset(); // what was read before may be a moment old
    bool is_any = false;
    for (const Name &name : names)
        is_any = TRY(is_in_any(name)) || is_any;
    if (!is_any)
        return {};
    auto [folder, held, old, group, gshadow] = TRY(begin_edit());
    for (const Name &name : names) {
        group = remove_member(group, name);
        gshadow = remove_member(gshadow, name);
    }
    TRY(replace(folder.get(), group_file, old.group, group));
    if (old.gshadow)
        TRY(replace(folder.get(), gshadow_file, *old.gshadow, gshadow));
    for (const Name &name : names)
        if (TRY(is_in_any(name)))
            return Error{Code::unavailable, "the member is still in /etc/group or /etc/gshadow"};
    return {};
}

std::vector<Result<void>> EtcGroup::remove_each(const std::vector<Name> &names)
{
    return std::vector<Result<void>>(names.size(), remove(names));
}

void EtcGroup::remove_temporary_files()
{
    const auto folder = open_folder();
    const auto names = folder ? sys::list_directory(folder->get(), max_names_of_etc)
                              : Result<std::vector<std::string>>{folder.error()};
    if (!names)
        return; // nobody reads them: they harm nobody
    bool has_lock = false;
    for (const std::string &name : *names) {
        if (!name.starts_with(".group.") && !name.starts_with(".gshadow."))
            continue;
        if (sys::is_temporary(name))
            (void)disk_->remove(folder->get(), name);
        has_lock = has_lock || name.ends_with(".lock.jit");
    }
    if (has_lock) // of a crash, or of who works just now: to take it is to clear it away
        (void)lock(folder->get());
}

} // namespace jit::grantd
