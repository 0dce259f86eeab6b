#include "policy/parse.h"

#include <algorithm>
#include <map>

#include "lib/base/text.h"
#include "policy/faults.h"
#include "policy/overlap.h"
#include "policy/role_reader.h"
#include "policy/table_reader.h"
#include "policy/toml_tree.h"

namespace jit::policy {

namespace {

constexpr std::size_t max_files = 64;
constexpr std::size_t max_roles = 256;

class Reader
{
  public:
    Reader(Faults &faults, const ParseOptions &options) : faults_(faults), options_(options) {}

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
        for (std::size_t second = 1; second < found_.size(); ++second) {
            for (std::size_t first = 0; first < second; ++first)
                if (says_overlap(found_[first], found_[second]))
                    break;
        }
    }

    Policy take()
    {
        Policy policy;
        for (Found &found : found_)
            policy.roles.push_back(std::move(found.role));
        std::sort(policy.roles.begin(), policy.roles.end(),
                  [](const Role &a, const Role &b) { return a.name < b.name; });
        return policy;
    }

    bool is_empty() const { return found_.empty(); }

  private:
    struct Found {
        Role role;
        Place place;
    };

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
                faults_.error(node.key_place, "more than 256 roles");
            return;
        }
        Role role = read_role(node, options_, faults_);
        const auto [known, is_new] = places_.try_emplace(node.key, node.key_place);
        if (is_new)
            found_.push_back({std::move(role), node.key_place});
        else
            faults_.error(node.key_place, "role " + in_quotes(node.key) +
                                              " is defined twice, first at " +
                                              faults_.name_of(known->second));
    }

    bool says_overlap(const Found &first, const Found &second)
    {
        const std::string_view service = common_service(first.role, second.role);
        if (service.empty())
            return false;
        const std::string account = common_account(first.role, second.role);
        if (account.empty())
            return false;
        faults_.error(second.place, "[role." + second.role.name + "] and [role." + first.role.name +
                                        "] (" + faults_.name_of(first.place) + ") both gate " +
                                        std::string{service} + " for account " +
                                        in_quotes(account) +
                                        ", expected accounts or services that keep them apart");
        return true;
    }

    Faults &faults_;
    const ParseOptions &options_;
    std::vector<Found> found_;
    std::map<std::string, Place> places_;
    std::size_t count_ = 0;
};

} // namespace

ParsedPolicy parse_policy(std::span<const SourceFile> files, const ParseOptions &options)
{
    Faults faults;
    Reader reader{faults, options};
    for (const SourceFile &file : files.first(std::min(files.size(), max_files)))
        reader.read_file(file);
    if (files.size() > max_files)
        faults.error({faults.add_file(files[max_files].name), 0, 0},
                     "more than 64 policy files, this one and what follows is not read");
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
