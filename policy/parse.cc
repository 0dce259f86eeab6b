#include "policy/parse.h"

#include <algorithm>
#include <map>

#include "lib/base/text.h"
#include "policy/faults.h"
#include "policy/limits.h"
#include "policy/overlap_search.h"
#include "policy/role_reader.h"
#include "policy/table_reader.h"
#include "policy/toml_tree.h"

namespace jit::policy {

namespace {

class Reader
{
  public:
    Reader(Faults &faults, const ParseOptions &options) : faults_(faults), shared_{options} {}

    void read_file(const SourceFile &file)
    {
        const unsigned number = faults_.add_file(file.name);
        const auto tree = parse_toml(file, number, faults_);
        if (!tree)
            return;
        TableReader top{faults_, *tree, "policy"};
        if (const TomlNode *roles = top.table("role"))
            for (const TomlNode &node : roles->items)
                read_one(node);
        top.finish();
    }

    // Two roles that gate one door for one account: the door opens for both, so one role would
    // open what only the other was meant to.
    void find_overlaps()
    {
        const Overlaps overlaps = policy::find_overlaps(roles_, max_overlap_steps);
        if (overlaps.gave_up_at) {
            const std::size_t role = *overlaps.gave_up_at;
            faults_.error(role_places_[role],
                          "[role." + roles_[role].name +
                              "]: too many patterns of accounts to compare with those of other "
                              "roles, expected fewer of them, or accounts by name");
            return;
        }
        for (std::size_t role = 0; role < roles_.size(); ++role)
            if (const auto earlier = overlaps.earlier[role])
                say_overlap(*earlier, role);
    }

    Policy take()
    {
        Policy policy;
        policy.roles = std::move(roles_);
        policy.roles.shrink_to_fit();
        std::sort(policy.roles.begin(), policy.roles.end(),
                  [](const Role &a, const Role &b) { return a.name < b.name; });
        policy.make_index();
        return policy;
    }

    bool is_empty() const { return roles_.empty(); }

  private:
    void read_one(const TomlNode &node)
    {
        if (!is_name(node.key)) {
            faults_.error(node.key_place, "role: " + in_quotes(node.key) +
                                              " is no role name, expected letters, digits, '_', "
                                              "'.', '@' and '-', a letter or '_' first");
            return;
        }
        if (node.kind != TomlNode::Kind::table) {
            faults_.error(node.place, "role." + node.key + ": expected a table, found " +
                                          std::string{describe(node.kind)});
            return;
        }
        if (count_++ >= max_roles) {
            if (count_ == max_roles + 1)
                faults_.error(node.key_place, "more than " + std::to_string(max_roles) +
                                                  " roles, this one and what follows is not read");
            return;
        }
        Role role = read_role(node, shared_, faults_);
        const auto [known, is_new] = places_.try_emplace(node.key, node.key_place);
        if (is_new) {
            roles_.push_back(std::move(role));
            role_places_.push_back(node.key_place);
        } else {
            faults_.error(node.key_place, "role " + in_quotes(node.key) +
                                              " is defined twice, first at " +
                                              faults_.name_of(known->second));
        }
    }

    void say_overlap(std::size_t first, std::size_t second)
    {
        const Overlap common =
            find_overlap(roles_[first], roles_[second]).value_or(Overlap{"a door", "*", ""});
        faults_.error(role_places_[second],
                      "[role." + roles_[second].name + "] and [role." + roles_[first].name + "] (" +
                          faults_.name_of(role_places_[first]) + ") both gate " +
                          std::string{common.service} + " for account " +
                          in_quotes(common.account) +
                          (common.other.empty() ? "" : " that also is " + in_quotes(common.other)) +
                          ", expected accounts or services that keep them apart, or in both the "
                          "same sudo.rules in the same order, or a pam_service of its own in one");
    }

    Faults &faults_;
    Shared shared_;
    std::vector<Role> roles_; // in the order of the files
    std::vector<Place> role_places_;
    std::map<std::string, Place> places_;
    std::size_t count_ = 0;
};

} // namespace

ParseOptions options_with(const Config *config)
{
    ParseOptions options;
    if (config == nullptr)
        return options;
    options.ids_are_guids = config->is_entra;
    options.has_approver_client = !config->approver_client_id.empty();
    options.has_credential = config->credential != Config::Credential::none;
    return options;
}

ParsedPolicy parse_policy(std::span<const SourceFile> files, const ParseOptions &options)
{
    Faults faults;
    Reader reader{faults, options};
    std::size_t bytes = 0;
    for (std::size_t i = 0; i < files.size(); ++i) {
        bytes += files[i].text.size();
        if (i == max_files || bytes > max_set_bytes) {
            const std::string what =
                i == max_files
                    ? "more than " + std::to_string(max_files) + " policy files"
                    : "more than " + std::to_string(max_set_bytes >> 20) + " MiB of policy files";
            faults.error({faults.add_file(files[i].name), 0, 0},
                         what + ", this one and what follows is not read");
            break;
        }
        reader.read_file(files[i]);
    }
    reader.find_overlaps();
    if (reader.is_empty() && !faults.has_error()) {
        if (files.empty())
            (void)faults.add_file("");
        faults.error({}, "no role is defined, expected at least one [role.NAME]");
    }

    ParsedPolicy out;
    if (!faults.has_error())
        out.policy = reader.take();
    out.diagnostics = faults.take();
    return out;
}

} // namespace jit::policy
