#include "tests/unit/cmocka_cpp.h"

#include <cstring>
#include <string>
#include <vector>

#include "lib/oidc/entra_advice.h"

using namespace jit::oidc;

namespace {

// Numbers that Microsoft documents, or that were seen, by what they come to for who waits: a word
// that the line must have.
struct Row {
    const char *word;
    std::vector<int> codes;
};
const Row rows[] = {
    {"not recognised", {70018}},
    {"not approved in time", {70019, 70020}},
    {"already", {90120, 54005, 70000}},
    {"data centre", {50134}},
    {"second factor is required", {50074, 50076, 50078, 500121}},
    {"Register a second factor", {50072, 50079, 53004}},
    {"device code", {53003}},
    {"Conditional Access", {53003, 530032, 50131}},
    {"security defaults", {530035}},
    {"managed or joined device", {53000, 53001, 50097, 50155}},
    {"locked, at risk", {53011, 50053}},
    {"not entitled", {50105}},
    {"onsent", {65001, 65004, 90094, 90095}},
    {"scopes or resources", {650057, 650056, 65005, 70011, 700022, 28002}},
    {"unknown or disabled", {700016, 70001, 7000112, 500011}},
    {"public client flows", {7000218}},
    {"client secret was sent", {700025}},
    {"own organisation", {50020, 50034, 51004, 90072, 16000, 16003, 500213}},
    {"expired, or the account is disabled", {50055, 50144, 50057, 50126}},
    {"no longer counts", {50173, 50132, 50133, 70008, 700082, 70043}},
    {"claims mapping", {50146}},
    {"in a loop", {50196}},
    {"Try again later", {90055, 90024, 90033, 50033, 90006, 90012}},
    {"tenant or cloud", {90002, 90019, 50059, 50194, 9001023, 90038}},
};

void each_number_of_the_reference_has_its_line(void **)
{
    for (const Row &row : rows)
        for (const int code : row.codes) {
            const char *line = advice_for(code);
            assert_non_null(line);
            assert_non_null(std::strstr(line, row.word));
        }
}

// Many tenants block the device code flow: who reads this has to know whom to ask for what.
void the_block_on_device_codes_names_itself_and_who_can_lift_it(void **)
{
    const std::string line = advice_for(53003);
    for (const char *word :
         {"Conditional Access", "Block device code flow", "administrator", "correlation id"})
        assert_non_null(std::strstr(line.c_str(), word));
}

void what_an_administrator_has_to_mend_says_so(void **)
{
    for (const int code : {53003, 530032, 530035, 53000, 53011, 65001, 90094, 650057, 700016,
                           7000218, 700025, 50146, 50196, 90002})
        assert_non_null(std::strstr(advice_for(code), "dministrator"));
}

void a_pending_sign_in_and_unknown_numbers_have_no_line(void **)
{
    for (const int code : {70016, 0, -1, 1, 53002, 53005, 99999999, 2147483647})
        assert_null(advice_for(code));
}

void each_line_is_one_line(void **)
{
    for (const Row &row : rows)
        for (const int code : row.codes) {
            const std::string line = advice_for(code);
            assert_true(line.size() <= 300);
            assert_true(line.find('\n') == std::string::npos);
            assert_true(line.ends_with('.'));
        }
}

} // namespace

int main()
{
    const CMUnitTest tests[] = {
        cmocka_unit_test(each_number_of_the_reference_has_its_line),
        cmocka_unit_test(the_block_on_device_codes_names_itself_and_who_can_lift_it),
        cmocka_unit_test(what_an_administrator_has_to_mend_says_so),
        cmocka_unit_test(a_pending_sign_in_and_unknown_numbers_have_no_line),
        cmocka_unit_test(each_line_is_one_line),
    };
    return cmocka_run_group_tests_name("oidc/entra_advice", tests, nullptr, nullptr);
}
