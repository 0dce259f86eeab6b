#include "tests/unit/cmocka_cpp.h"

#include "jitd/limits.h"
#include "jitd/ssh_logins.h"

using namespace jit;
using namespace jit::daemon;
using namespace std::chrono_literals;

namespace {

constexpr BootTime now{1000s};
const std::string first = "192.0.2.7 50022 192.0.2.1 22";
const std::string second = "192.0.2.7 50023 192.0.2.1 22";
const std::string grant = "0123456789abcdef";

void a_refusal_is_repeated_to_its_own_connection_and_user(void **)
{
    SshLogins logins;
    logins.note_refusal(first, "alice", "declined", now);
    assert_text(logins.find_refusal(first, "alice", now), "declined");
    assert_text(logins.find_refusal(first, "bob", now), "");
    assert_text(logins.find_refusal(second, "alice", now), "");
    // Ports are used again.
    assert_text(logins.find_refusal(first, "alice", now + limits::ssh_refusal), "");
    // And one who was let in since then was.
    logins.note_grant(first, "alice", grant, "proof", false, now);
    assert_text(logins.find_refusal(first, "alice", now), "");
}

void a_session_finds_its_grant_until_it_is_closed(void **)
{
    SshLogins logins;
    logins.note_grant(first, "alice", grant, "proof", false, now);
    assert_text(logins.find_grant(first, "alice"), grant);
    assert_text(logins.find_grant(first, "bob"), "");
    logins.note_opened(grant);
    assert_text(logins.find_grant(first, "alice"), grant);
    logins.note_closed(first);
    assert_text(logins.find_grant(first, "alice"), "");
    logins.note_closed(first); // and nothing happens
    logins.note_opened("of nobody");
}

void a_grant_whose_session_does_not_come_is_told_once(void **)
{
    SshLogins logins;
    assert_true(logins.next_look() == BootTime::max());
    logins.note_grant(first, "alice", grant, "proof", true, now);
    logins.note_grant(second, "alice", "00000000000000aa", "proof", false, now); // was there before
    assert_true(logins.next_look() == now + limits::until_session);
    assert_true(logins.take_missed(now + limits::until_session - 1s).empty());
    assert_true(logins.take_missed(now + limits::until_session) == std::vector<std::string>{grant});
    assert_true(logins.take_missed(now + limits::until_session).empty());
    assert_true(logins.next_look() == BootTime::max());
}

void any_session_under_a_grant_is_the_one_that_it_waits_for(void **)
{
    SshLogins logins;
    logins.note_grant(first, "alice", grant, "proof", true, now);
    logins.note_opened(grant);
    assert_true(logins.next_look() == BootTime::max());
    assert_true(logins.take_missed(now + limits::until_session).empty());
}

void a_connection_of_another_user_begins_anew(void **)
{
    SshLogins logins;
    logins.note_grant(first, "alice", grant, "proof", false, now);
    logins.note_refusal(first, "bob", "no", now);
    assert_text(logins.find_grant(first, "alice"), "");
    assert_text(logins.find_grant(first, "bob"), "");
    assert_text(logins.find_refusal(first, "bob", now), "no");
}

void the_oldest_is_forgotten_for_the_newest(void **)
{
    SshLogins logins;
    for (std::size_t i = 0; i < limits::ssh_logins; ++i)
        logins.note_grant("c" + std::to_string(i), "alice", grant, "proof", false, now);
    assert_text(logins.find_grant("c0", "alice"), grant);
    logins.note_refusal("c0", "alice", "no", now); // is the newest by that
    logins.note_grant("one more", "alice", grant, "proof", false, now);
    assert_text(logins.find_grant("c1", "alice"), "");
    assert_text(logins.find_grant("c0", "alice"), grant);
    assert_text(logins.find_grant("one more", "alice"), grant);
}

void a_port_that_is_used_again_finds_nothing_by_another_proof(void **)
{
    SshLogins logins;
    logins.note_grant(first, "alice", grant, "proof", false, now);
    assert_text(std::string{logins.find_grant(first, "alice", "proof")}, grant);
    for (const char *other : {"", "another"})
        assert_true(logins.find_grant(first, "alice", other).empty());
    assert_true(logins.find_grant(first, "bob", "proof").empty());
    assert_text(std::string{logins.find_grant(first, "alice")}, grant); // of its own session
}

} // namespace

int main()
{
    const CMUnitTest tests[] = {
        cmocka_unit_test(a_port_that_is_used_again_finds_nothing_by_another_proof),
        cmocka_unit_test(a_refusal_is_repeated_to_its_own_connection_and_user),
        cmocka_unit_test(a_session_finds_its_grant_until_it_is_closed),
        cmocka_unit_test(a_grant_whose_session_does_not_come_is_told_once),
        cmocka_unit_test(any_session_under_a_grant_is_the_one_that_it_waits_for),
        cmocka_unit_test(a_connection_of_another_user_begins_anew),
        cmocka_unit_test(the_oldest_is_forgotten_for_the_newest),
    };
    return cmocka_run_group_tests_name("jitd/ssh_logins", tests, nullptr, nullptr);
}
