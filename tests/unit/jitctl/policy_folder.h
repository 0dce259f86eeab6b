// A folder of policy files. Include tests/unit/cmocka_cpp.h first.
#pragma once

#include <cstdio>
#include <string>
#include <sys/stat.h>
#include <unistd.h>
#include <vector>

namespace jit::ctl {

// A folder with files, gone at the end. Everybody may write to /tmp; to /run root alone.
class Folder
{
  public:
    explicit Folder(const std::string &above = "/tmp")
    {
        path = above + "/jitctl-policy-XXXXXX";
        assert_non_null(mkdtemp(path.data()));
    }
    Folder(const Folder &) = delete;
    Folder &operator=(const Folder &) = delete;
    ~Folder()
    {
        for (const std::string &name : names_)
            unlink((path + "/" + name).c_str());
        rmdir(path.c_str());
    }
    void write(const std::string &name, const std::string &text)
    {
        names_.push_back(name);
        std::FILE *file = fopen((path + "/" + name).c_str(), "we");
        assert_non_null(file);
        assert_int_equal(fwrite(text.data(), 1, text.size(), file), text.size());
        fclose(file);
    }
    void fifo(const std::string &name)
    {
        names_.push_back(name);
        assert_int_equal(mkfifo((path + "/" + name).c_str(), 0600), 0);
    }

    std::string path;

  private:
    std::vector<std::string> names_;
};

inline bool has(const std::string &text, const std::string &part)
{
    if (text.find(part) != text.npos)
        return true;
    print_error("no \"%s\" in: %s\n", part.c_str(), text.c_str());
    return false;
}

} // namespace jit::ctl
