#include "jit_grantd/durable_disk.h"

#include "lib/sys/durable.h"

namespace jit::grantd {

namespace {

// What was changed is durable once its directory is synced: all of it, or none.
void sync_once(int directory, std::vector<Result<void>> &done, bool has_changed)
{
    if (!has_changed)
        return;
    const auto synced = sys::sync_directory(directory);
    if (synced)
        return;
    for (Result<void> &each : done)
        if (each)
            each = synced.error();
}

} // namespace

Result<void> DurableDisk::write(int directory, const std::string &name, std::string_view bytes,
                                mode_t mode)
{
    return sys::write_durable(directory, name, bytes, mode);
}

Result<void> DurableDisk::remove(int directory, const std::string &name)
{
    return sys::remove_durable(directory, name);
}

std::vector<Result<void>> DurableDisk::write_each(int directory, const std::vector<File> &files,
                                                  mode_t mode)
{
    std::vector<Result<void>> done;
    bool has_changed = false;
    for (const File &file : files) {
        done.push_back(sys::place_file(directory, file.name, file.bytes, mode));
        has_changed = has_changed || done.back().has_value();
    }
    sync_once(directory, done, has_changed);
    return done;
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
    sync_once(directory, done, has_changed);
    return done;
}

} // namespace jit::grantd
