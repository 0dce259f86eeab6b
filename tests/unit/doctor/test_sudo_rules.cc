#include "tests/unit/cmocka_cpp.h"

#include <string>

#include "doctor/sudo_rules.h"

using namespace jit::doctor;

namespace {

std::vector<SudoRule> read(const std::string &text)
{
    SudoRules rules;
    rules.add("sudoers", text);
    return rules.all();
}

std::string join(const std::vector<std::string> &texts)
{
    std::string out;
    for (const std::string &text : texts)
        out += (out.empty() ? "" : "|") + text;
    return out;
}

// "alice|%dba = (root) /bin/a; (www|ops) !/bin/b"; behind a command that needs no password a '*'
std::string show(const SudoRule &rule)
{
    std::string out = join(rule.who) + " =";
    for (const SudoCommand &each : rule.commands)
        out += (out.ends_with('=') ? " (" : "; (") + join(each.runas) + ") " + each.command +
               (each.asks_password ? "" : "*");
    return out;
}

void who_may_run_what_as_whom_is_read(void **)
{
    const struct {
        const char *text;
        const char *rule;
    } table[] = {
        {"root ALL=(ALL:ALL) ALL", "root = (ALL) ALL"},
        {"alice,bob , %dba ALL = /bin/a", "alice|bob|%dba = (root) /bin/a"},
        {"alice web*,db1=(www,ops) /bin/a -l x, !/bin/b",
         "alice = (www|ops) /bin/a -l x; (www|ops) "
         "!/bin/b"},
        {"%engineers ALL=(ALL) NOPASSWD: /usr/bin/true", "%engineers = (ALL) /usr/bin/true*"},
        {"a ALL=NOPASSWD:NOEXEC: /bin/a, PASSWD: /bin/b", "a = (root) /bin/a*; (root) /bin/b"},
        {"a ALL=(www) /bin/a, (ops) /bin/b, /bin/c",
         "a = (www) /bin/a; (ops) /bin/b; (ops) /bin/c"},
        {"a h1=/bin/a : h2=(x) NOPASSWD : ALL", "a = (root) /bin/a; (x) ALL*"},
        {"a ALL=(:grp) CWD=/tmp TIMEOUT=5s SETENV: sudoedit /etc/x", "a = (root) sudoedit /etc/x"},
        {"a ALL=sha256:abc= /bin/a", "a = (root) /bin/a"},
        {"#1000, !bob, +net ALL=ALL", "#1000|+net = (root) ALL"},
        {"\"%domain users\", %big\\ boss ALL=ALL", "%domain users|%big boss = (root) ALL"},
        {"a ALL=/bin/a \\\n  -x, \\\n  /bin/b\\,c", "a = (root) /bin/a -x; (root) /bin/b,c"},
        {"ALL ALL=ALL", "ALL = (root) ALL"},
    };
    for (const auto &row : table) {
        const auto rules = read(row.text);
        assert_int_equal(rules.size(), 1);
        assert_text(show(rules[0]), row.rule);
        assert_text(rules[0].where, "sudoers:1");
    }
}

void what_is_no_rule_is_none(void **)
{
    for (const char *text : {"",
                             "# a ALL=ALL",
                             "Defaults env_reset",
                             "Defaults:alice !authenticate",
                             "@includedir /etc/sudoers.d",
                             "#includedir /etc/sudoers.d",
                             "User_Alias A = a, b",
                             "Host_Alias H = h1, h2",
                             "alice",
                             "alice ALL",
                             "alice ALL =",
                             "=",
                             ":",
                             ",",
                             "(",
                             "!",
                             "\\",
                             "\"",
                             "a \"ALL=ALL",
                             "!a ALL"})
        assert_int_equal(read(text).size(), 0);
}

void an_alias_is_what_it_stands_for_wherever_it_is_said(void **)
{
    SudoRules rules;
    rules.add("one", "ADMINS ALL=(DB) TOOLS, !TOOLS, OTHER\n"
                     "Cmnd_Alias TOOLS = /bin/a -x, /bin/b : OTHER = MORE\n");
    rules.add("two", "User_Alias ADMINS = alice, MORE: MORE = %dba, !bob\n"
                     "Runas_Alias DB = postgres,mysql\nCmnd_Alias MORE=/bin/c\n");
    const auto all = rules.all();
    assert_int_equal(all.size(), 1);
    assert_text(all[0].where, "one:1");
    assert_text(show(all[0]), "alice|%dba = (postgres|mysql) /bin/a -x; (postgres|mysql) /bin/b; "
                              "(postgres|mysql) !TOOLS; (postgres|mysql) /bin/c");
    // One that stands for itself ends, and one that doubles does not grow without end.
    std::string doubled = "A ALL=ALL\n";
    for (char name = 'A'; name < 'E'; ++name) {
        doubled += std::string{"User_Alias "} + name + " = x";
        for (int i = 0; i < 1000; ++i)
            doubled += std::string{","} + static_cast<char>(name + 1);
        doubled += '\n';
    }
    assert_int_equal(read(doubled)[0].who.size(), 4096);
    assert_int_equal(read("User_Alias A = A, A, A\nA ALL=ALL").size(), 1);
}

} // namespace

int main()
{
    const CMUnitTest tests[] = {
        cmocka_unit_test(who_may_run_what_as_whom_is_read),
        cmocka_unit_test(what_is_no_rule_is_none),
        cmocka_unit_test(an_alias_is_what_it_stands_for_wherever_it_is_said),
    };
    return cmocka_run_group_tests_name("doctor/sudo_rules", tests, nullptr, nullptr);
}
