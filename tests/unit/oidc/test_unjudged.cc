// Claims that somebody wrote down to explain a policy by: read as a token's are, but for who made
// them and when.
#include "tests/unit/cmocka_cpp.h"

#include "lib/oidc/claims.h"

using namespace jit;
using namespace jit::oidc;

namespace {

Judged read(const std::string &text, bool is_entra = true)
{
    const Json object = parse_object(text);
    return read_unjudged(object.get(), is_entra);
}

const std::string whole = R"({"oid":"A11CE000-0000-4000-8000-000000000001",)"
                          R"("tid":"6f1c0000-0000-4000-8000-000000000000",)"
                          R"("sub":"s","groups":["g1","g2"],"roles":["ops"],"acrs":["c1"],)"
                          R"("auth_time":1800000000})";

void what_is_written_down_is_read_without_issuer_times_or_nonce(void **)
{
    const Judged judged = read(whole);
    const auto *const claims = std::get_if<Claims>(&judged);
    assert_non_null(claims);
    assert_text(claims->oid, "a11ce000-0000-4000-8000-000000000001");
    assert_true(claims->groups == (std::vector<std::string>{"g1", "g2"}));
    assert_true(claims->app_roles == std::vector<std::string>{"ops"});
    assert_true(claims->contexts == std::vector<std::string>{"c1"});
    assert_true(claims->authenticated_at == WallTime{std::chrono::seconds{1'800'000'000}});
    assert_false(claims->is_guest || claims->group_overage);
}

void what_is_left_out_is_not_known(void **)
{
    const Judged judged = read(R"({"oid":"a11ce000-0000-4000-8000-000000000001"})");
    const auto *const claims = std::get_if<Claims>(&judged);
    assert_non_null(claims);
    assert_false(claims->groups.has_value());
    assert_true(claims->app_roles.empty() && claims->contexts.empty());
    assert_false(claims->authenticated_at.has_value());
}

void with_another_issuer_the_person_is_sub_as_it_is(void **)
{
    const Judged judged = read(R"({"sub":"Alice-1","groups":[]})", false);
    const auto *const claims = std::get_if<Claims>(&judged);
    assert_non_null(claims);
    assert_text(claims->oid, "Alice-1");
}

void claims_of_nobody_or_of_another_form_are_refused(void **)
{
    for (const char *text :
         {"", "{", "[]", "7", "{}", R"({"oid":7})", R"({"oid":""})", R"({"sub":"s"})",
          R"({"oid":"a11ce000-0000-4000-8000-000000000001","groups":"g"})",
          R"({"oid":"a11ce000-0000-4000-8000-000000000001","groups":[7]})",
          R"({"oid":"a11ce000-0000-4000-8000-000000000001","roles":[7]})",
          R"({"oid":"a11ce000-0000-4000-8000-000000000001","auth_time":"now"})"}) {
        const Judged judged = read(text);
        if (std::holds_alternative<Claims>(judged))
            print_error("taken: %s\n", text);
        assert_true(std::holds_alternative<TokenFault>(judged));
    }
    assert_true(std::holds_alternative<TokenFault>(read(R"({"oid":"x"})", false)));
}

} // namespace

int main()
{
    const CMUnitTest tests[] = {
        cmocka_unit_test(what_is_written_down_is_read_without_issuer_times_or_nonce),
        cmocka_unit_test(what_is_left_out_is_not_known),
        cmocka_unit_test(with_another_issuer_the_person_is_sub_as_it_is),
        cmocka_unit_test(claims_of_nobody_or_of_another_form_are_refused),
    };
    return cmocka_run_group_tests_name("oidc/unjudged", tests, nullptr, nullptr);
}
