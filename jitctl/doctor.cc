// `jitctl doctor`: where on this host a refusal would not be one, file by file.
#include <algorithm>
#include <set>

#include "doctor/pam_stack.h"
#include "doctor/sshd_side.h"
#include "jitctl/host_look.h"
#include "jitctl/policy_load.h"
#include "jitctl/verbs.h"
#include "policy/services.h"

namespace jit::ctl {

namespace {

using doctor::Finding;

class Host
{
  public:
    Host(const DoctorPlaces &places, const PolicyPlaces &policy)
        : files_(places), loaded_(load_policy(std::nullopt, policy))
    {
    }

    std::vector<Finding> look()
    {
        look_at_policy();
        look_at_sudo();
        look_at_sshd();
        for (const std::string &name : list_folder(files_.etc() + "/pam.d"))
            if (const auto text = files_.read_pam(name); text && doctor::names_module(*text))
                add_named(name);
        const bool may_start_unproven = loaded_.config && loaded_.config->unproven_start;
        for (const std::string &service : services_)
            for (Finding &one : doctor::judge_service(
                     service, [this](const std::string &name) { return files_.read_pam(name); },
                     may_start_unproven))
                findings_.push_back(std::move(one));
        if (services_.empty())
            findings_.push_back({Finding::Kind::fault, files_.etc() + "/pam.d",
                                 "pam_jit.so is in no file, and no role gates a service",
                                 "see pam_jit(8), EXAMPLES, and jit-policy(5), services"});
        findings_.insert(findings_.end(), files_.faults().begin(), files_.faults().end());
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
                // Other people may take a day: a login that they end later is tried again.
                if (door == "sshd")
                    longest_login_ =
                        std::max(longest_login_, std::min<std::chrono::seconds>(
                                                     role.approval.timeout, std::chrono::hours{1}));
            }
        if (loaded_.config)
            services_.insert(loaded_.config->strict_services.begin(),
                             loaded_.config->strict_services.end());
    }

    void look_at_sudo()
    {
        const doctor::SudoSide side = look_at_sudoers(files_, role_groups_).side;
        for (const auto &[service, where] : side.services)
            services_.insert(service);
        findings_.insert(findings_.end(), side.findings.begin(), side.findings.end());
        const auto conf = files_.read(files_.etc(), "sudo.conf");
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
        const auto config = files_.read(files_.etc() + "/ssh", "sshd_config");
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
                const std::string ours = files_.etc() + "/ssh/sshd_config.d";
                for (const std::string &name : list_folder(ours))
                    if (name.ends_with(".conf") && !name.starts_with('.'))
                        if (auto text = files_.read(ours, name))
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

    HostFiles files_;
    LoadedPolicy loaded_;
    std::set<std::string> services_;
    std::set<std::string> role_groups_;
    std::chrono::seconds longest_login_{0}; // how long a request of a role that opens sshd may wait
    std::vector<Finding> findings_;
};

} // namespace

Exit doctor(const Output &output, const DoctorPlaces &places, const PolicyPlaces &policy)
{
    const std::vector<Finding> findings = Host{places, policy}.look();
    std::size_t faults = 0;
    for (const Finding &one : findings) {
        faults += one.kind == Finding::Kind::fault ? 1 : 0;
        if (!output.json)
            for (const std::string &line : lines_of(one))
                output.print(line);
    }
    if (output.json)
        output.print_json(
            ipc::Json{json_pack("{s:o}", "findings", json_of(findings).release())}.get());
    else
        output.complain(std::to_string(faults) + (faults == 1 ? " fault, " : " faults, ") +
                        std::to_string(findings.size() - faults) +
                        (findings.size() - faults == 1 ? " note" : " notes"));
    return faults == 0 ? Exit::done : Exit::denied;
}

} // namespace jit::ctl
