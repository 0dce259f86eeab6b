#include "lib/oidc/pim_errors.h"

#include <algorithm>
#include <vector>

#include "lib/base/text.h"
#include "lib/oidc/claims_request.h"
#include "lib/oidc/json.h"

namespace jit::oidc {

namespace {

using Kind = PimFault::Kind;

// What a claims challenge may take up, percent-encoded.
constexpr std::size_t max_claims_bytes = std::size_t{12} * 1024;
constexpr std::size_t max_failed_rules = 16;

struct Row {
    std::string_view name; // in lower case
    Kind kind;
    Failure failure;
    const char *advice;
};

constexpr const char *consent =
    "Microsoft Graph does not let this sign-in use PIM. The administrator has to grant the "
    "application PrivilegedEligibilitySchedule.Read.AzureADGroup and "
    "PrivilegedAssignmentSchedule.ReadWrite.AzureADGroup.";
constexpr const char *by_policy = "PIM's policy for the group refuses the activation. The "
                                  "administrator finds why in Entra's audit log.";
constexpr const char *context =
    "PIM's policy for the group demands an authentication context that the sign-in does not have. "
    "Run it again and complete what the browser asks for; if it recurs, ask the administrator.";

// By `code`.
constexpr Row codes[] = {
    {"aadpremiumlicenserequired", Kind::other, Failure::misconfigured,
     "The tenant has no licence for PIM. The administrator has to get Entra ID P2 or Governance."},
    {"activedurationtooshort", Kind::too_short, Failure::blocked,
     "PIM ends no activation in its first five minutes. Try again later, or end it in Entra."},
    {"authorization_requestdenied", Kind::other, Failure::misconfigured, consent},
    {"invalidroleassignmentrequestschedule", Kind::other, Failure::blocked,
     "PIM does not accept the start or the duration. Ask for another duration; if it recurs, the "
     "administrator has to check this host's clock."},
    {"pendingroleassignmentrequest", Kind::is_open, Failure::blocked,
     "A request of yours for this group is open in PIM and can't be taken up. Cancel it in Entra "
     "and run it again."},
    {"permissionscopenotgranted", Kind::other, Failure::misconfigured, consent},
    {"roleassignmentdoesnotexist", Kind::is_gone, Failure::blocked,
     "Nothing of yours is active for this group in PIM. Run it again."},
    {"roleassignmentexists", Kind::exists, Failure::blocked,
     "PIM says that you are a member of the group already. Run it again; if it recurs, ask the "
     "administrator."},
    {"roleassignmentrequestacrsvalidationfailed", Kind::context, Failure::blocked, context},
    {"roleassignmentrequestpolicyvalidationfailed", Kind::other, Failure::blocked, by_policy},
    {"starttimeinpast", Kind::in_past, Failure::blocked,
     "PIM says that the activation would begin in the past. The administrator has to check this "
     "host's clock."},
    {"subjectnotfound", Kind::other, Failure::blocked,
     "PIM does not know you or the group. The administrator has to check pim_group and whether "
     "you are eligible."},
};

// By a rule that failed, as they are to be told of.
constexpr Row failed_rules[] = {
    {"eligibilityrule", Kind::other, Failure::blocked,
     "You are not eligible for the group in PIM. Ask the administrator for an eligible "
     "membership."},
    {"justificationrule", Kind::other, Failure::blocked,
     "PIM's policy for the group demands a reason. Run it again and give one."},
    {"ticketingrule", Kind::other, Failure::blocked,
     "PIM's policy for the group demands a ticket. Run it again with its number in the reason, "
     "such as INC-4711."},
    {"expirationrule", Kind::other, Failure::blocked,
     "PIM's policy for the group does not allow so long an activation. Run it again for a shorter "
     "time."},
    {"mfarule", Kind::factor, Failure::blocked,
     "PIM's policy for the group demands a second factor. Run it again and complete it in the "
     "browser."},
};

std::string decode_percent(std::string_view text)
{
    const auto digit = [](char c) {
        return c >= '0' && c <= '9'   ? c - '0'
               : c >= 'a' && c <= 'f' ? c - 'a' + 10
               : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                      : -1;
    };
    std::string out;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] != '%') {
            out += text[i] == '+' ? ' ' : text[i];
            continue;
        }
        if (i + 2 >= text.size() || digit(text[i + 1]) < 0 || digit(text[i + 2]) < 0)
            return {};
        out += static_cast<char>(digit(text[i + 1]) * 16 + digit(text[i + 2]));
        i += 2;
    }
    return out;
}

