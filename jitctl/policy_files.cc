#include "jitctl/policy_files.h"

#include <algorithm>
#include <cerrno>
#include <climits>
#include <cstdlib>
#include <cstring>
#include <dirent.h>
#include <fcntl.h>
#include <unistd.h>
#include <utility>

#include "jitctl/plain_file.h"
#include "lib/base/handle.h"
#include "lib/base/result.h"
#include "lib/base/text.h"
#include "lib/sys/trusted_files.h"
#include "policy/limits.h"

namespace jit::ctl {

namespace {

using Directory = Handle<DIR, &closedir>;
using Kind = policy::Diagnostic::Kind;

// What jitd reads at most.
constexpr std::size_t max_files = policy::max_files;
constexpr std::size_t max_file_bytes = policy::max_policy_file_bytes;
constexpr std::size_t max_authorities_bytes = std::size_t{1024} * 1024;
constexpr std::size_t max_config_bytes = std::size_t{64} * 1024;
constexpr std::size_t max_claims_bytes = std::size_t{64} * 1024;
constexpr std::string_view suffix = ".toml";

// What jitd reads at most, for who has more than that.
std::string most_of_files()
{
    return ", expected at most " + std::to_string(max_files) + " files of " +
           std::to_string(max_file_bytes >> 10) + " KiB";
}

policy::Diagnostic describe(Kind kind, const std::string &path, const Error &error,
                            const std::string &expected = {})
{
    std::string text = error.what;
    if (error.code == Code::bad_input)
        text += expected;
    if (error.sys != 0 && error.sys != ENOENT)
        text += std::string{": "} + std::strerror(error.sys);
    return {kind, safe_text(path, PATH_MAX), 0, 0, std::move(text)};
}

Result<std::vector<std::string>> list_plainly(DIR *stream)
{
    std::vector<std::string> names;
    for (;;) {
        errno = 0;
        const dirent *entry = readdir(stream);
        if (entry == nullptr && errno != 0)
            return Error{Code::unavailable, "cannot list the folder", errno};
        if (entry == nullptr)
            break;
        const std::string_view name{entry->d_name};
        if (name.starts_with('.') || !name.ends_with(suffix))
            continue;
        if (names.size() == max_files)
            return Error{Code::bad_input, "more files than jitd reads"};
        names.emplace_back(name);
    }
    std::sort(names.begin(), names.end());
    return names;
}

PolicyFiles take(std::vector<sys::NamedText> texts)
{
    PolicyFiles found;
    for (sys::NamedText &text : texts)
        found.files.push_back({std::move(text.path), std::move(text.text)});
    return found;
}

} // namespace

PolicyFiles read_installed(const std::string &directory)
{
    std::vector<sys::FileFault> faults;
    PolicyFiles found =
        take(sys::read_suspect_dir(directory, suffix, max_files, max_file_bytes, faults));
    for (const sys::FileFault &fault : faults)
        found.diagnostics.push_back(
            describe(Kind::error, fault.path, fault.error, most_of_files()));
    return found;
}

PolicyFiles read_draft(const std::string &directory)
{
    PolicyFiles found;
    const Handle<char, &std::free> whole{realpath(directory.c_str(), nullptr)};
    const Directory stream{whole ? opendir(whole.get()) : nullptr};
    if (!stream) {
        found.diagnostics.push_back(
            describe(Kind::error, directory,
                     {Code::not_found,
                      errno == ENOENT ? "no such folder" : "cannot open the folder", errno}));
        return found;
    }
    const auto names = list_plainly(stream.get());
    if (!names.has_value()) {
        found.diagnostics.push_back(
            describe(Kind::error, directory, names.error(), most_of_files()));
        return found;
    }
    for (const std::string &name : *names) {
        const std::string path = directory + (directory.ends_with('/') ? "" : "/") + name;
        auto text = read_plainly(dirfd(stream.get()), name, max_file_bytes);
        if (text.has_value())
            found.files.push_back({path, *std::move(text)});
        else
            found.diagnostics.push_back(describe(Kind::error, path, text.error(), most_of_files()));
    }
    // The draft as jitd would meet it, were it left where it is.
    std::vector<sys::FileFault> faults;
    (void)sys::read_suspect_dir(whole.get(), suffix, max_files, max_file_bytes, faults);
    for (const sys::FileFault &fault : faults)
        if (fault.error.code == Code::denied)
            found.diagnostics.push_back(describe(Kind::warning, fault.path, fault.error));
    return found;
}

namespace {

PolicyFiles read_one(const std::string &path, std::size_t max_bytes, const char *if_absent)
{
    PolicyFiles found;
    std::string faulty;
    auto text = sys::read_trusted_file(path, max_bytes, &faulty);
    if (text.has_value())
        found.files.push_back({path, *std::move(text)});
    else if (text.error().code == Code::not_found) {
        found.is_absent = true;
        found.diagnostics.push_back({Kind::error, path, 0, 0, if_absent});
    } else
        found.diagnostics.push_back(
            describe(Kind::error, faulty.empty() ? path : faulty, text.error()));
    return found;
}

} // namespace

namespace {

PolicyFiles read_anywhere(const std::string &path, std::size_t max_bytes)
{
    PolicyFiles found;
    auto text = read_plainly(AT_FDCWD, path, max_bytes);
    if (text.has_value())
        found.files.push_back({path, *std::move(text)});
    else
        found.diagnostics.push_back(describe(Kind::error, path, text.error()));
    return found;
}

} // namespace

PolicyFiles read_draft_file(const std::string &path)
{
    return read_anywhere(path, max_file_bytes);
}

PolicyFiles read_claims(const std::string &path)
{
    return read_anywhere(path, max_claims_bytes);
}

PolicyFiles read_config(const std::string &path)
{
    return read_one(path, max_config_bytes, "no such file: jitd denies everything without it");
}

PolicyFiles read_authorities(const std::string &path)
{
    return read_one(path, max_authorities_bytes, "no such file, and jitd.toml names it as ca_file");
}

} // namespace jit::ctl
