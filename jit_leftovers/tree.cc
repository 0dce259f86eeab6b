#include "jit_leftovers/tree.h"

#include <algorithm>
#include <cerrno>
#include <dirent.h>
#include <fcntl.h>
#include <utility>

#include "lib/base/handle.h"

namespace jit::leftovers {

namespace {

using Directory = Handle<DIR, &closedir>;

class Walk
{
  public:
    Walk(std::string path, Budget &budget, const Look &look)
        : path_(std::move(path)), budget_(budget), look_(look)
    {
    }

    // Recursion is as deep as `depth`, which the callers cap.
    void enter(Fd folder, int depth)
    {
        const auto own = look_at(folder.get(), "");
        const Directory stream{own ? fdopendir(folder.get()) : nullptr};
        if (!stream) {
            budget_.missed.insert(ipc::Missed::unreadable);
            return;
        }
        (void)folder.release(); // closedir() closes it
        for (;;) {
            errno = 0;
            const dirent *const entry = readdir(stream.get());
            if (entry == nullptr) {
                if (errno != 0)
                    budget_.missed.insert(ipc::Missed::unreadable);
                return;
            }
            if (!handle(dirfd(stream.get()), *entry, *own, depth))
                return;
        }
    }

  private:
    // False: there is no room for more.
    bool handle(int folder, const dirent &entry, const struct statx &own, int depth)
    {
        const std::string name{entry.d_name};
        const bool may_matter = entry.d_type == DT_REG || entry.d_type == DT_LNK ||
                                entry.d_type == DT_DIR || entry.d_type == DT_UNKNOWN;
        if (name == "." || name == "..")
            return true;
        if (!budget_.take())
            return false;
        if (!may_matter)
            return true;
        const std::size_t length = path_.size();
        if (!path_.ends_with('/'))
            path_ += '/';
        path_ += name;
        const bool is_avoided = entry.d_type != DT_REG && entry.d_type != DT_LNK &&
                                budget_.avoided && budget_.avoided->contains(path_);
        if (!is_avoided)
            look_at_one(folder, name, own, depth);
        path_.resize(length);
        return true;
    }

    void look_at_one(int folder, const std::string &name, const struct statx &own, int depth)
    {
        const auto about = look_at(folder, name);
        if (!about) {
            if (about.error().code != Code::not_found) // gone since it was listed
                budget_.missed.insert(ipc::Missed::unreadable);
            return;
        }
        const auto kind = about->stx_mode & S_IFMT;
        if (kind == S_IFREG || kind == S_IFLNK)
            return look_({folder, name, path_, *about});
        if (kind == S_IFDIR && about->stx_dev_major == own.stx_dev_major &&
            about->stx_dev_minor == own.stx_dev_minor)
            descend(folder, name, depth);
    }

    void descend(int folder, const std::string &name, int depth)
    {
        if (depth == 0) {
            budget_.missed.insert(ipc::Missed::too_deep);
            return;
        }
        auto below = open_folder(folder, name);
        if (below)
            return enter(*std::move(below), depth - 1);
        if (below.error().code == Code::unavailable)
            budget_.missed.insert(ipc::Missed::unreadable);
    }

    std::string path_;
    Budget &budget_;
    const Look &look_;
};

} // namespace

bool Budget::take()
{
    if (is_spent)
        return false;
    constexpr std::size_t looks_a_clock = 256; // a clock is read seldom
    if (files == 0)
        missed.insert(ipc::Missed::too_many_files);
    else if (files % looks_a_clock == 0 && boot_time() >= until)
        missed.insert(ipc::Missed::too_long);
    else
        return --files, true;
    is_spent = true;
    return false;
}

Budget Budget::part(std::size_t most) const
{
    return {std::min(files, most), until, {}, avoided, is_spent};
}

void Budget::settle(const Budget &given, const Budget &left)
{
    files -= given.files - left.files;
    missed.insert(left.missed.begin(), left.missed.end());
}

Result<struct statx> look_at(int folder, const std::string &name)
{
    struct statx about {
    };
    const int flags = AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT | AT_STATX_DONT_SYNC |
                      (name.empty() ? AT_EMPTY_PATH : 0);
    if (statx(folder, name.c_str(), flags, STATX_BASIC_STATS | STATX_BTIME, &about) == 0)
        return about;
    if (errno == ENOENT || errno == ENOTDIR)
        return Error{Code::not_found, "no such file", errno};
    return Error{Code::unavailable, "cannot look at the file", errno};
}

Result<Fd> open_folder(int folder, const std::string &name)
{
    Fd below{
        openat(folder, name.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC)};
    if (below)
        return below;
    if (errno == ENOENT)
        return Error{Code::not_found, "no such folder", errno};
    if (errno == ENOTDIR || errno == ELOOP)
        return Error{Code::bad_input, "not a folder", errno};
    return Error{Code::unavailable, "cannot open the folder", errno};
}

void go_through(Fd folder, std::string path, int depth, Budget &budget, const Look &look)
{
    Walk{std::move(path), budget, look}.enter(std::move(folder), depth);
}

} // namespace jit::leftovers
