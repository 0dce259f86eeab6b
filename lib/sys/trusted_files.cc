#include "lib/sys/trusted_files.h"

#include <algorithm>
#include <cerrno>
#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>

#include "lib/base/fd.h"
#include "lib/base/handle.h"
#include "lib/sys/whole_file.h"

namespace jit::sys {

namespace {

using Directory = Handle<DIR, &closedir>;

// Walks from the base, checking each step on the open descriptor: what was checked is what is
// read, whatever is renamed meanwhile.
class Walk
{
  public:
    Walk(const TrustBase &from, std::string *faulty, std::vector<FileFault> *suspects = nullptr)
        : from_(from), faulty_(faulty), suspects_(suspects)
    {
    }

    Result<std::vector<std::string>> split(const std::string &path);
    Result<Fd> directory(const std::vector<std::string> &parts, std::size_t count, bool to_list);
    Result<std::string> file(int directory, const std::string &name, const std::string &path,
                             std::size_t max_bytes);

  private:
    Error blame(const std::string &path, Error error) const
    {
        if (faulty_ != nullptr)
            *faulty_ = path;
        return error;
    }
    Result<void> check(int fd, const std::string &path, mode_t kind) const;
    Result<void> distrust(const std::string &path, Error error) const;
    Error open_error(const std::string &path, int error) const;

