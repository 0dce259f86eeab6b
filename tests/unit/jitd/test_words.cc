#include "tests/unit/cmocka_cpp.h"

#include <cerrno>
#include <cstring>
#include <set>
#include <string>

#include "jitd/words.h"
#include "lib/oidc/entra_advice.h"
#include "lib/oidc/failure.h"

using namespace jit;
using namespace jit::daemon;
using oidc::Failure;

namespace {

constexpr Failure all[] = {Failure::declined,    Failure::expired,       Failure::unreachable,
                           Failure::not_trusted, Failure::misconfigured, Failure::blocked,
                           Failure::broken,      Failure::foreign,       Failure::wrong_host,
                           Failure::out_of_date, Failure::old_tls,       Failure::unfit};

void each_failure_has_a_line_of_its_own(void **)
{
    std::set<std::string> lines;
    for (const Failure failure : all) {
        const std::string line = words::explain(failure, {}, {});
        assert_true(line.find('\n') == std::string::npos);
        assert_true(lines.insert(line).second);
    }
}

void advice_is_added_where_the_provider_refused_and_nowhere_else(void **)
{
    for (const Failure failure : all) {
        const bool is_refusal = failure == Failure::misconfigured || failure == Failure::blocked ||
                                failure == Failure::unfit || failure == Failure::broken ||
                                failure == Failure::declined;
        const std::string line = words::explain(failure, "Do this.", {});
        assert_int_equal(line.ends_with(": Do this."), is_refusal);
    }
}

void a_declined_consent_says_so_and_a_plain_no_says_it_once(void **)
{
    assert_text(words::explain(Failure::declined, oidc::advice_for(65004), {}),
                "the sign-in was declined: Consent to the application was declined. The "
                "administrator may grant it.");
    assert_text(words::explain(Failure::declined, oidc::explain(Failure::declined), {}),
                "the sign-in was declined");
    assert_text(words::explain(Failure::declined, {}, {}), "the sign-in was declined");
}

void the_correlation_id_comes_last_where_it_is_known(void **)
{
    for (const Failure failure : all) {
        assert_true(
            words::explain(failure, "Do this.", "1234").ends_with(" (correlation id 1234)"));
        assert_null(std::strstr(words::explain(failure, "Do this.", {}).c_str(), "correlation"));
    }
}

void why_a_record_is_missing_is_said_as_far_as_it_is_known(void **)
{
    const std::string known = words::not_in_ledger({Code::unavailable, "it broke", ENOSPC});
    assert_true(known.ends_with(" is not in the ledger: it broke: No space left on device"));
    assert_true(words::not_in_ledger({Code::unavailable, "it broke"}).ends_with(": it broke"));
}

} // namespace

int main()
{
    const CMUnitTest tests[] = {
        cmocka_unit_test(each_failure_has_a_line_of_its_own),
        cmocka_unit_test(advice_is_added_where_the_provider_refused_and_nowhere_else),
        cmocka_unit_test(a_declined_consent_says_so_and_a_plain_no_says_it_once),
        cmocka_unit_test(the_correlation_id_comes_last_where_it_is_known),
        cmocka_unit_test(why_a_record_is_missing_is_said_as_far_as_it_is_known),
    };
    return cmocka_run_group_tests_name("jitd/words", tests, nullptr, nullptr);
}
