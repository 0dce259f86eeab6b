#include "jit_grantd/account_lock.h"

#include <cerrno>
#include <charconv>
#include <csignal>
#include <ctime>
#include <fcntl.h>
#include <string>
#include <string_view>
#include <sys/stat.h>
#include <utility>

#include "lib/base/clock.h"
#include "lib/sys/folders.h"

namespace jit::grantd {

const char *const no_leave_for_etc =
    "the units of jit-grantd may not write /etc; as root: mkdir -p "
    "/etc/systemd/system/jit-.service.d && ln -s /usr/lib/jit/etc-group.conf "
    "/etc/systemd/system/jit-.service.d/ && systemctl daemon-reload && systemctl restart "
    "jit-grantd.service";

namespace {

struct LockFile {
    const char *name; // as the shadow suite has it
    const char *own;  // the same file by a name of ours
    const char *busy;
    const char *strange;
};

constexpr std::array<LockFile, 2> lock_files{{
    {"group.lock", ".group.lock.jit", "/etc/group.lock is held: does vigr, usermod or gpasswd run?",
     "/etc/group.lock names no process: remove it if no vigr, usermod or gpasswd runs"},
    {"gshadow.lock", ".gshadow.lock.jit",
     "/etc/gshadow.lock is held: does vigr, usermod or gpasswd run?",
     "/etc/gshadow.lock names no process: remove it if no vigr, usermod or gpasswd runs"},
}};

constexpr std::size_t max_pid_bytes = 32;

void wait_a_little()
{
    const timespec pause{0, 10'000'000};
    (void)nanosleep(&pause, nullptr);
}

Error cannot(const char *what)
{
    const int error = errno;
    if (error == EROFS)
        return Error{Code::unavailable, no_leave_for_etc};
    return Error{Code::unavailable, what, error};
}

// What lckpwdf() locks, in its way, so that it waits for us; but this lock is the descriptor's, and
// no alarm is needed to bound the wait.
Result<Fd> take_pwd_lock(int etc, BootTime last)
{
    Fd file{openat(etc, ".pwd.lock", O_WRONLY | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600)};
    if (!file)
        return cannot("cannot open /etc/.pwd.lock");
    struct flock whole {
    };
    whole.l_type = F_WRLCK;
    whole.l_whence = SEEK_SET;
    while (fcntl(file.get(), F_OFD_SETLK, &whole) != 0) {
        if (errno != EAGAIN && errno != EACCES && errno != EINTR)
            return cannot("cannot lock /etc/.pwd.lock");
        if (boot_time() >= last)
            return Error{Code::timed_out, "/etc/.pwd.lock is held: does useradd or passwd run?"};
        wait_a_little();
    }
    return file;
}

bool is_one_file(int etc, const LockFile &file)
{
    struct stat a {
    };
    struct stat b {
    };
    return fstatat(etc, file.name, &a, AT_SYMLINK_NOFOLLOW) == 0 &&
           fstatat(etc, file.own, &b, AT_SYMLINK_NOFOLLOW) == 0 && a.st_dev == b.st_dev &&
           a.st_ino == b.st_ino;
}

// Only who holds .pwd.lock makes or removes ours: one that is there is a crash's.
Result<void> sweep(int etc, const LockFile &file)
{
    if (is_one_file(etc, file) && unlinkat(etc, file.name, 0) != 0 && errno != ENOENT)
        return cannot("cannot remove a lock of a process that died");
    if (unlinkat(etc, file.own, 0) != 0 && errno != ENOENT)
        return cannot("cannot remove a lock of a process that died");
    return {};
}

// The process's number and a NUL: what the shadow suite reads.
Result<void> write_own(int etc, const LockFile &file)
{
    const Fd made{
        openat(etc, file.own, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600)};
    if (!made)
        return cannot("cannot make a lock file in /etc");
    const std::string text = std::to_string(getpid());
    const auto size = static_cast<ssize_t>(text.size() + 1);
    if (write(made.get(), text.c_str(), text.size() + 1) != size)
        return cannot("cannot write a lock file in /etc");
    return {};
}

// Whether a lock file that is there is that of a dead process.
Result<bool> is_dead(int etc, const LockFile &file)
{
    const auto text = sys::read_small_file(etc, file.name, max_pid_bytes);
    if (!text && text.error().code == Code::not_found)
        return false; // it has just been let go: try again
    if (!text)
        return Error{Code::timed_out, file.strange};
    const std::string_view digits{text->c_str()}; // up to the NUL
    pid_t pid = 0;
    const auto [end, error] =
        std::from_chars(digits.data(), digits.data() + digits.size(), pid, 10);
    if (error != std::errc{} || end != digits.data() + digits.size() || pid <= 0)
        return Error{Code::timed_out, file.strange};
    return kill(pid, 0) != 0 && errno == ESRCH;
}

Result<void> take_file(int etc, const LockFile &file, BootTime last)
{
    TRY(sweep(etc, file));
    TRY(write_own(etc, file));
    Result<void> done;
    while (linkat(etc, file.own, etc, file.name, 0) != 0) {
        if (errno != EEXIST) {
            done = cannot("cannot make a lock file in /etc");
            break;
        }
        const auto dead = is_dead(etc, file);
        if (dead && *dead && unlinkat(etc, file.name, 0) == 0)
            continue;
        if (boot_time() >= last) {
            done = dead ? Error{Code::timed_out, file.busy} : dead.error();
            break;
        }
        wait_a_little();
    }
    if (!done)
        (void)unlinkat(etc, file.own, 0); // what went wrong before says more
    return done;
}

} // namespace

Result<AccountLock> AccountLock::take(int etc, std::chrono::milliseconds patience)
{
    const BootTime last = boot_time() + patience;
    Fd pwd_lock = TRY(take_pwd_lock(etc, last));
    AccountLock lock{etc, std::move(pwd_lock)};
    for (std::size_t i = 0; i < lock_files.size(); ++i) {
        TRY(take_file(etc, lock_files[i], last));
        lock.holds_[i] = true;
    }
    return lock;
}

AccountLock::AccountLock(AccountLock &&other) noexcept
    : etc_(other.etc_), file_(std::move(other.file_)), holds_(std::exchange(other.holds_, {}))
{
}

AccountLock::~AccountLock()
{
    for (std::size_t i = 0; i < lock_files.size(); ++i) {
        if (!holds_[i])
            continue;
        // Ours last: while it is there, the other is known for ours.
        (void)unlinkat(etc_, lock_files[i].name, 0);
        (void)unlinkat(etc_, lock_files[i].own, 0);
    }
}

} // namespace jit::grantd
