// What is the same for all: the steps of arming, and many at once, for who does not know better,
// one after the other.
#include "jit_grantd/outside.h"

namespace jit::grantd {

Result<void> Timers::arm(const std::string &id, WallTime until, BootTime::duration remaining)
{
    const auto arming = prepare();
    TRY(arming->ask(id, until, remaining));
    TRY(arming->await_accepted());
    return arming->await_running();
}

std::vector<Result<void>> Timers::disarm_each(const std::vector<std::string> &ids)
{
    std::vector<Result<void>> done;
    done.reserve(ids.size());
    for (const std::string &id : ids)
        done.push_back(disarm(id));
    return done;
}

std::vector<Result<void>> Disk::write_each(int directory, const std::vector<File> &files,
                                           mode_t mode)
{
    std::vector<Result<void>> done;
    done.reserve(files.size());
    for (const File &file : files)
        done.push_back(write(directory, file.name, file.bytes, mode));
    return done;
}

std::vector<Result<void>> Disk::remove_each(int directory, const std::vector<std::string> &names)
{
    std::vector<Result<void>> done;
    done.reserve(names.size());
    for (const std::string &name : names)
        done.push_back(remove(directory, name));
    return done;
}

} // namespace jit::grantd
