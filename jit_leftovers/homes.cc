#include "jit_leftovers/homes.h"

#include <cerrno>
#include <fcntl.h>
#include <linux/openat2.h>
#include <set>
#include <sys/syscall.h>
#include <unistd.h>
#include <utility>

#include "jit_leftovers/limits.h"
#include "jit_leftovers/places.h"

namespace jit::leftovers {

namespace {

using Kind = ipc::LeftoverKind;

// From the mount's own folder on, so that no link leads to another file system, which might never
// answer.
Result<Fd> open_home(const std::string &root, const Mount &mount, const std::string &home)
{
    const Fd point{open((root + mount.point).c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC)};
    if (!point)
        return Error{Code::unavailable, "cannot open the mount", errno};
    const std::size_t begin = home.find_first_not_of('/', mount.point.size());
    const char *const below = begin == home.npos ? "." : home.c_str() + begin;
    open_how how{};
    how.flags = O_RDONLY | O_DIRECTORY | O_NONBLOCK | O_CLOEXEC;
    how.resolve = RESOLVE_NO_XDEV | RESOLVE_NO_MAGICLINKS;
    Fd opened{static_cast<int>(syscall(SYS_openat2, point.get(), below, &how, sizeof how))};
    if (opened)
        return opened;
    if (errno == ENOENT || errno == ENOTDIR)
        return Error{Code::not_found, "no such folder", errno};
    return Error{errno == EXDEV ? Code::denied : Code::unavailable, "cannot open the home", errno};
}

// Folders below a home, step by step: what is a link on the way is not followed.
Result<Fd> open_below(int home, const std::vector<std::string> &names)
{
    Fd at = TRY(open_folder(home, "."));
    for (const std::string &name : names)
        at = TRY(open_folder(at.get(), name));
    return at;
}

class Home
{
  public:
    Home(int fd, std::string path, Traces &traces, Budget &budget)
        : fd_(fd), path_(path == "/" ? std::string{} : std::move(path)), traces_(traces),
          budget_(budget)
    {
    }

    void look_at_keys()
    {
        // A link in the folder's place leads sshd elsewhere.
        look_at_place(fd_, ".ssh", path_ + "/.ssh", max_files_of_home_place, budget_,
                      [&](const Seen &seen) {
                          const std::string_view name = seen.path.substr(path_.size());
                          if (name == "/.ssh" || name.starts_with("/.ssh/authorized_keys"))
                              traces_.add(Kind::authorized_keys, seen.path, seen.about);
                      });
    }

    void look_at_units(const std::vector<std::string> &names)
    {
        const auto folder = open_below(fd_, names);
        if (!folder) {
            if (folder.error().code == Code::unavailable)
                budget_.missed.insert(ipc::Missed::unreadable);
            return;
        }
        std::string path = path_;
        for (const std::string &name : names)
            (path += '/') += name;
        look_at_place(
            folder->get(), ".", path, max_files_of_home_place, budget_,
            [&](const Seen &seen) { traces_.add(kind_of_unit(seen.path), seen.path, seen.about); });
    }

    // Nothing but its birth counts: each file that comes into it changes it.
    void look_at_itself(const std::string &user)
    {
        auto about = look_at(fd_, "");
        if (!about || (about->stx_mask & STATX_BTIME) == 0)
            return;
        about->stx_ctime = about->stx_btime;
        traces_.add_by(Kind::account, user, *about);
    }

  private:
    int fd_;
    std::string path_;
    Traces &traces_;
    Budget &budget_;
};

} // namespace

void look_at_homes(const std::string &root, const std::vector<Mount> &mounts,
                   const std::vector<sys::LocalUser> &users, Traces &traces, Budget &budget)
{
    std::set<std::string> seen;
    for (const sys::LocalUser &user : users) {
        if (!user.home.starts_with('/') || !seen.insert(user.home).second)
            continue;
        if (seen.size() > max_homes) {
            budget.missed.insert(ipc::Missed::too_many_files);
            return;
        }
        const Mount *const mount = find_mount(mounts, user.home);
        if (mount == nullptr || !is_local(*mount)) {
            budget.missed.insert(ipc::Missed::homes_elsewhere);
            continue;
        }
        const auto opened = open_home(root, *mount, user.home);
        if (!opened) {
            if (opened.error().code == Code::denied)
                budget.missed.insert(ipc::Missed::homes_elsewhere);
            else if (opened.error().code != Code::not_found)
                budget.missed.insert(ipc::Missed::unreadable);
            continue;
        }
        Home home{opened->get(), user.home, traces, budget};
        home.look_at_itself(user.name);
        home.look_at_keys();
        home.look_at_units({".config", "systemd", "user"});
        home.look_at_units({".local", "share", "systemd", "user"});
    }
}

} // namespace jit::leftovers
