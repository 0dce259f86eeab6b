// A folder of the test's own, gone with it.
#pragma once

#include <cstdlib>
#include <fcntl.h>
#include <filesystem>
#include <string>
#include <string_view>
#include <sys/stat.h>

#include "lib/base/fd.h"

namespace jit::sys::test {

class Folder
{
  public:
    Folder()
    {
        char name[] = "/tmp/jit-sys-test-XXXXXX";
        path = mkdtemp(name);
        fd.reset(open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    }
    ~Folder() { std::filesystem::remove_all(path); }
    Folder(const Folder &) = delete;
    Folder &operator=(const Folder &) = delete;

    void put(const std::string &name, std::string_view text, mode_t mode = 0644) const
    {
        const std::string whole = path + "/" + name;
        const Fd file{open(whole.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600)};
        (void)!write(file.get(), text.data(), text.size());
        (void)fchmod(file.get(), mode);
    }
    void make(const std::string &name, mode_t mode = 0755) const
    {
        std::filesystem::create_directories(path + "/" + name);
        (void)chmod((path + "/" + name).c_str(), mode);
    }
    void set_mode(const std::string &name, mode_t mode) const
    {
        (void)chmod((path + "/" + name).c_str(), mode);
    }

    std::string path;
    Fd fd;
};

} // namespace jit::sys::test
