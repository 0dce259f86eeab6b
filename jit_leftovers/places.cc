#include "jit_leftovers/places.h"

#include <fcntl.h>

#include "jit_leftovers/limits.h"
#include "lib/base/text.h"

namespace jit::leftovers {

namespace {

using Kind = ipc::LeftoverKind;

struct Place {
    Kind kind;
    const char *path; // a file, or a folder with all that is in it
};

constexpr Place places[] = {
    {Kind::unit, "/etc/systemd"},
    {Kind::unit, "/run/systemd/system"},
    {Kind::unit, "/run/systemd/transient"},
    {Kind::unit, "/usr/local/lib/systemd"},
    {Kind::unit, "/usr/lib/systemd/system"},
    {Kind::unit, "/usr/lib/systemd/user"},
    {Kind::unit, "/usr/lib/systemd/system-generators"},
    {Kind::cron, "/etc/crontab"},
    {Kind::cron, "/etc/anacrontab"},
    {Kind::cron, "/etc/cron.d"},
    {Kind::cron, "/etc/cron.hourly"},
    {Kind::cron, "/etc/cron.daily"},
    {Kind::cron, "/etc/cron.weekly"},
    {Kind::cron, "/etc/cron.monthly"},
    {Kind::cron, "/etc/cron.yearly"},
    {Kind::cron, "/var/spool/cron"},
    {Kind::at, "/var/spool/at"},
    {Kind::ssh, "/etc/ssh"},
    {Kind::sudoers, "/etc/sudoers"},
    {Kind::sudoers, "/etc/sudoers-rs"},
    {Kind::sudoers, "/etc/sudoers.d"},
    {Kind::sudoers, "/etc/sudo.conf"},
    {Kind::pam, "/etc/pam.conf"},
    {Kind::pam, "/etc/pam.d"},
    {Kind::pam, "/etc/security"},
    {Kind::polkit, "/etc/polkit-1"},
    {Kind::loader, "/etc/ld.so.preload"},
    {Kind::loader, "/etc/ld.so.conf"},
    {Kind::loader, "/etc/ld.so.conf.d"},
    {Kind::jit, "/etc/jit"},
    {Kind::jit, "/etc/userdb"},
    {Kind::account, "/run/userdb"}, // records of users and groups may lie there as well
};

std::string_view last_part(std::string_view path)
{
    return path.substr(path.rfind('/') + 1);
}

// The timer of a grant, which stands there while it lives; sessions, of which nothing stays; and
// memberships of grants.
bool is_of_every_day(std::string_view place, std::string_view name)
{
    if (place == "/run/userdb")
        return name.ends_with(".membership");
    if (place != "/run/systemd/transient")
        return false;
    constexpr std::string_view timer = "jit-expire@";
    return name.ends_with(".scope") ||
           (name.starts_with(timer) && name.ends_with(".timer") &&
            is_id(name.substr(timer.size(), name.size() - timer.size() - 6)));
}

Kind kind_of(const Place &place, std::string_view path)
{
    const std::string_view name = last_part(path);
    if (place.kind == Kind::unit)
        return kind_of_unit(name);
    if (place.kind == Kind::cron && path.starts_with("/var/spool/cron/at"))
        return Kind::at;
    if (place.kind == Kind::ssh && path.find("/authorized_keys") != path.npos)
        return Kind::authorized_keys;
    return place.kind;
}

} // namespace

ipc::LeftoverKind kind_of_unit(std::string_view name)
{
    return name.ends_with(".timer") ? Kind::timer : Kind::unit;
}

void look_at_place(int folder, const std::string &name, const std::string &path, std::size_t most,
                   Budget &budget, const Look &look)
{
    const auto about = look_at(folder, name);
    if (!about) {
        if (about.error().code != Code::not_found)
            budget.missed.insert(ipc::Missed::unreadable);
        return;
    }
    if ((about->stx_mode & S_IFMT) != S_IFDIR)
        return look({folder, name, path, *about});
    auto below = open_folder(folder, name);
    if (!below) {
        budget.missed.insert(ipc::Missed::unreadable);
        return;
    }
    const Budget given = budget.part(most);
    Budget left = given;
    go_through(*std::move(below), path, depth_of_place, left, look);
    budget.settle(given, left);
}

void look_at_places(const std::string &root, Traces &traces, Budget &budget)
{
    for (const Place &place : places)
        look_at_place(AT_FDCWD, root + place.path, place.path, max_files_of_place, budget,
                      [&](const Seen &seen) {
                          if (!is_of_every_day(place.path, last_part(seen.path)))
                              traces.add(kind_of(place, seen.path), seen.path, seen.about);
                      });
}

} // namespace jit::leftovers
