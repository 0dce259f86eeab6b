// The disk below SQLite: it stops at a write, as for a process that is killed there, or fails once.
// Include tests/unit/cmocka_cpp.h first.
#pragma once

#include <cerrno>
#include <cstddef>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <unistd.h>
#include <utility>

#include <sqlite3.h>

namespace jit::daemon::test {

// From a write on it takes nothing any more, as if the process were dead; or it fails just once.
struct Disk {
    enum class Way {
        stops,
        fails_once
    };
    Way way = Way::stops;
    int error = EIO;
    int at = -1; // the write (from 0); below 0: all is well
    int writes = 0;

    bool takes()
    {
        const int number = writes++;
        if (at < 0 || number < at || (way == Way::fails_once && number > at))
            return true;
        errno = error;
        return false;
    }
};
inline Disk disk;

// A folder on it, in memory where there is some: each write waits for a real one.
class DiskFolder
{
  public:
    DiskFolder()
    {
        disk = Disk{};
        path = std::filesystem::exists("/dev/shm") ? "/dev/shm" : "/tmp";
        path += "/jit-crashes-test-XXXXXX";
        if (mkdtemp(path.data()) == nullptr)
            abort();
    }
    ~DiskFolder()
    {
        disk = Disk{};
        std::filesystem::remove_all(path);
    }
    DiskFolder(const DiskFolder &) = delete;
    DiskFolder &operator=(const DiskFolder &) = delete;

    std::string path;
};

inline ssize_t write_at(int file, const void *bytes, std::size_t size, off_t offset)
{
    return disk.takes() ? pwrite(file, bytes, size, offset) : -1;
}
inline ssize_t write_here(int file, const void *bytes, std::size_t size)
{
    return disk.takes() ? write(file, bytes, size) : -1;
}
inline int cut(int file, off_t size)
{
    return disk.takes() ? ftruncate(file, size) : -1;
}
inline int remove_file(const char *path)
{
    return disk.takes() ? unlink(path) : -1;
}

template <typename F> sqlite3_syscall_ptr as_call(F function)
{
    return reinterpret_cast<sqlite3_syscall_ptr>(function);
}

// https://www.sqlite.org/c3ref/vfs.html: the unix VFS lets tests stand in for its system calls.
inline void stand_between()
{
    sqlite3_vfs *const vfs = sqlite3_vfs_find(nullptr);
    int found = 0;
    for (const auto &[name, call] :
         {std::pair{"pwrite", as_call(&write_at)}, std::pair{"pwrite64", as_call(&write_at)}})
        found += vfs->xSetSystemCall(vfs, name, call) == SQLITE_OK ? 1 : 0;
    assert_true(found > 0);
    for (const auto &[name, call] :
         {std::pair{"write", as_call(&write_here)}, std::pair{"ftruncate", as_call(&cut)},
          std::pair{"unlink", as_call(&remove_file)}})
        assert_int_equal(vfs->xSetSystemCall(vfs, name, call), SQLITE_OK);
}

} // namespace jit::daemon::test