    const TrustBase &from_;
    std::string *faulty_;
    std::vector<FileFault> *suspects_; // null: what is not trusted is not read
};

Result<std::vector<std::string>> Walk::split(const std::string &path)
{
    const Error bad{Code::bad_input, "not an absolute path without . and .."};
    if (path.size() < 2 || path.size() > 4096 || path[0] != '/' || path.find('\0') != path.npos)
        return bad;
    std::vector<std::string> parts;
    for (std::size_t at = 1; at <= path.size();) {
        const std::size_t end = std::min(path.find('/', at), path.size());
        std::string part = path.substr(at, end - at);
        if (part.empty() || part == "." || part == "..")
            return bad;
        parts.push_back(std::move(part));
        at = end + 1;
    }
    return parts;
}

Result<void> Walk::check(int fd, const std::string &path, mode_t kind) const
{
    struct stat about {
    };
    if (fstat(fd, &about) != 0)
        return Error{Code::unavailable, "cannot look at the file", errno};
    if ((about.st_mode & S_IFMT) != kind)
        return blame(path, {Code::denied, "not a regular file, or not a directory"});
    if (about.st_uid != from_.owner)
        TRY(distrust(path, {Code::denied, "not owned by root, expected so (chown root)"}));
    // An access list that lets others write shows in the group bits too (acl(5), the mask).
    if ((about.st_mode & (S_IWGRP | S_IWOTH)) != 0)
        TRY(distrust(path, {Code::denied, "others than its owner may write it, expected that they "
                                          "may not (chmod go-w)"}));
    return {};
}

Result<void> Walk::distrust(const std::string &path, Error error) const
{
    if (suspects_ == nullptr)
        return blame(path, error);
    suspects_->push_back({path, error});
    return {};
}

Error Walk::open_error(const std::string &path, int error) const
{
    if (error == ENOENT)
        return {Code::not_found, "no such file", error};
    if (error == ELOOP || error == ENOTDIR || error == ENXIO)
        return blame(path, {Code::denied,
                            "a symbolic link, or not what it should be, expected a file "
                            "or directory itself",
                            error});
    return {Code::unavailable, "cannot open the file", error};
}

// The directory that the first `count` parts name.
Result<Fd> Walk::directory(const std::vector<std::string> &parts, std::size_t count, bool to_list)
{
    Fd at{openat(from_.base, ".",
                 (count == 0 && to_list ? O_RDONLY : O_PATH) | O_DIRECTORY | O_CLOEXEC)};
    if (!at)
        return Error{Code::unavailable, "cannot open the base directory", errno};
    std::string path;
    TRY(check(at.get(), "/", S_IFDIR));
    for (std::size_t i = 0; i < count; ++i) {
        path += "/" + parts[i];
        // O_PATH needs no more than the right to search: jitd, which is not root, reads this way.
        const int how = i + 1 == count && to_list ? O_RDONLY : O_PATH;
        Fd next{openat(at.get(), parts[i].c_str(), how | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)};
        if (!next)
            return open_error(path, errno);
        TRY(check(next.get(), path, S_IFDIR));
        at = std::move(next);
    }
    return at;
}

Result<std::string> Walk::file(int directory, const std::string &name, const std::string &path,
                               std::size_t max_bytes)
{
    // Without O_NONBLOCK a FIFO of that name would hold us for ever.
    const Fd fd{openat(directory, name.c_str(), O_RDONLY | O_NONBLOCK | O_NOFOLLOW | O_CLOEXEC)};
    if (!fd)
        return open_error(path, errno);
    TRY(check(fd.get(), path, S_IFREG));
    auto text = read_whole(fd.get(), max_bytes);
    if (!text && text.error().code == Code::bad_input)
        return blame(path, text.error());
    return text;
}

Result<std::vector<std::string>> list(int directory, std::string_view suffix, std::size_t max_files)
{
    Fd copy{fcntl(directory, F_DUPFD_CLOEXEC, 3)};
    const Directory stream{copy ? fdopendir(copy.get()) : nullptr};
    if (!stream)
        return Error{Code::unavailable, "cannot list the directory", errno};
    (void)copy.release(); // closedir() closes it
    std::vector<std::string> names;
    for (;;) {
        errno = 0;
        const dirent *entry = readdir(stream.get());
        if (entry == nullptr) {
            if (errno != 0)
                return Error{Code::unavailable, "cannot list the directory", errno};
            break;
        }
        const std::string_view name{entry->d_name};
        if (name.starts_with('.') || !name.ends_with(suffix))
            continue;
        if (names.size() == max_files)
            return Error{Code::bad_input, "too many files in the directory"};
        names.emplace_back(name);
    }
    std::sort(names.begin(), names.end());
    return names;
}

Result<Fd> open_root()
{
    Fd root{open("/", O_PATH | O_DIRECTORY | O_CLOEXEC)};
    if (!root)
        return Error{Code::unavailable, "cannot open the root directory", errno};
    return root;
}

} // namespace

Result<std::string> read_trusted_file(const TrustBase &from, const std::string &path,
                                      std::size_t max_bytes, std::string *faulty)
{
    Walk walk{from, faulty};
    const std::vector<std::string> parts = TRY(walk.split(path));
    const Fd directory = TRY(walk.directory(parts, parts.size() - 1, false));
    return walk.file(directory.get(), parts.back(), path, max_bytes);
}

Result<std::vector<NamedText>> read_trusted_dir(const TrustBase &from, const std::string &path,
                                                std::string_view suffix, std::size_t max_files,
                                                std::size_t max_bytes, std::string *faulty)
{
    Walk walk{from, faulty};
    const std::vector<std::string> parts = TRY(walk.split(path));
    const Fd directory = TRY(walk.directory(parts, parts.size(), true));
    std::vector<NamedText> texts;
    for (const std::string &name : TRY(list(directory.get(), suffix, max_files))) {
        std::string whole = path + "/" + name;
        // Not within the braces: a return out of them would leak the half-made text.
        std::string text = TRY(walk.file(directory.get(), name, whole, max_bytes));
        texts.push_back({std::move(whole), std::move(text)});
    }
    return texts;
}

std::vector<NamedText> read_suspect_dir(const TrustBase &from, const std::string &path,
                                        std::string_view suffix, std::size_t max_files,
                                        std::size_t max_bytes, std::vector<FileFault> &faults)
{
    std::string faulty;
    Walk walk{from, &faulty, &faults};
    std::vector<NamedText> texts;
    const auto blame = [&](const std::string &whole, const Error &error) {
        faults.push_back({faulty.empty() ? whole : faulty, error});
        faulty.clear();
    };
    const auto read = [&]() -> Result<void> {
        const std::vector<std::string> parts = TRY(walk.split(path));
        const Fd directory = TRY(walk.directory(parts, parts.size(), true));
        for (const std::string &name : TRY(list(directory.get(), suffix, max_files))) {
            std::string whole = path + "/" + name;
            auto text = walk.file(directory.get(), name, whole, max_bytes);
            if (text.has_value())
                texts.push_back({std::move(whole), *std::move(text)});
            else
                blame(whole, text.error());
        }
        return {};
    };
    if (const auto done = read(); !done)
        blame(path, done.error());
    return texts;
}

Result<std::string> read_trusted_file(const std::string &path, std::size_t max_bytes,
                                      std::string *faulty)
{
    const Fd root = TRY(open_root());
    return read_trusted_file(TrustBase{root.get(), 0}, path, max_bytes, faulty);
}

Result<std::vector<NamedText>> read_trusted_dir(const std::string &path, std::string_view suffix,
                                                std::size_t max_files, std::size_t max_bytes,
                                                std::string *faulty)
{
    const Fd root = TRY(open_root());
    return read_trusted_dir(TrustBase{root.get(), 0}, path, suffix, max_files, max_bytes, faulty);
}

std::vector<NamedText> read_suspect_dir(const std::string &path, std::string_view suffix,
                                        std::size_t max_files, std::size_t max_bytes,
                                        std::vector<FileFault> &faults)
{
    const auto root = open_root();
    if (root)
        return read_suspect_dir(TrustBase{root->get(), 0}, path, suffix, max_files, max_bytes,
                                faults);
    faults.push_back({path, root.error()});
    return {};
}

} // namespace jit::sys
