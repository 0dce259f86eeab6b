#include "tests/unit/cmocka_cpp.h"

#include <cstring>

#include "tests/unit/oidc/pim_graph.h"

using namespace jit;
using namespace jit::oidc;
using Kind = PimFault::Kind;

namespace {

PimFault fault_of(const std::string &body, long status = 400)
{
    const PimFault fault = read_pim_fault(reply_of(status, body));
    assert_false(fault.advice.empty());
    assert_text(safe_text(fault.advice, 1024), fault.advice);
    assert_true(fault.failure != Failure::none);
    return fault;
}

void each_code_has_its_kind_and_advice(void **)
{
    struct Row {
        const char *code;
        Kind kind;
        Failure failure;
        const char *words;
    };
    const Row rows[] = {
        {"RoleAssignmentExists", Kind::exists, Failure::blocked, "already"},
        {"PendingRoleAssignmentRequest", Kind::is_open, Failure::blocked, "open"},
        {"StartTimeInPast", Kind::in_past, Failure::blocked, "clock"},
        {"RoleAssignmentRequestAcrsValidationFailed", Kind::context, Failure::blocked, "context"},
        {"RoleAssignmentRequestPolicyValidationFailed", Kind::other, Failure::blocked, "policy"},
        {"ActiveDurationTooShort", Kind::too_short, Failure::blocked, "five minutes"},
        {"activeDurationTooShort", Kind::too_short, Failure::blocked, "five minutes"},
        {"RoleAssignmentDoesNotExist", Kind::is_gone, Failure::blocked, "Nothing"},
        {"SubjectNotFound", Kind::other, Failure::blocked, "pim_group"},
        {"InvalidRoleAssignmentRequestSchedule", Kind::other, Failure::blocked, "duration"},
        {"AadPremiumLicenseRequired", Kind::other, Failure::misconfigured, "licence"},
        {"PermissionScopeNotGranted", Kind::other, Failure::misconfigured, "grant"},
        {"Authorization_RequestDenied", Kind::other, Failure::misconfigured, "grant"},
        {"SomethingNew", Kind::other, Failure::broken, "not say why"},
        {"", Kind::other, Failure::broken, "not say why"},
    };
    for (const Row &row : rows) {
        const PimFault fault = fault_of(pim_error(row.code, "secret \\u001b[31m text"));
        assert_int_equal(static_cast<int>(fault.kind), static_cast<int>(row.kind));
        assert_int_equal(static_cast<int>(fault.failure), static_cast<int>(row.failure));
        assert_non_null(std::strstr(fault.advice.c_str(), row.words));
        assert_null(std::strstr(fault.advice.c_str(), "secret"));
        assert_text(fault.correlation_id, "aaaaaaaa-0000-4000-8000-000000000001");
    }
}

void each_rule_that_failed_has_its_advice(void **)
{
    struct Row {
        const char *rules;
        Kind kind;
        const char *words;
    };
    const Row rows[] = {
        {R"([\"JustificationRule\"])", Kind::other, "a reason"},
        {R"([\"TicketingRule\"])", Kind::other, "a ticket"},
        {R"([\"ExpirationRule\"])", Kind::other, "shorter"},
        {R"([\"EligibilityRule\"])", Kind::other, "eligible"},
        {R"([\"MfaRule\"])", Kind::factor, "second factor"},
        {R"([\"MfaRule\",\"JustificationRule\"])", Kind::other, "a reason"},
        {R"([\"JustificationRule\",\"EligibilityRule\"])", Kind::other, "eligible"},
        {R"([\"MfaRule\",\"NewRule\"])", Kind::other, "audit log"},
        {R"([\"NewRule\"])", Kind::other, "audit log"},
        {R"([1,{}])", Kind::other, "audit log"},
        {R"(]MfaRule[)", Kind::other, "audit log"},
        {R"([\"MfaRule\")", Kind::other, "audit log"},
        {"", Kind::other, "audit log"},
    };
    for (const Row &row : rows) {
        const PimFault fault =
            fault_of(pim_error("RoleAssignmentRequestPolicyValidationFailed",
                               std::string{"The following policy rules failed: "} + row.rules));
        assert_int_equal(static_cast<int>(fault.kind), static_cast<int>(row.kind));
        assert_non_null(std::strstr(fault.advice.c_str(), row.words));
    }
}

void claims_are_found_raw_and_encoded(void **)
{
    const std::string wanted =
        R"({"access_token":{"acrs":{"essential":true,"value":"c1"},"xms_cc":{"values":["cp1"]}}})";
    for (const char *text :
         {R"(claims={\"access_token\":{\"acrs\":{\"essential\":true,\"value\":\"c1\"}}})",
          R"(see &claims={\"access_token\":{\"acrs\":{\"essential\":true,\"value\":\"c1\"}}}.)",
          R"(claims=%7B%22access_token%22%3A%7B%22acrs%22%3A%7B%22essential%22%3Atrue%2C%20)"
          R"(%22value%22%3A%22c1%22%7d%7d%7d&more=1)",
          R"(claims=\"%7B%22access_token%22:%7B%22acrs%22:%7B%22essential%22:true%2C+%22value)"
          R"(%22:%22c1%22%7D%7D%7D\")"}) {
        const PimFault fault = fault_of(pim_error("UnknownError", text));
        assert_int_equal(static_cast<int>(fault.kind), static_cast<int>(Kind::context));
        assert_text(fault.demanded, wanted);
    }
    for (const std::string &text :
         {std::string{"claims="}, std::string{"claims={"}, std::string{"claims=%7"},
          std::string{"claims=%zz"}, std::string{"claims=[]"}, std::string{"claims=\\\"c1\\\""},
          "claims=" + std::string(20'000, '{'),
          R"(claims={\"a\":\")" + std::string(13'000, 'x') + R"(\"})"})
        assert_text(fault_of(pim_error("UnknownError", text)).demanded, "");
    // Only where it was seen.
    assert_text(fault_of(pim_error("x", R"(claims={\"a\":1})"), 403).demanded, "");
}

void a_body_that_makes_no_sense_has_advice_by_its_status(void **)
{
    for (const std::string &body :
         {std::string{}, std::string{"<html>"}, std::string{"[]"}, std::string{R"({"error":1})"},
          std::string{R"({"error":{"code":1,"message":[],"innerError":{"request-id":"\u001b"}}})"},
          std::string(100'000, '{')}) {
        assert_int_equal(static_cast<int>(fault_of(body).failure),
                         static_cast<int>(Failure::broken));
        assert_int_equal(static_cast<int>(fault_of(body, 403).failure),
                         static_cast<int>(Failure::misconfigured));
        assert_text(fault_of(body).correlation_id, "");
    }
}

} // namespace

int main()
{
    const CMUnitTest tests[] = {
        cmocka_unit_test(each_code_has_its_kind_and_advice),
        cmocka_unit_test(each_rule_that_failed_has_its_advice),
        cmocka_unit_test(claims_are_found_raw_and_encoded),
        cmocka_unit_test(a_body_that_makes_no_sense_has_advice_by_its_status),
    };
    return cmocka_run_group_tests_name("oidc/pim_errors", tests, nullptr, nullptr);
}
