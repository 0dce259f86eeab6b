// What the policy of a PIM group asks of an activation, and which of its rules one fails.
#pragma once

#include <chrono>
#include <string>
#include <vector>

namespace jit::entra {

struct PimRules {
    bool needs_approval = false;
    std::chrono::seconds longest{8 * 3600};
    bool needs_justification = true;
    bool needs_ticket = false;
    bool needs_mfa = false;
    std::string context; // an authentication context, or empty
};

// How the person who asks has signed in.
struct SignIn {
    std::vector<std::string> contexts;
    bool has_cp1 = false; // the client said that it understands claims challenges
    bool has_mfa = true;
};

// An activation or its end, as somebody asks for it.
struct PimOrder {
    std::string action; // "selfActivate", in any case
    std::string access_id = "member";
    std::string principal;
    std::string group;
    std::string justification;
    std::string ticket_number;
    std::string ticket_system;
    std::chrono::seconds delay{0};    // from now to its start; negative: it began before
    std::chrono::seconds duration{0}; // 0: without an end
    bool is_validation_only = false;
    std::string asked_by; // whose token it came with
    SignIn sign_in;
    // What becomes of it against all rules, "PendingApproval"; empty: what the rules say. The
    // second is what it becomes once it has been seen as the first.
    std::string status;
    std::string next_status;
};

// PIM's names of the rules that it fails: "JustificationRule".
std::vector<std::string> failed_rules(const PimRules &rules, const PimOrder &order);

// Whether the sign-in is good enough for the authentication context. PIM takes none whose client
// did not declare cp1.
bool satisfies_context(const PimRules &rules, const SignIn &sign_in);

} // namespace jit::entra
