#include "tests/unit/cmocka_cpp.h"

#include "jitd/standing_groups.h"

using namespace jit;
using namespace jit::daemon;
using namespace std::chrono_literals;

namespace {

using Groups = std::vector<std::string>;

const BootTime now{1h};

Groups of(StandingGroups &standing, BootTime at = now, const char *user = "alice")
{
    return standing.of(user, {"alice", "engineers", "jit-web"}, at);
}

const Groups all{"alice", "engineers", "jit-web"};
const Groups own{"alice", "engineers"};

void what_jit_has_made_is_not_his_own_from_the_asking_on(void **)
{
    StandingGroups standing;
    assert_true(of(standing) == all);
    standing.hold("1", "alice", {"jit-web", "jit-dba"});
    assert_true(of(standing) == own);
    assert_true(of(standing, now, "bob") == all);
}

void what_was_there_by_right_is_his_own_when_the_helper_has_said_so(void **)
{
    StandingGroups standing;
    standing.hold("1", "alice", {"jit-web"});
    standing.hold("1", "alice", {});
    assert_true(of(standing) == all);
    standing.hold("2", "alice", {"jit-web"});
    standing.forget("2");
    assert_true(of(standing) == all);
}

// Another program may have written the member back, and the root helper looks for two minutes.
void it_is_not_his_own_for_a_while_after_the_end(void **)
{
    StandingGroups standing;
    standing.hold("1", "alice", {"jit-web"});
    standing.release("1", now);
    assert_true(of(standing, now) == own);
    assert_true(of(standing, now + 2min + 29s) == own);
    assert_true(of(standing, now + 2min + 30s) == all);
    assert_int_equal(standing.size(), 0);
}

void another_grant_of_the_group_holds_it_further(void **)
{
    StandingGroups standing;
    standing.hold("1", "alice", {"jit-web"});
    standing.hold("2", "alice", {"jit-web"});
    standing.release("1", now);
    assert_true(of(standing, now + 1h) == own);
}

void ended_grants_are_forgotten_though_nobody_asks(void **)
{
    StandingGroups standing;
    for (int i = 0; i < 1000; ++i) {
        const std::string id = std::to_string(i);
        standing.hold(id, "alice", {"jit-web"});
        standing.release(id, now + std::chrono::minutes{i});
    }
    assert_true(standing.size() < 10);
    standing.release("none", now);
}

} // namespace

int main()
{
    const CMUnitTest tests[] = {
        cmocka_unit_test(what_jit_has_made_is_not_his_own_from_the_asking_on),
        cmocka_unit_test(what_was_there_by_right_is_his_own_when_the_helper_has_said_so),
        cmocka_unit_test(it_is_not_his_own_for_a_while_after_the_end),
        cmocka_unit_test(another_grant_of_the_group_holds_it_further),
        cmocka_unit_test(ended_grants_are_forgotten_though_nobody_asks),
    };
    return cmocka_run_group_tests_name("jitd/standing_groups", tests, nullptr, nullptr);
}
