#include "jit_leftovers/homes.h"

#include <set>
#include <utility>

#include "jit_leftovers/home_path.h"
#include "jit_leftovers/limits.h"
#include "jit_leftovers/places.h"

namespace jit::leftovers {

namespace {

using Kind = ipc::LeftoverKind;

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

    // Nothing but its birth counts: each file that comes into it changes it. And only if it is the
    // account's own: those of the system have such as /dev, which is new with each service.
    void look_at_itself(const sys::LocalUser &user)
    {
        auto about = look_at(fd_, "");
        if (!about || (about->stx_mask & STATX_BTIME) == 0 || about->stx_uid != user.uid)
            return;
        about->stx_ctime = about->stx_btime;
        traces_.add_by(Kind::account, user.name, *about);
    }

  private:
    int fd_;
    std::string path_;
    Traces &traces_;
    Budget &budget_;
};

} // namespace

void look_at_homes(const std::string &root, const std::vector<sys::LocalUser> &users,
                   Traces &traces, Budget &budget)
{
    const std::set<std::string> none;
    const std::set<std::string> &avoided = budget.avoided ? *budget.avoided : none;
    std::set<std::string> seen;
    for (const sys::LocalUser &user : users) {
        if (!user.home.starts_with('/') || !seen.insert(user.home).second)
            continue;
        if (seen.size() > max_homes) {
            budget.missed.insert(ipc::Missed::too_many_files);
            return;
        }
        const auto opened = open_home(root, user.home, avoided);
        if (!opened) {
            if (opened.error().code == Code::denied)
                budget.missed.insert(ipc::Missed::homes_elsewhere);
            else if (opened.error().code == Code::unavailable)
                budget.missed.insert(ipc::Missed::unreadable);
            continue;
        }
        Home home{opened->get(), user.home, traces, budget};
        home.look_at_itself(user);
        home.look_at_keys();
        home.look_at_units({".config", "systemd", "user"});
        home.look_at_units({".local", "share", "systemd", "user"});
    }
}

} // namespace jit::leftovers
