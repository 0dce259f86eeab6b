#include "lib/sys/durable.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <deque>
#include <fcntl.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>
#include <utility>

#include "lib/base/fd.h"
#include "lib/base/text.h"
#include "lib/sys/same_file.h"

namespace jit::sys {

namespace {

bool is_component(std::string_view name)
{
    return !name.empty() && name != "." && name != ".." && name.size() < 200 &&
           name.find('/') == name.npos && name.find('\0') == name.npos;
}

// A name that no other writer has, and that is_temporary() knows again after a crash.
Result<std::string> temporary_name(const std::string &name)
{
    std::array<char, 8> random{};
    if (getrandom(random.data(), random.size(), 0) != static_cast<ssize_t>(random.size()))
        return Error{Code::unavailable, "no random bytes", errno};
    return "." + name + ".jit-" + encode_hex({random.data(), random.size()});
}

Result<void> write_whole(int file, std::string_view bytes)
{
    while (!bytes.empty()) {
        const ssize_t written = write(file, bytes.data(), bytes.size());
        if (written < 0 && errno == EINTR)
            continue;
        if (written < 0)
            return Error{Code::unavailable, "cannot write the file", errno};
        bytes.remove_prefix(static_cast<std::size_t>(written));
    }
    return {};
}

// A file that is not under its name yet. Unless it gets there, it goes with this object.
class Draft
{
  public:
    //   old  the file that this one replaces, as it was looked at; null: whatever is there
    Draft(int directory, const NamedBytes &file, const struct stat *old = nullptr)
        : directory_(directory), file_(file), old_(old)
    {
    }
    Draft(const Draft &) = delete;
    Draft &operator=(const Draft &) = delete;
    ~Draft()
    {
        if (!temporary_.empty())
            (void)unlinkat(directory_, temporary_.c_str(), 0); // what went wrong before says more
    }

    Result<void> write(mode_t mode)
    {
        if (!is_component(file_.name))
            return Error{Code::bad_input, "not the name of a file"};
        std::string temporary = TRY(temporary_name(file_.name));
        fd_ = Fd{openat(directory_, temporary.c_str(),
                        O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600)};
        if (!fd_)
            return Error{Code::unavailable, "cannot create the file", errno};
        temporary_ = std::move(temporary);
        TRY(write_whole(fd_.get(), file_.bytes));
        TRY(keep_owner());
        // The mode is meant exactly: no umask takes from it.
        if (fchmod(fd_.get(), mode) != 0)
            return Error{Code::unavailable, "cannot set the file's mode", errno};
        return {};
    }
    Result<void> sync()
    {
        if (fsync(fd_.get()) != 0)
            return Error{Code::unavailable, "cannot sync the file", errno};
        return {};
    }
    void close() { fd_.reset(); }
    Result<void> put_in_place()
    {
        struct stat now {
        };
        if (old_ != nullptr &&
            (fstatat(directory_, file_.name.c_str(), &now, AT_SYMLINK_NOFOLLOW) != 0 ||
             !is_same_file(*old_, now)))
            return Error{Code::denied, "somebody has changed the file meanwhile"};
        if (renameat(directory_, temporary_.c_str(), directory_, file_.name.c_str()) != 0)
            return Error{Code::unavailable, "cannot rename the file", errno};
        temporary_.clear();
        return {};
    }

  private:
    // Where nothing changes, no capability is asked for.
    Result<void> keep_owner() const
    {
        if (old_ == nullptr)
            return {};
        struct stat made {
        };
        if (fstat(fd_.get(), &made) != 0)
            return Error{Code::unavailable, "cannot look at the file", errno};
        if ((old_->st_uid != made.st_uid || old_->st_gid != made.st_gid) &&
            fchown(fd_.get(), old_->st_uid, old_->st_gid) != 0)
            return Error{Code::unavailable, "cannot set the file's owner", errno};
        return {};
    }

    int directory_;
    const NamedBytes &file_;
    const struct stat *old_;
    Fd fd_;
    std::string temporary_;
};

// More than so many files are synced with their whole file system: each one's own sync has the disk
// empty its cache, and a thousand of them take ten seconds where this takes one.
constexpr std::size_t max_own_syncs = 8;

Result<void> sync_file_system(int directory)
{
    if (syncfs(directory) != 0)
        return Error{Code::unavailable, "cannot sync the file system", errno};
    return {};
}

} // namespace

std::vector<Result<void>> write_each_durable(int directory, const std::vector<NamedBytes> &files,
                                             mode_t mode)
{
    const bool is_many = files.size() > max_own_syncs;
    std::vector<Result<void>> done;
    std::deque<Draft> drafts;
    for (const NamedBytes &file : files) {
        Draft &draft = drafts.emplace_back(directory, file);
        done.push_back(draft.write(mode));
        if (done.back() && !is_many)
            done.back() = draft.sync();
        draft.close(); // there may be more files than descriptors
    }
    Result<void> synced = is_many ? sync_file_system(directory) : Result<void>{};
    bool has_changed = false;
    for (std::size_t i = 0; i < files.size(); ++i) {
        if (done[i] && !synced)
            done[i] = synced;
        if (done[i])
            done[i] = drafts[i].put_in_place();
        has_changed = has_changed || done[i].has_value();
    }
    if (has_changed)
        synced = sync_directory(directory);
    for (Result<void> &each : done)
        if (each && !synced)
            each = synced;
    return done;
}

Result<bool> take_file_away(int directory, const std::string &name)
{
    if (!is_component(name))
        return Error{Code::bad_input, "not the name of a file"};
    if (unlinkat(directory, name.c_str(), 0) == 0)
        return true;
    if (errno == ENOENT)
        return false;
    return Error{Code::unavailable, "cannot remove the file", errno};
}

Result<void> sync_directory(int directory)
{
    if (fsync(directory) != 0)
        return Error{Code::unavailable, "cannot sync the directory", errno};
    return {};
}

Result<void> write_durable(int directory, const std::string &name, std::string_view bytes,
                           mode_t mode)
{
    return write_each_durable(directory, {{name, std::string{bytes}}}, mode).front();
}

Result<void> write_atomic(int directory, const std::string &name, std::string_view bytes,
                          mode_t mode)
{
    const NamedBytes file{name, std::string{bytes}};
    Draft draft{directory, file};
    TRY(draft.write(mode));
    TRY(draft.sync());
    return draft.put_in_place();
}

Result<void> replace_durable(int directory, const std::string &name, std::string_view bytes,
                             const struct stat &old)
{
    const NamedBytes file{name, std::string{bytes}};
    {
        Draft draft{directory, file, &old};
        TRY(draft.write(old.st_mode & 07777));
        TRY(draft.sync());
        TRY(draft.put_in_place());
    }
    return sync_directory(directory);
}

Result<void> remove_durable(int directory, const std::string &name)
{
    if (TRY(take_file_away(directory, name)))
        return sync_directory(directory);
    return {};
}

bool is_temporary(std::string_view name)
{
    constexpr std::string_view mark = ".jit-";
    const std::size_t at = name.rfind(mark);
    return name.starts_with('.') && at != name.npos && at > 0 &&
           is_id(name.substr(at + mark.size()));
}

} // namespace jit::sys
