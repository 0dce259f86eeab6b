#include "jit_grantd/durable_disk.h"

#include "lib/sys/durable.h"

namespace jit::grantd {

Result<void> DurableDisk::write(int directory, const std::string &name, std::string_view bytes,
                                mode_t mode)
{
    return sys::write_durable(directory, name, bytes, mode);
}

Result<void> DurableDisk::write_atomic(int directory, const std::string &name,
                                       std::string_view bytes, mode_t mode)
{
    return sys::write_atomic(directory, name, bytes, mode);
}

Result<void> DurableDisk::replace(int directory, const std::string &name, std::string_view bytes,
                                  const struct stat &old)
{
    return sys::replace_durable(directory, name, bytes, old);
}

Result<void> DurableDisk::remove(int directory, const std::string &name)
{
    return sys::remove_durable(directory, name);
}

std::vector<Result<void>> DurableDisk::write_each(int directory, const std::vector<File> &files,
                                                  mode_t mode)
{
    return sys::write_each_durable(directory, files, mode);
}

std::vector<Result<void>> DurableDisk::remove_each(int directory,
                                                   const std::vector<std::string> &names)
{
    std::vector<Result<void>> done;
    bool has_changed = false;
    for (const std::string &name : names) {
        const auto taken = sys::take_file_away(directory, name);
        done.push_back(taken ? Result<void>{} : Result<void>{taken.error()});
        has_changed = has_changed || (taken && *taken);
    }
    if (!has_changed)
        return done;
    if (const auto synced = sys::sync_directory(directory); !synced)
        for (Result<void> &each : done)
            if (each)
                each = synced.error();
    return done;
}

} // namespace jit::grantd
