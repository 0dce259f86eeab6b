#include "policy/role_index.h"

#include <algorithm>

#include "policy/model.h"
#include "policy/services.h"

namespace jit::policy {

namespace {

// Two texts that no service has: scopes of the table beside the services.
constexpr std::string_view by_name = "\n";
constexpr std::string_view by_service = "\n\n";

} // namespace

RoleIndex::RoleIndex(std::span<const Role> roles) : size_(roles.size())
{
    for (std::size_t i = 0; i < roles.size(); ++i) {
        const Role &role = roles[i];
        const auto number = static_cast<std::uint32_t>(i);
        table_.add_text(by_name, role.name, number);
        for (const std::string_view service : doors_of(role)) {
            table_.add_text(by_service, service, number);
            for (const AccountPattern &pattern : role.accounts)
                if (!pattern.negated)
                    table_.add(service, pattern.glob, number);
        }
    }
    table_.finish();
}

std::vector<std::uint32_t> RoleIndex::find_gating(std::string_view service,
                                                  std::span<const std::string> names) const
{
    std::vector<std::uint32_t> out;
    if (names.empty())
        table_.find_text(by_service, service, out);
    for (const std::string &name : names)
        table_.find(service, name, out);
    std::sort(out.begin(), out.end());
    out.erase(std::unique(out.begin(), out.end()), out.end());
    return out;
}

std::vector<std::uint32_t> RoleIndex::find_named(std::string_view name) const
{
    std::vector<std::uint32_t> out;
    table_.find_text(by_name, name, out);
    return out;
}

} // namespace jit::policy
