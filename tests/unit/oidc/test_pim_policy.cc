#include "tests/unit/cmocka_cpp.h"

#include "lib/oidc/pim_policy.h"

using namespace jit::oidc;

namespace {

void the_first_word_that_looks_like_a_ticket_is_one(void **)
{
    struct Row {
        const char *reason;
        const char *ticket;
    };
    const Row rows[] = {
        {"INC-4711 disk full", "INC-4711"},
        {"(INC-4711): disk full", "INC-4711"},
        {"disk full, see CHG-1.", "CHG-1"},
        {"A-1 B-2", "A-1"},
        {"https://desk.example/INC-4711", "INC-4711"},
        {"inc-4711 Inc-1 INC4711 INC- -1 INC-1x INC-1-2 X_INC-1 4711", ""},
        {"\xc3\x84INC-1", ""},
        {"", ""},
    };
    for (const Row &row : rows)
        assert_text(find_ticket(row.reason), row.ticket);
    assert_text(find_ticket("A-" + std::string(62, '1')), "A-" + std::string(62, '1'));
    assert_text(find_ticket("A-" + std::string(63, '1')), "");
}

void the_question_names_the_groups_members(void **)
{
    assert_text(policy_target("9a000000-0000-4000-8000-000000000001"),
                "/v1.0/policies/roleManagementPolicyAssignments?$filter=scopeId%20eq%20"
                "'9a000000-0000-4000-8000-000000000001'%20and%20scopeType%20eq%20'Group'%20and%20"
                "roleDefinitionId%20eq%20'member'&$expand=policy($expand=rules)");
}

} // namespace

int main()
{
    const CMUnitTest tests[] = {
        cmocka_unit_test(the_first_word_that_looks_like_a_ticket_is_one),
        cmocka_unit_test(the_question_names_the_groups_members),
    };
    return cmocka_run_group_tests_name("oidc/pim_policy", tests, nullptr, nullptr);
}
