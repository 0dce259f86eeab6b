#include "tests/entra/arc_keys.h"

#include <algorithm>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/base/fd.h"
#include "tests/entra/random.h"

namespace jit::entra {

namespace {

constexpr std::size_t big_bytes = std::size_t{1} << 20U;

bool write_file(const std::string &file, const std::string &folder, const std::string &text)
{
    struct stat at {
    };
    const Fd fd{open(file.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0640)};
    return fd && stat(folder.c_str(), &at) == 0 &&
           fchown(fd.get(), static_cast<uid_t>(-1), at.st_gid) == 0 &&
           fchmod(fd.get(), 0640) == 0 &&
           write(fd.get(), text.data(), text.size()) == static_cast<ssize_t>(text.size());
}

} // namespace

void ArcKeys::set_folders(std::string written, std::string shown)
{
    const std::lock_guard lock{mutex_};
    written_ = std::move(written);
    shown_ = std::move(shown);
}

std::string ArcKeys::make(bool is_big)
{
    const std::lock_guard lock{mutex_};
    const std::string name = "/" + random_guid() + ".key";
    Key key{written_ + name, random_token("", 48)};
    if (is_big)
        key.text.append(big_bytes, 'A');
    if (written_.empty() || !write_file(key.file, written_, key.text))
        return "";
    keys_.push_back(std::move(key));
    return shown_ + name;
}

bool ArcKeys::use(std::string_view key)
{
    const std::lock_guard lock{mutex_};
    const auto found =
        std::find_if(keys_.begin(), keys_.end(), [&](const Key &one) { return one.text == key; });
    if (found == keys_.end())
        return false;
    (void)unlink(found->file.c_str());
    keys_.erase(found);
    return true;
}

} // namespace jit::entra
