// What an administrator expects of a policy, read from a file and held against one.
#include "tests/unit/cmocka_cpp.h"

#include <cstdio>

#include "policy/expectations.h"
#include "tests/unit/policy/asking.h"

using namespace jit::policy;
using namespace jit::policy::test;
using namespace std::chrono_literals;

namespace {

ParsedExpectations parse_tests(const std::string &text)
{
    return parse_expectations({"web-test.toml", text});
}

// A case without fault but for the lines given.
std::string case_with(const std::string &lines)
{
    std::string out = "[[test]]\n" + lines + "\n";
    const auto add = [&](const char *key, const char *value) {
        if (out.find("\n" + std::string{key} + " =") == out.npos)
            out += std::string{key} + " = \"" + value + "\"\n";
    };
    add("role", "web");
    add("user", "alice");
    add("at", "2026-11-27T12:00:00Z");
    add("expect", "refused");
    return out;
}

void a_file_is_read_with_its_cases_in_order(void **)
{
    const ParsedExpectations parsed = parse_tests(R"(policy = "../draft"
[host]
name = "web01"
tags = ["prod"]

[[test]]
name = "on a weekend"
role = "web"
user = "alice"
oid = "a11ce000-0000-4000-8000-000000000001"
at = "2026-11-28T12:00:00Z"
for = "30m"
reason = "INC-1"
tty = false
from = "10.0.0.1"
vouched = false
local_groups = ["ops"]
signed_in = false
groups = ["g"]
approles = ["r"]
guest = true
contexts = ["c1"]
auth_age = "5m"
host = "web02"
tags = []
others_active = 2
had = [{ ago = "5h", for = "1h" }, { ago = "1h", for = "30m" }]
expect = "granted"
duration = "20m"

[[test]]
role = "web"
user = "bob"
at = "2026-11-27T12:00:00Z"
expect = "not-requester"
)");
    assert_text(all_of(parsed.diagnostics), "");
    assert_text(parsed.directory, "../draft");
    assert_int_equal(parsed.cases.size(), 2);
    const Expectation &one = parsed.cases[0];
    assert_text(one.name, "on a weekend");
    assert_int_equal(one.line, 6);
    assert_text(one.role, "web");
    assert_true(*one.asked == 30min);
    assert_text(one.reason, "INC-1");
    assert_text(one.tty, "");
    assert_text(one.from, "10.0.0.1");
    assert_text(one.person.user, "alice");
    assert_text(one.person.oid, std::string{alice_id});
    assert_false(one.person.is_vouched || one.person.signed_in || one.person.found_by_sign_in);
    assert_true(one.person.local_groups == std::vector<std::string>{"ops"});
    assert_true(one.person.groups == std::vector<std::string>{"g"});
    assert_true(one.person.app_roles == std::vector<std::string>{"r"});
    assert_true(one.person.is_guest);
    assert_true(one.person.contexts == std::vector<std::string>{"c1"});
    assert_true(one.person.auth_age == 5min);
    assert_text(one.host.name, "web02");
    assert_true(one.host.tags.empty());
    assert_int_equal(one.use.others_active, 2);
    assert_int_equal(one.use.spells.size(), 2);
    assert_true(one.use.spells[0].since == one.at - 5h && one.use.spells[0].until == one.at - 4h);
    assert_true(one.is_granted && !one.refusal && one.duration == 20min);

    const Expectation &two = parsed.cases[1];
    assert_text(two.name, "bob asks for web");
    assert_int_equal(two.line, 31);
    assert_text(two.host.name, "web01");
    assert_true(two.host.tags == std::vector<std::string>{"prod"});
    assert_false(two.tty.empty());
    assert_true(two.person.signed_in && !two.person.is_vouched && !two.person.groups);
    assert_true(!two.is_granted && two.refusal == Refusal::not_requester);
    assert_text(parse_tests(case_with("")).directory, "policy.d");
}

void every_refusal_can_be_expected_by_its_name(void **)
{
    assert_int_equal(refusal_names().size(), static_cast<std::size_t>(Refusal::no_place));
    for (const std::string_view name : refusal_names()) {
        const auto parsed = parse_tests(case_with("expect = \"" + std::string{name} + "\""));
        assert_text(all_of(parsed.diagnostics), "");
        assert_true(parsed.cases[0].refusal == refusal_of(name));
        assert_true(refusal_of(name).has_value());
        assert_false(parsed.cases[0].is_granted);
    }
    assert_false(refusal_of("none").has_value());
    assert_false(parse_tests(case_with("expect = \"none\"")).diagnostics.empty());
    assert_false(parse_tests(case_with("")).cases[0].refusal.has_value());
}

void each_fault_is_said_at_its_place(void **)
{
    const struct {
        std::string text;
        const char *fault;
    } table[] = {
        {"", "web-test.toml: no case to test, expected [[test]] tables"},
        {"test = []", "no case to test"},
        {"test = 7", "no case to test"},
        {"[test]\nrole = \"web\"", "no case to test"},
        {"test = [7]", "web-test.toml:1:"},
        {"[[test]", "web-test.toml:1:"},
        {"colour = 1\n" + case_with(""), "web-test.toml:1:1: "},
        {case_with("colour = 1"), "web-test.toml:2:1: "},
        {case_with("rol = \"web\""), "\"role\""},
        {case_with("expect = \"yes\""), "web-test.toml:2:10: expect: \"yes\" is no outcome"},
        {case_with("expect = \"not-requestr\""), "\"not-requester\""},
        {case_with("expect = true"), "web-test.toml:2:10: expect: expected a text"},
        {case_with("duration = \"1h\""), "duration: only with expect = \"granted\""},
        {case_with("duration = \"1h\"\nexpect = \"hours\""), "web-test.toml:2:12: duration: only"},
        {case_with("oid = \"Alice Smith\""), "web-test.toml:2:7: oid: \"Alice Smith\", expected an "
                                             "object id, without spaces"},
        {case_with("from = \"not an address\""), "web-test.toml:2:8: from: \"not an address\", "
                                                 "expected an address such as \"192.0.2.7\""},
        {case_with("user = \"\""), "web-test.toml:2:8: user: \"\", expected the name of a user"},
        {case_with("at = \"yesterday\""), "web-test.toml:2:6: at: \"yesterday\" is no time"},
        {case_with("at = 2026-11-27T12:00:00Z"), "at: expected a text"},
        {case_with("for = \"0s\""), "for: "},
        {case_with("for = \"3d\""), "for: "},
        {case_with("others_active = -1"), "others_active: "},
        {case_with("had = 7"), "web-test.toml:2:7: had: expected a list of tables"},
        {case_with("had = [7]"), "web-test.toml:2:8: had: expected a table"},
        {case_with("had = [{ ago = \"5h\" }]"), "how long it lasted"},
        {case_with("had = [{ for = \"5h\" }]"), "how long ago it began"},
        {case_with("had = [{ ago = \"5h\", for = \"1h\", x = 1 }]"), "x"},
        {case_with("had = [{ ago = \"5h\", for = \"0s\" }]"), "for: "},
        {case_with("groups = \"g\""), "groups: expected a list"},
        {case_with("guest = \"no\""), "guest: expected true or false"},
        {case_with("name = 7"), "name: expected a text"},
        {"[host]\nname = 7\n" + case_with(""), "web-test.toml:2:8: name: expected a text"},
        {"policy = 7\n" + case_with(""), "web-test.toml:1:10: policy: expected a text"},
    };
    for (const auto &row : table) {
        const std::string faults = all_of(parse_tests(row.text).diagnostics);
        if (!holds(faults, row.fault))
            std::printf("of: %sexpected: %s\ngot: %s\n", row.text.c_str(), row.fault,
                        faults.c_str());
        assert_true(holds(faults, row.fault));
        assert_true(has_error(parse_tests(row.text).diagnostics));
    }
    for (const char *key : {"role", "user", "at", "expect"}) {
        std::string text = case_with("");
        const std::size_t from = text.find("\n" + std::string{key} + " =");
        text.erase(from, text.find('\n', from + 1) - from);
        assert_true(holds(all_of(parse_tests(text).diagnostics), key));
    }
}

void a_name_is_one_line_for_a_terminal(void **)
{
    const auto parsed = parse_tests(case_with("name = \"a\\u001b[2J\\nb\""));
    assert_text(parsed.cases[0].name, "a?[2J?b");
    const auto unnamed = parse_tests(case_with("user = \"a\\u001b[2J\\nb\""));
    assert_text(unnamed.cases[0].name, "a?[2J?b asks for web");
}

void more_cases_than_there_may_be_are_one_fault(void **)
{
    std::string text = "test = [";
    for (int i = 0; i < 10'001; ++i)
        text += "{},";
    const auto parsed = parse_tests(text + "]");
    assert_true(parsed.cases.empty());
    assert_text(all_of(parsed.diagnostics), "web-test.toml:1:8: more than 10000 cases\n");
}

// --- held against a policy -----------------------------------------------------------------------

std::string difference(const Policy &policy, const std::string &lines)
{
    const ParsedExpectations parsed = parse_tests(case_with(lines));
    assert_text(all_of(parsed.diagnostics), "");
    return find_difference(policy, parsed.cases.at(0));
}

void what_is_as_expected_is_no_difference(void **)
{
    const Policy policy = role_policy("");
    const std::string alice = "oid = \"" + std::string{alice_id} + "\"\n";
    assert_text(difference(policy, ""), "");
    assert_text(difference(policy, "expect = \"no-person\""), "");
    assert_text(difference(policy, alice + "expect = \"granted\""), "");
    assert_text(
        difference(policy, alice + "for = \"10m\"\nduration = \"10m\"\nexpect = \"granted\""), "");
    assert_text(difference(policy, alice + "for = \"2h\"\nexpect = \"too-long\""), "");
    assert_text(difference(policy, "role = \"dba\"\nexpect = \"unknown-role\""), "");
}

void what_is_otherwise_is_told(void **)
{
    const Policy policy = role_policy("");
    const std::string alice = "oid = \"" + std::string{alice_id} + "\"\n";
    assert_text(difference(policy, alice), "granted for 30m");
    assert_text(difference(policy, alice + "duration = \"1h\"\nexpect = \"granted\""),
                "granted for 30m");
    assert_text(difference(policy, "expect = \"granted\""),
                "refused (no-person): alice has no entry in [users] map of /etc/jit/jitd.toml, so "
                "no person can stand behind the request");
    assert_text(difference(policy, alice + "for = \"2h\"\nexpect = \"hours\""),
                "refused (too-long): role \"web\" is granted for at most 1h: ask for less");
}

void what_was_had_counts_in_a_case(void **)
{
    const Policy policy = role_policy("[role.web.limits]\nper_day = \"1h\"\n");
    const std::string alice = "oid = \"" + std::string{alice_id} + "\"\n";
    assert_text(difference(policy, alice + "had = [{ ago = \"3h\", for = \"40m\" }]\n"
                                           "expect = \"granted\"\nduration = \"20m\""),
                "");
    assert_text(difference(policy, alice + "had = [{ ago = \"3h\", for = \"1h\" }]\n"
                                           "expect = \"per-day\""),
                "");
    assert_text(difference(policy, alice + "had = [{ ago = \"15h\", for = \"1h\" }]\n"
                                           "expect = \"granted\""),
                "");
}

// Object ids have no case: a policy's are kept in lower case.
void ids_may_be_written_in_capitals(void **)
{
    const Policy policy = role_policy("requesters = [\"group:" + std::string{group_id} +
                                      "\", \"user:" + std::string{alice_id} + "\"]");
    assert_text(difference(policy, "oid = \"A11CE000-0000-4000-8000-000000000001\"\n"
                                   "expect = \"granted\""),
                "");
    assert_text(difference(policy, "oid = \"b0b\"\n"
                                   "groups = [\"3D0C5E5A-1111-4222-8333-444455556666\"]\n"
                                   "expect = \"granted\""),
                "");
}

} // namespace

int main()
{
    const CMUnitTest tests[] = {
        cmocka_unit_test(a_file_is_read_with_its_cases_in_order),
        cmocka_unit_test(every_refusal_can_be_expected_by_its_name),
        cmocka_unit_test(each_fault_is_said_at_its_place),
        cmocka_unit_test(a_name_is_one_line_for_a_terminal),
        cmocka_unit_test(more_cases_than_there_may_be_are_one_fault),
        cmocka_unit_test(what_is_as_expected_is_no_difference),
        cmocka_unit_test(what_is_otherwise_is_told),
        cmocka_unit_test(what_was_had_counts_in_a_case),
        cmocka_unit_test(ids_may_be_written_in_capitals),
    };
    return cmocka_run_group_tests_name("policy/expectations", tests, nullptr, nullptr);
}
