#include "jitctl/policy_load.h"

#include <climits>
#include <grp.h>
#include <iterator>
#include <string>
#include <unistd.h>
#include <unordered_map>
#include <utility>

#include "jitctl/policy_files.h"
#include "jitctl/policy_report.h"
#include "lib/sys/zones.h"
#include "policy/parse.h"
#include "policy/root_groups.h"

namespace jit::ctl {

namespace {

using Diagnostics = std::vector<policy::Diagnostic>;

void append(Diagnostics &all, Diagnostics more)
{
    all.insert(all.end(), std::move_iterator{more.begin()}, std::move_iterator{more.end()});
}

void load_config(const std::string &path, LoadedPolicy &out)
{
    PolicyFiles found = read_config(path);
    out.config_diagnostics = std::move(found.diagnostics);
    for (const policy::SourceFile &file : found.files) {
        policy::ParsedConfig parsed = policy::parse_config(file);
        if (parsed.config && !parsed.config->ca_file.empty())
            append(out.config_diagnostics, read_authorities(parsed.config->ca_file).diagnostics);
        append(out.config_diagnostics, std::move(parsed.diagnostics));
        out.config = std::move(parsed.config);
    }
    out.has_config_file = !found.is_absent;
}

// One look-up reads /etc/group, so ten thousand of them would take half a minute: what can be
// listed is read at once, and only what is not there, of a directory perhaps, is looked for by its
// name.
class LocalGroups
{
  public:
    bool has(const std::string &name) { return gid_of(name).has_value(); }

    // Another group that is as good as root and has its gid; empty: none.
    std::string root_twin(const std::string &name)
    {
        const auto gid = gid_of(name);
        if (!gid)
            return {};
        if (*gid == 0)
            return "root";
        for (const std::string_view each : policy::root_equivalent_groups())
            if (each != name && gid_of(std::string{each}) == gid)
                return std::string{each};
        return {};
    }

  private:
    std::optional<gid_t> gid_of(const std::string &name)
    {
        if (!std::exchange(is_listed_, true))
            list();
        const auto [place, is_new] = known_.try_emplace(name);
        if (is_new)
            if (const group *const found = getgrnam(name.c_str()))
                place->second = found->gr_gid;
        return place->second;
    }
    void list()
    {
        setgrent();
        while (const group *const each = getgrent())
            known_.try_emplace(each->gr_name, each->gr_gid);
        endgrent();
    }

    bool is_listed_ = false;
    std::unordered_map<std::string, std::optional<gid_t>> known_;
};

} // namespace

LoadedPolicy load_policy(const std::optional<std::string> &directory, const PolicyPlaces &places)
{
    LoadedPolicy out;
    const std::string folder = directory.value_or(places.directory);
    out.is_installed = folder == places.directory || folder == places.directory + "/";
    PolicyFiles found = out.is_installed ? read_installed(places.directory) : read_draft(folder);
    out.files = found.files.size();
    out.diagnostics = std::move(found.diagnostics);
    load_config(places.config, out);
    if (found.files.empty()) {
        if (!policy::has_error(out.diagnostics))
            out.diagnostics.push_back({policy::Diagnostic::Kind::error, folder, 0, 0,
                                       "no file ends in .toml: nothing would be granted"});
        return out;
    }
    policy::ParseOptions options = policy::options_with(out.config ? &*out.config : nullptr);
    options.find_zone = sys::find_zone;
    LocalGroups groups;
    if (out.is_installed) { // a draft may be another host's
        options.has_group = [&](const std::string &name) { return groups.has(name); };
        options.root_twin = [&](const std::string &name) { return groups.root_twin(name); };
    }
    policy::ParsedPolicy parsed = policy::parse_policy(found.files, options);
    // Files that jitd would not read make a policy that nobody has.
    if (!policy::has_error(out.diagnostics))
        out.policy = std::move(parsed.policy);
    append(out.diagnostics, std::move(parsed.diagnostics));
    return out;
}

Exit report_errors(const Output &output, const LoadedPolicy &loaded)
{
    return report_faults(output, loaded.diagnostics,
                         "the policy has errors, so nothing can be said of what it grants");
}

policy::Host host_of(const std::optional<policy::Config> &config)
{
    policy::Host host;
    if (config)
        host = {config->host_name, config->host_tags};
    char name[HOST_NAME_MAX + 1] = {};
    if (host.name.empty() && gethostname(name, sizeof name - 1) == 0)
        host.name = name;
    return host;
}

} // namespace jit::ctl
