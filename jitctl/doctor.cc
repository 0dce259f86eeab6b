// `jitctl doctor`: where on this host a refusal would not be one, file by file.
#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <map>
#include <set>
#include <unistd.h>

#include "doctor/pam_stack.h"
#include "doctor/sshd_side.h"
#include "doctor/sudo_side.h"
#include "jitctl/plain_file.h"
#include "jitctl/policy_load.h"
#include "jitctl/verbs.h"
#include "lib/base/fd.h"
#include "lib/sys/folders.h"
#include "policy/services.h"

namespace jit::ctl {

namespace {

using doctor::Finding;

constexpr std::size_t max_names = 4096;
constexpr std::size_t max_bytes = std::size_t{256} * 1024;

std::vector<std::string> list(const std::string &path)
{
    const Fd folder{open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
    if (!folder)
        return {};
    auto names = sys::list_directory(folder.get(), max_names);
    return names ? *std::move(names) : std::vector<std::string>{};
}

// Absent: there is none. What cannot be read is a finding.
std::optional<std::string> read(const std::string &folder, const std::string &name,
                                std::vector<Finding> &findings)
{
    auto text = read_plainly(AT_FDCWD, folder + "/" + name, max_bytes);
    if (text)
        return *std::move(text);
    if (text.error().code != Code::not_found)
        findings.push_back(
            {Finding::Kind::fault, folder + "/" + name,
             std::string{"cannot be read"} +
                 (text.error().sys == 0 ? "" : std::string{": "} + std::strerror(text.error().sys)),
             geteuid() == 0 ? "" : "ask as root"});
    return std::nullopt;
}

class Host
{
  public:
    Host(const DoctorPlaces &places, const PolicyPlaces &policy)
        : places_(places), loaded_(load_policy(std::nullopt, policy))
    {
    }

    std::vector<Finding> look()
    {
        look_at_policy();
        look_at_sudo();
        look_at_sshd();
        for (const std::string &name : list(places_.etc + "/pam.d"))
            if (const auto text = read_pam(name); text && doctor::names_module(*text))
                add_named(name);
        for (const std::string &service : services_)
            for (Finding &one : doctor::judge_service(
                     service, [this](const std::string &name) { return read_pam(name); }))
                findings_.push_back(std::move(one));
        if (services_.empty())
            findings_.push_back({Finding::Kind::fault, places_.etc + "/pam.d",
                                 "pam_jit.so is in no file, and no role gates a service",
                                 "see pam_jit(8), EXAMPLES, and jit-policy(5), services"});
        return std::move(findings_);
    }

  private:
    void look_at_policy()
    {
        if (!loaded_.policy) {
            findings_.push_back({Finding::Kind::fault, "/etc/jit/policy.d",
                                 "there is no policy without an error, so nothing is granted",
                                 "see: jitctl policy check"});
            return;
        }
        for (const policy::Role &role : loaded_.policy->roles)
            for (const std::string_view door : policy::doors_of(role)) {
                services_.emplace(door);
                if (door.starts_with("sudo"))
                    role_groups_.insert(role.groups.begin(), role.groups.end());
                if (door == "sshd")
                    longest_login_ = std::max(longest_login_, role.approval.timeout);
            }
        if (loaded_.config)
            services_.insert(loaded_.config->strict_services.begin(),
                             loaded_.config->strict_services.end());
    }

    void look_at_sudo()
    {
        doctor::SudoSide side;
        const auto look = [&](const std::string &folder, const std::string &name) {
            if (const auto text = read(folder, name, findings_))
                doctor::read_sudoers(folder + "/" + name, *text, role_groups_, side);
        };
        look(places_.etc, "sudoers");
        for (const std::string &name : list(places_.etc + "/sudoers.d"))
            if (name.find('.') == name.npos && !name.ends_with('~')) // as sudo itself has it
                look(places_.etc + "/sudoers.d", name);
        services_.merge(side.services);
        findings_.insert(findings_.end(), side.findings.begin(), side.findings.end());
        const auto conf = read(places_.etc, "sudo.conf", findings_);
        if (!side.group_rule.empty() && !(conf && doctor::has_dynamic_groups(*conf)))
            findings_.push_back({Finding::Kind::fault, side.group_rule,
                                 "a rule for the group of a role, and sudo asks the kernel for "
                                 "groups: it sees neither a grant nor its end in a session that "
                                 "is open",
                                 "write into /etc/sudo.conf: Set group_source dynamic"});
    }

    // Where no role opens it, whatever it says is no business of ours.
    void look_at_sshd()
    {
        const auto config = read(places_.etc + "/ssh", "sshd_config", findings_);
        if (longest_login_.count() == 0 || !config)
            return;
        const std::string folder = "/etc/ssh/sshd_config.d/";
        doctor::SshdSide side;
        doctor::read_sshd_config(
            "/etc/ssh/sshd_config", *config,
            [&](std::string_view pattern)
                -> std::optional<std::vector<std::pair<std::string, std::string>>> {
                if (pattern != folder + "*.conf")
                    return std::nullopt;
                std::vector<std::pair<std::string, std::string>> files;
                for (const std::string &name : list(places_.etc + "/ssh/sshd_config.d"))
                    if (name.ends_with(".conf") && !name.starts_with('.'))
                        if (auto text = read(places_.etc + "/ssh/sshd_config.d", name, findings_))
                            files.emplace_back(folder + name, *std::move(text));
                std::sort(files.begin(), files.end());
                return files;
            },
            side);
        services_.merge(side.services);
        for (doctor::Finding &one : doctor::judge_sshd(side, longest_login_))
            findings_.push_back(std::move(one));
    }

    // A file of a service, and not one that others include.
    void add_named(const std::string &name)
    {
        if (!name.starts_with("common-") && name.find('.') == name.npos)
            services_.insert(name);
    }

    // Each file once, whoever includes it.
    const std::optional<std::string> &read_pam(const std::string &name)
    {
        const std::string front = "/etc/pam.d/";
        const std::string base = name.starts_with(front) ? name.substr(front.size()) : name;
        const auto [known, is_new] = pam_files_.try_emplace(base);
        if (is_new && !base.empty() && base.find('/') == base.npos) {
            known->second = read(places_.etc + "/pam.d", base, findings_);
            if (!known->second)
                known->second = read(places_.usr + "/lib/pam.d", base, findings_);
        }
        return known->second;
    }

    const DoctorPlaces &places_;
    LoadedPolicy loaded_;
    std::set<std::string> services_;
    std::set<std::string> role_groups_;
    std::chrono::seconds longest_login_{0}; // how long a request of a role that opens sshd may wait
    std::map<std::string, std::optional<std::string>> pam_files_; // by name
    std::vector<Finding> findings_;
};

const char *name_of(Finding::Kind kind)
{
    return kind == Finding::Kind::fault ? "fault" : "note";
}

} // namespace

Exit doctor(const Output &output, const DoctorPlaces &places, const PolicyPlaces &policy)
{
    const std::vector<Finding> findings = Host{places, policy}.look();
    std::size_t faults = 0;
    const ipc::Json list{json_array()};
    for (const Finding &one : findings) {
        faults += one.kind == Finding::Kind::fault ? 1 : 0;
        (void)json_array_append_new( // a null list makes the whole object null, which is told
            list.get(),
            json_pack("{s:s,s:s,s:s,s:s}", "kind", name_of(one.kind), "where", one.where.c_str(),
                      "what", one.what.c_str(), "advice", one.advice.c_str()));
        if (output.json)
            continue;
        output.print(std::string{name_of(one.kind)} + ": " + one.where + ": " + one.what);
        if (!one.advice.empty())
            output.print("    " + one.advice);
    }
    if (output.json)
        output.print_json(ipc::Json{json_pack("{s:O}", "findings", list.get())}.get());
    else
        output.complain(std::to_string(faults) + (faults == 1 ? " fault, " : " faults, ") +
                        std::to_string(findings.size() - faults) +
                        (findings.size() - faults == 1 ? " note" : " notes"));
    return faults == 0 ? Exit::done : Exit::denied;
}

} // namespace jit::ctl
