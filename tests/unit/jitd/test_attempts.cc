// How often requests are begun: whose attempts count against whom.
#include "tests/unit/cmocka_cpp.h"

#include "jitd/attempts.h"
#include "jitd/limits.h"

using namespace jit;
using namespace jit::daemon;
using namespace std::chrono_literals;

namespace {

constexpr BootTime start{1000s};
constexpr std::size_t window = limits::requests_in_window;

Knock of(std::string user, std::string address = {})
{
    return {std::move(user), counted_address(address), false};
}
Knock stranger(const std::string &address)
{
    return {counted_address(address), {}, true};
}
bool says(const std::string &line, const std::string &part)
{
    if (line.find(part) == std::string::npos)
        print_error("no \"%s\" in: %s\n", part.c_str(), line.c_str());
    return line.find(part) != std::string::npos;
}
// Begins one that ends at once, though nobody has signed in: by connection after connection.
bool tries(Attempts &attempts, const Knock &knock, BootTime now)
{
    if (!attempts.why_not(knock, now).empty())
        return false;
    (void)attempts.begin(knock, now, now + 900s);
    return true;
}

void a_requester_begins_so_many_in_a_window_over_all_connections(void **)
{
    Attempts attempts;
    for (std::size_t i = 0; i < window; ++i)
        assert_true(tries(attempts, of("alice"), start + std::chrono::seconds{i}));
    const BootTime later = start + 100s;
    assert_true(says(attempts.why_not(of("alice"), later), "try again in 3m20s"));
    assert_true(attempts.why_not(of("bob"), later).empty());
    // One by one, as the old ones leave the window.
    assert_false(tries(attempts, of("alice"), start + limits::request_window - 1ms));
    assert_true(tries(attempts, of("alice"), start + limits::request_window));
    assert_false(tries(attempts, of("alice"), start + limits::request_window));
    assert_true(tries(attempts, of("alice"), start + limits::request_window + 1s));
}

void so_many_of_one_requester_wait_and_he_is_told_until_when(void **)
{
    Attempts attempts;
    std::vector<Attempts::Place> places;
    for (std::size_t i = 0; i < limits::pending_of_one_requester; ++i) {
        assert_true(attempts.why_not(of("alice"), start).empty());
        places.push_back(attempts.begin(of("alice"), start, start + 60s));
    }
    const std::string no = attempts.why_not(of("alice"), start + 30s);
    assert_true(says(no, "jitctl cancel ID"));
    assert_true(says(no, "try again in 30s"));
    assert_true(attempts.why_not(of("bob"), start).empty());
    places.pop_back();
    assert_true(attempts.why_not(of("alice"), start).empty());
}

void what_waits_for_others_locks_nobody_out_of_what_needs_none(void **)
{
    RequestFacts facts;
    facts.user = "alice";
    const Knock alone = knock_of(facts);
    facts.mode = policy::Approval::Mode::none;
    assert_false(knock_of(facts).asks_others);
    facts.mode = policy::Approval::Mode::watch;
    const Knock asking = knock_of(facts);
    Attempts attempts;
    std::vector<Attempts::Place> places;
    for (std::size_t i = 0; i < limits::asked_of_one_requester; ++i) {
        assert_true(attempts.why_not(asking, start).empty());
        places.push_back(attempts.begin(asking, start, start + 900s));
        places.back().ask_others(start + 3600s * (i + 1));
    }
    // When the first of them ends, however the sign-ins' ends were.
    places.front().ask_others(start + 7200s);
    assert_true(says(attempts.why_not(asking, start), "wait for others already"));
    assert_true(says(attempts.why_not(asking, start), "try again in 2h"));
    assert_true(attempts.why_not(alone, start).empty());
    // Sign-ins have an end of their own.
    std::vector<Attempts::Place> signing_in;
    for (std::size_t i = 0; i < limits::pending_of_one_requester; ++i)
        signing_in.push_back(attempts.begin(alone, start, start + 60s));
    assert_true(says(attempts.why_not(alone, start), "requests of yours wait already"));
    signing_in.clear();
    assert_true(attempts.why_not(alone, start).empty());
    const Attempts::Place moved = std::move(places.back());
    places.clear();
    assert_true(attempts.why_not(asking, start).empty());
}

void who_has_proven_nothing_uses_up_nothing_of_whom_he_names(void **)
{
    RequestFacts facts;
    facts.user = "alice";
    facts.from.fill().rhost = "192.0.2.7";
    facts.from.fill().connection = "192.0.2.7 50022 192.0.2.1 22";
    const Knock hers = knock_of(facts);
    facts.origin.is_unproven = true;
    const Knock his = knock_of(facts);
    Attempts attempts;
    for (std::size_t i = 0; i < limits::unproven_in_window; ++i)
        assert_true(tries(attempts, his, start));
    assert_true(says(attempts.why_not(his, start + 60s), "try again in 14m"));
    assert_true(attempts.why_not(hers, start).empty());
    // Nor does she use up his, or anybody's at another address.
    for (std::size_t i = 0; i < window; ++i)
        assert_true(tries(attempts, hers, start));
    facts.user = "bob";
    facts.from.fill().rhost = "192.0.2.8";
    assert_true(tries(attempts, knock_of(facts), start));
}

void who_names_ever_other_users_has_one_limit(void **)
{
    Attempts attempts;
    RequestFacts facts;
    facts.from.fill().rhost = "192.0.2.7";
    facts.origin.is_unproven = true;
    for (std::size_t i = 0; i < limits::unproven_in_window; ++i) {
        facts.user = "user" + std::to_string(i);
        assert_true(tries(attempts, knock_of(facts), start));
    }
    facts.user = "another";
    assert_false(tries(attempts, knock_of(facts), start));
}

void an_ipv6_network_is_one_address_and_ipv4_is_ipv4_however_it_is_written(void **)
{
    assert_true(counted_address("2001:db8:1:2::7") == counted_address("2001:db8:1:2:ffff::9"));
    assert_true(counted_address("2001:db8:1:2::7") != counted_address("2001:db8:1:3::7"));
    assert_true(counted_address("::ffff:192.0.2.7") == counted_address("192.0.2.7"));
    assert_true(counted_address("192.0.2.7") != counted_address("192.0.2.8"));
    assert_true(counted_address("::ffff:192.0.2.7") != counted_address("::1"));
    Attempts attempts;
    for (std::size_t i = 0; i < limits::unproven_in_window; ++i)
        assert_true(tries(attempts, stranger("2001:db8:1:2::" + std::to_string(i)), start));
    assert_false(tries(attempts, stranger("2001:db8:1:2:3::"), start));
}

void a_name_of_a_host_is_no_address_and_its_terminal_counts(void **)
{
    assert_text(counted_address("host17.attacker.example"), "");
    RequestFacts facts;
    facts.origin.is_unproven = true;
    facts.origin.tty = "pts/3";
    for (const char *rhost : {"", "UNKNOWN", "a.attacker.example", "b.attacker.example"}) {
        facts.from.fill().rhost = rhost;
        assert_text(knock_of(facts).who, "tty pts/3");
    }
    facts.from.fill().rhost = "192.0.2.7";
    assert_true(knock_of(facts).who == counted_address("192.0.2.7"));
    // Who is proven counts by name, and over ssh alone by the address as well.
    facts.origin.is_unproven = false;
    facts.user = "alice";
    assert_text(knock_of(facts).who, "alice");
    assert_text(knock_of(facts).address, "");
}

std::string address_of(std::size_t i)
{
    return "198.51." + std::to_string(i / 256) + "." + std::to_string(i % 256);
}

void strangers_who_are_too_many_leave_no_room_for_newcomers_and_hurt_nobody_else(void **)
{
    Attempts attempts;
    for (std::size_t i = 0; i < limits::unproven_origins; ++i)
        assert_true(tries(attempts, stranger(address_of(i)), start + 1s * i));
    const BootTime now = start + 200s;
    assert_true(says(attempts.why_not(stranger("203.0.113.1"), now), "try again in 11m40s"));
    // Who is known goes on, and who has proven who he is.
    assert_true(tries(attempts, stranger(address_of(3)), now));
    assert_true(tries(attempts, of("alice", "203.0.113.1"), now));
    assert_true(attempts.known() <= limits::unproven_origins + 2);
    // The oldest one's time is over.
    assert_true(tries(attempts, stranger("203.0.113.1"), start + limits::unproven_window));
    assert_false(tries(attempts, stranger("203.0.113.2"), start + limits::unproven_window));
}

void one_user_leaves_the_others_at_his_address_their_places(void **)
{
    Attempts attempts;
    const std::string bastion = "192.0.2.7";
    std::vector<Attempts::Place> places;
    for (std::size_t i = 0; i < window; ++i)
        if (attempts.why_not(of("mallory", bastion), start).empty())
            places.push_back(attempts.begin(of("mallory", bastion), start, start + 900s));
    assert_int_equal(places.size(), limits::pending_of_one_requester);
    assert_true(attempts.why_not(of("alice", bastion), start).empty());
    // All of them together have an end there.
    for (std::size_t i = places.size(); i < limits::pending_of_one_address; ++i) {
        const Knock one = of("user" + std::to_string(i), bastion);
        assert_true(attempts.why_not(one, start).empty());
        places.push_back(attempts.begin(one, start, start + 900s));
    }
    assert_true(says(attempts.why_not(of("alice", bastion), start), "from your address"));
    assert_true(attempts.why_not(of("alice", "192.0.2.8"), start).empty());
    places.pop_back();
    assert_true(attempts.why_not(of("alice", bastion), start).empty());
}

void nobody_is_kept_in_mind_for_longer_than_his_window(void **)
{
    Attempts attempts;
    assert_true(tries(attempts, of("alice", "192.0.2.7"), start));
    assert_true(tries(attempts, stranger("192.0.2.7"), start));
    {
        const Attempts::Place place = attempts.begin(of("bob", "192.0.2.9"), start, start + 3600s);
        (void)attempts.why_not(of("carol"), start + 1000s);
        assert_int_equal(attempts.known(), 2); // bob, who waits, and his address
    }
    (void)attempts.why_not(of("carol"), start + 2000s);
    assert_int_equal(attempts.known(), 0);
}

void a_requester_past_those_that_can_be_kept_in_mind_waits(void **)
{
    Attempts attempts;
    for (std::size_t i = 0; i < limits::requesters; ++i)
        (void)attempts.begin(of("user" + std::to_string(i)), start, start + 900s);
    assert_false(tries(attempts, of("alice"), start));
    assert_true(tries(attempts, of("user7"), start));
    assert_true(tries(attempts, of("alice"), start + limits::request_window));
}

} // namespace

int main()
{
    const CMUnitTest tests[] = {
        cmocka_unit_test(a_requester_begins_so_many_in_a_window_over_all_connections),
        cmocka_unit_test(so_many_of_one_requester_wait_and_he_is_told_until_when),
        cmocka_unit_test(what_waits_for_others_locks_nobody_out_of_what_needs_none),
        cmocka_unit_test(who_has_proven_nothing_uses_up_nothing_of_whom_he_names),
        cmocka_unit_test(who_names_ever_other_users_has_one_limit),
        cmocka_unit_test(an_ipv6_network_is_one_address_and_ipv4_is_ipv4_however_it_is_written),
        cmocka_unit_test(a_name_of_a_host_is_no_address_and_its_terminal_counts),
        cmocka_unit_test(
            strangers_who_are_too_many_leave_no_room_for_newcomers_and_hurt_nobody_else),
        cmocka_unit_test(one_user_leaves_the_others_at_his_address_their_places),
        cmocka_unit_test(nobody_is_kept_in_mind_for_longer_than_his_window),
        cmocka_unit_test(a_requester_past_those_that_can_be_kept_in_mind_waits),
    };
    return cmocka_run_group_tests_name("jitd/attempts", tests, nullptr, nullptr);
}