// The JSON object after "claims=" in a message, with the text around it cut off.
std::string find_claims(std::string_view message)
{
    constexpr std::string_view mark = "claims=";
    const std::size_t at = message.find(mark);
    if (at == std::string_view::npos)
        return {};
    std::string_view rest = message.substr(at + mark.size());
    const std::size_t begin = rest.find_first_not_of("\"' ");
    if (begin == std::string_view::npos || rest.size() > max_claims_bytes)
        return {};
    rest.remove_prefix(begin);
    if (rest.front() == '{')
        return read_demand(rest.substr(0, rest.rfind('}') + 1));
    return read_demand(decode_percent(rest.substr(0, rest.find_first_of("\"'& \t\r\n,;"))));
}

// The names in the JSON array that a message ends with, in lower case.
std::vector<std::string> find_failed_rules(std::string_view message)
{
    const std::size_t begin = message.rfind('[');
    const std::size_t end = message.rfind(']');
    if (begin == std::string_view::npos || end == std::string_view::npos || end < begin)
        return {};
    const std::string wrapped =
        R"({"rules":)" + std::string{message.substr(begin, end - begin + 1)} + "}";
    const Json parsed = parse_object(wrapped);
    const json_t *names = json_object_get(parsed.get(), "rules");
    std::vector<std::string> found;
    for (std::size_t i = 0; i < std::min(json_array_size(names), max_failed_rules); ++i) {
        const json_t *one = json_array_get(names, i);
        if (json_is_string(one))
            found.push_back(to_lower({json_string_value(one), json_string_length(one)}));
    }
    return found;
}

void take_row(PimFault &fault, const Row &row)
{
    fault.kind = row.kind;
    fault.failure = row.failure;
    fault.advice = row.advice;
}

// The first of ours that failed; with others that are not known here, a second factor alone would
// not do.
void take_failed_rules(PimFault &fault, std::string_view message)
{
    const std::vector<std::string> failed = find_failed_rules(message);
    for (const Row &row : failed_rules)
        if (std::find(failed.begin(), failed.end(), row.name) != failed.end() &&
            (row.kind != Kind::factor || failed.size() == 1))
            return take_row(fault, row);
}

void take_status(PimFault &fault, long status)
{
    fault.failure = status == 403 ? Failure::misconfigured : Failure::broken;
    fault.advice = status == 403 ? consent
                                 : "Microsoft Graph refuses and does not say why in a way that is "
                                   "known here. Ask the administrator.";
}

std::string read_graph_id(const json_t *error)
{
    for (const char *name : {"innerError", "innererror"}) {
        const auto id = text_member(json_object_get(error, name), "request-id");
        if (id && is_guid(*id))
            return std::string{*id};
    }
    return {};
}

} // namespace

std::optional<PimFault> find_ending(PimStatus status)
{
    PimFault fault;
    fault.failure = Failure::declined;
    switch (status) {
    case PimStatus::denied:
        fault.advice = "The activation was denied in Entra.";
        return fault;
    case PimStatus::canceled:
        fault.advice = "The request was cancelled in Entra.";
        return fault;
    case PimStatus::revoked:
        fault.advice = "The activation was ended in Entra.";
        return fault;
    case PimStatus::failed:
        fault.failure = Failure::blocked;
        fault.advice = "Entra could not carry out the activation. The administrator finds why in "
                       "its audit log.";
        return fault;
    case PimStatus::approval:
    case PimStatus::pending:
    case PimStatus::unknown:
    case PimStatus::provisioned:
        break;
    }
    return std::nullopt;
}

const char *explain_rule(std::string_view rule)
{
    const Row *row = std::find_if(std::begin(failed_rules), std::end(failed_rules),
                                  [&](const Row &each) { return each.name == rule; });
    return row == std::end(failed_rules) ? by_policy : row->advice;
}

PimFault read_pim_fault(const HttpReply &reply)
{
    const Json parsed = parse_object(reply.body.reveal());
    const json_t *error = json_object_get(parsed.get(), "error");
    const std::string code = to_lower(text_member(error, "code").value_or(""));
    const std::string_view message = text_member(error, "message").value_or("");
    PimFault fault;
    fault.correlation_id = read_graph_id(error);
    take_status(fault, reply.status);
    const Row *row = std::find_if(std::begin(codes), std::end(codes),
                                  [&](const Row &each) { return each.name == code; });
    if (row != std::end(codes))
        take_row(fault, *row);
    if (code == "roleassignmentrequestpolicyvalidationfailed")
        take_failed_rules(fault, message);
    // On groups the code of this one was seen to be UnknownError, with the same text.
    const std::string claims = find_claims(message);
    if (!claims.empty() && reply.status == 400) {
        fault.kind = Kind::context;
        fault.failure = Failure::blocked;
        fault.advice = context;
        fault.demanded = add_client_capability(claims);
    }
    return fault;
}

} // namespace jit::oidc
