#include "jit_leftovers/home_path.h"

#include <array>
#include <cerrno>
#include <climits>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#include <utility>

#include "jit_leftovers/tree.h"

namespace jit::leftovers {

namespace {

constexpr int max_links = 8;

// The folder, or the path with one link in it replaced by where that leads.
struct Step {
    Fd folder;
    std::string instead;
};

Result<std::string> read_link(int folder, const std::string &name)
{
    std::array<char, PATH_MAX> target{};
    const ssize_t length = readlinkat(folder, name.c_str(), target.data(), target.size());
    if (length <= 0 || static_cast<std::size_t>(length) == target.size())
        return Error{Code::unavailable, "cannot read a link", errno};
    return std::string{target.data(), static_cast<std::size_t>(length)};
}

Result<Step> go(const std::string &root, const std::string &path,
                const std::set<std::string> &avoided)
{
    Step step{TRY(open_folder(AT_FDCWD, root + "/")), {}};
    for (std::size_t begin = 1; begin < path.size();) {
        const std::size_t end = std::min(path.find('/', begin), path.size());
        const std::string name = path.substr(begin, end - begin);
        if (avoided.contains(path.substr(0, end)))
            return Error{Code::denied, "on a file system that is not this host's own"};
        const struct statx about = TRY(look_at(step.folder.get(), name));
        if ((about.stx_mode & S_IFMT) == S_IFLNK) {
            if (about.stx_uid != 0)
                return Error{Code::bad_input, "over a link that is not root's own"};
            std::string target = TRY(read_link(step.folder.get(), name));
            if (!target.starts_with('/'))
                target.insert(0, path, 0, begin);
            step.instead = normalize(target + path.substr(end));
            return step;
        }
        step.folder = TRY(open_folder(step.folder.get(), name));
        begin = end + 1;
    }
    return step;
}

} // namespace

std::string normalize(std::string_view path)
{
    std::string made;
    while (!path.empty()) {
        const std::size_t end = std::min(path.find('/'), path.size());
        const std::string_view name = path.substr(0, end);
        path.remove_prefix(std::min(end + 1, path.size()));
        if (name == "..")
            made.erase(made.empty() ? 0 : made.rfind('/'));
        else if (!name.empty() && name != ".")
            (made += '/') += name;
    }
    return made.empty() ? std::string(1, '/') : made;
}

Result<Fd> open_home(const std::string &root, const std::string &path,
                     const std::set<std::string> &avoided)
{
    std::string at = normalize(path);
    for (int links = 0; links <= max_links; ++links) {
        Step step = TRY(go(root, at, avoided));
        if (step.instead.empty())
            return std::move(step.folder);
        at = std::move(step.instead);
    }
    return Error{Code::bad_input, "over too many links"};
}

} // namespace jit::leftovers
