#include "jitctl/host_look.h"

#include <algorithm>
#include <cstring>
#include <fcntl.h>
#include <unistd.h>

#include "jitctl/plain_file.h"
#include "lib/base/fd.h"
#include "lib/base/text.h"
#include "lib/sys/folders.h"

namespace jit::ctl {

namespace {

using doctor::Finding;

constexpr std::size_t max_names = 4096;
constexpr std::size_t max_bytes = std::size_t{256} * 1024;
constexpr std::size_t max_text_bytes = 1024;

const char *name_of(Finding::Kind kind)
{
    return kind == Finding::Kind::fault ? "fault" : "note";
}

} // namespace

std::vector<std::string> list_folder(const std::string &path)
{
    const Fd folder{open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
    if (!folder)
        return {};
    auto names = sys::list_directory(folder.get(), max_names);
    if (!names)
        return {};
    std::sort(names->begin(), names->end());
    return *std::move(names);
}

std::optional<std::string> HostFiles::read(const std::string &folder, const std::string &name)
{
    auto text = read_plainly(AT_FDCWD, folder + "/" + name, max_bytes);
    if (text)
        return *std::move(text);
    if (text.error().code != Code::not_found)
        faults_.push_back(
            {Finding::Kind::fault, folder + "/" + name,
             std::string{"cannot be read"} +
                 (text.error().sys == 0 ? "" : std::string{": "} + std::strerror(text.error().sys)),
             geteuid() == 0 ? "" : "ask as root"});
    return std::nullopt;
}

const std::optional<std::string> &HostFiles::read_pam(const std::string &name)
{
    const std::string front = "/etc/pam.d/";
    const std::string base = name.starts_with(front) ? name.substr(front.size()) : name;
    const auto [known, is_new] = pam_files_.try_emplace(base);
    if (is_new && !base.empty() && base.find('/') == base.npos) {
        known->second = read(places_.etc + "/pam.d", base);
        if (!known->second)
            known->second = read(places_.usr + "/lib/pam.d", base);
    }
    return known->second;
}

SudoersLook look_at_sudoers(HostFiles &files, const std::set<std::string> &role_groups)
{
    SudoersLook out;
    const auto look = [&](const std::string &folder, const std::string &name) {
        const auto text = files.read(folder, name);
        if (!text)
            return;
        doctor::read_sudoers(folder + "/" + name, *text, role_groups, out.side);
        out.rules.add(folder + "/" + name, *text);
    };
    look(files.etc(), "sudoers");
    for (const std::string &name : list_folder(files.etc() + "/sudoers.d"))
        if (name.find('.') == name.npos && !name.ends_with('~')) // as sudo itself has it
            look(files.etc() + "/sudoers.d", name);
    return out;
}

std::vector<std::string> lines_of(const Finding &finding)
{
    std::vector<std::string> lines{std::string{name_of(finding.kind)} + ": " + finding.where +
                                   ": " + finding.what};
    if (!finding.advice.empty())
        lines.push_back("    " + finding.advice);
    return lines;
}

ipc::Json json_of(const std::vector<Finding> &findings)
{
    ipc::Json list{json_array()};
    for (const Finding &one : findings) {
        // The host's files hold any bytes, and JSON only text.
        const std::string where = safe_text(one.where, max_text_bytes);
        const std::string what = safe_text(one.what, max_text_bytes);
        if (json_array_append_new(list.get(),
                                  json_pack("{s:s,s:s,s:s,s:s}", "kind", name_of(one.kind), "where",
                                            where.c_str(), "what", what.c_str(), "advice",
                                            one.advice.c_str())) != 0)
            return {};
    }
    return list;
}

} // namespace jit::ctl
