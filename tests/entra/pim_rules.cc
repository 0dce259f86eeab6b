#include "tests/entra/pim_rules.h"

#include <algorithm>

namespace jit::entra {

std::vector<std::string> failed_rules(const PimRules &rules, const PimOrder &order)
{
    std::vector<std::string> failed;
    const bool is_blank = order.justification.find_first_not_of(" \t\r\n") == std::string::npos;
    if (rules.needs_justification && is_blank)
        failed.emplace_back("JustificationRule");
    if (rules.needs_ticket && order.ticket_number.empty())
        failed.emplace_back("TicketingRule");
    if (rules.needs_mfa && !order.sign_in.has_mfa)
        failed.emplace_back("MfaRule");
    if (order.duration <= std::chrono::seconds{0} || order.duration > rules.longest)
        failed.emplace_back("ExpirationRule");
    return failed;
}

bool satisfies_context(const PimRules &rules, const SignIn &sign_in)
{
    if (rules.context.empty())
        return true;
    return sign_in.has_cp1 && std::find(sign_in.contexts.begin(), sign_in.contexts.end(),
                                        rules.context) != sign_in.contexts.end();
}

} // namespace jit::entra
