#include "tests/unit/cmocka_cpp.h"

#include <chrono>
#include <vector>

#include "jitctl/cli.h"
#include "lib/base/text.h"

using namespace jit::ctl;
using namespace std::chrono_literals;

namespace {

Parsed parse(std::vector<const char *> arguments)
{
    arguments.insert(arguments.begin(), "jitctl");
    return parse_arguments(static_cast<int>(arguments.size()), arguments.data());
}

void request_takes_all_its_options(void **)
{
    const Parsed parsed = parse({"request", "web", "--for", "1h30m", "--reason", "INC-1 fix it",
                                 "--user", "bob", "--json"});
    assert_true(parsed.command.has_value());
    assert_true(parsed.command->verb == Verb::request);
    assert_text(*parsed.command->role, "web");
    assert_true(*parsed.command->duration == 90min);
    assert_text(*parsed.command->reason, "INC-1 fix it");
    assert_text(*parsed.command->user, "bob");
    assert_true(parsed.command->json);
}

void request_without_options_leaves_them_to_jitd(void **)
{
    const Parsed parsed = parse({"request", "web"});
    assert_true(parsed.command.has_value());
    assert_false(parsed.command->duration || parsed.command->reason || parsed.command->user);
    assert_false(parsed.command->json);
}

// What is wrong with them is then an object, too.
void json_counts_in_arguments_that_are_wrong(void **)
{
    for (const std::vector<const char *> &wrong :
         std::vector<std::vector<const char *>>{{"--json"},
                                                {"request", "--json"},
                                                {"policy", "check", "a", "b", "--json"},
                                                {"--json", "nonsense"},
                                                {"status", "X", "--json"}}) {
        const Parsed parsed = parse(wrong);
        assert_false(parsed.command.has_value());
        assert_true(parsed.json);
    }
    assert_false(parse({"nonsense"}).json);
}

void drop_tells_an_id_from_a_role(void **)
{
    assert_text(*parse({"drop", "0123456789abcdef"}).command->id, "0123456789abcdef");
    assert_text(*parse({"drop", "web"}).command->role, "web");
}

void revoke_takes_exactly_one_of_four(void **)
{
    assert_true(parse({"revoke", "--all"}).command->all);
    assert_text(*parse({"revoke", "--user", "bob"}).command->user, "bob");
    assert_text(*parse({"revoke", "--role", "web"}).command->role, "web");
    assert_text(*parse({"revoke", "0123456789abcdef"}).command->id, "0123456789abcdef");
}

void extend_takes_a_role_or_an_id(void **)
{
    const Parsed role = parse({"extend", "web", "--for", "20m", "--reason", "INC-1"});
    assert_true(role.command->verb == Verb::extend);
    assert_text(*role.command->role, "web");
    assert_true(role.command->duration == std::chrono::minutes{20});
    assert_text(*role.command->reason, "INC-1");
    const Parsed id = parse({"extend", "0123456789abcdef", "--json"});
    assert_text(*id.command->id, "0123456789abcdef");
    assert_false(id.command->role.has_value() || id.command->duration.has_value());
    assert_true(id.command->json);
}

void pins_lists_or_changes_one(void **)
{
    const Parsed list = parse({"pins", "--json"});
    assert_true(list.command->verb == Verb::pins);
    assert_true(list.command->json);
    assert_false(list.command->user.has_value());
    const Parsed confirm = parse({"pins", "--confirm", "bob"});
    assert_true(confirm.command->verb == Verb::confirm_pin);
    assert_text(*confirm.command->user, "bob");
    const Parsed clear = parse({"pins", "--clear", "bob", "--json"});
    assert_true(clear.command->verb == Verb::clear_pin);
    assert_text(*clear.command->user, "bob");
    assert_true(clear.command->json);
}

void approve_and_deny_take_an_id(void **)
{
    const Parsed approve = parse({"approve", "0123456789abcdef"});
    assert_true(approve.command->verb == Verb::approve);
    assert_text(*approve.command->id, "0123456789abcdef");
    assert_false(approve.command->yes);
    assert_true(parse({"approve", "0123456789abcdef", "--yes", "--json"}).command->yes);
    const Parsed deny = parse({"deny", "0123456789abcdef", "--reason", "not today", "--json"});
    assert_true(deny.command->verb == Verb::deny);
    assert_text(*deny.command->id, "0123456789abcdef");
    assert_text(*deny.command->reason, "not today");
    assert_true(deny.command->json);
    assert_false(parse({"deny", "0123456789abcdef"}).command->reason.has_value()); // is asked for
    assert_true(parse({"pending"}).command->verb == Verb::pending);
}

void what_is_wrong_is_told_and_is_no_command(void **)
{
    const std::vector<std::vector<const char *>> table{
        {},
        {"pending", "0123456789abcdef"},
        {"approve"},
        {"approve", "web"},
        {"approve", "0123456789ABCDEF"},
        {"approve", "0123456789abcdef", "--reason", "x"},
        {"deny"},
        {"deny", "web", "--reason", "x"},
        {"deny", "0123456789abcdef", "--reason", ""},
        {"deny", "0123456789abcdef", "--yes"},
        {"request"},
        {"request", ""},
        {"request", "../x"},
        {"request", "web", "db"},
        {"request", "web", "--for"},
        {"request", "web", "--for", "0s"},
        {"request", "web", "--for", "-1s"},
        {"request", "web", "--for", "30"},
        {"request", "web", "--for", ""},
        {"request", "web", "--reason", ""},
        {"request", "web", "--user", "a b"},
        {"request", "web", "--sudo"},
        {"status", "web"},
        {"status", "0123456789ABCDEF"},
        {"extend"},
        {"extend", "a/b"},
        {"extend", "web", "--for", "0s"},
        {"extend", "web", "--reason", ""},
        {"extend", "web", "--user", "bob"},
        {"cancel"},
        {"cancel", "web"},
        {"drop"},
        {"drop", "a/b"},
        {"revoke"},
        {"revoke", ""},
        {"revoke", "--user", ""},
        {"revoke", "--all", "--user", "bob"},
        {"revoke", "--role", "web", "0123456789abcdef"},
        {"pins", "bob"},
        {"pins", "--confirm"},
        {"pins", "--confirm", ""},
        {"pins", "--clear", "a b"},
        {"pins", "--clear", "bob", "--confirm", "bob"},
        {"pins", "--clear", "bob", "--clear", "alice"},
        {"pins", "--all"},
        {"roles", "x"},
        {"list", "x"},
        {"policy"},
        {"policy", "explain"},
        {"policy", "explain", "--user", "bob"},
        {"policy", "explain", "--role", "web"},
        {"policy", "explain", "--user", "b b", "--role", "web"},
        {"policy", "explain", "--user", "bob", "--role", ""},
        {"policy", "explain", "--user", "bob", "--role", "web", "--for", "0s"},
        {"policy", "explain", "--user", "bob", "--role", "web", "--for", "an hour"},
        {"policy", "explain", "--user", "bob", "--role", "web", "--at", "now"},
        {"policy", "explain", "--user", "bob", "--role", "web", "--at", "2026-11-30 09:15"},
        {"policy", "explain", "--user", "bob", "--role", "web", "--since", "30d"},
        {"policy", "explain", "a", "b", "--user", "bob", "--role", "web"},
        {"policy", "simulate"},
        {"policy", "simulate", "--since"},
        {"policy", "simulate", "--since", ""},
        {"policy", "simulate", "--since", "yesterday"},
        {"policy", "simulate", "--since", "-1d"},
        {"policy", "test"},
        {"policy", "test", "a", "b"},
        {"policy", "check", "a", "b"},
        {"doctor", "x"},
        {"sudoers", "x"},
        {"sudoers", "--style"},
        {"sudoers", "--style", "doas"},
        {"sudoers", "--style", ""},
        {"status", "list"},
    };
    for (const auto &arguments : table) {
        const Parsed parsed = parse(arguments);
        if (parsed.command)
            print_error("was taken: %s %s\n", arguments[0],
                        arguments.size() > 1 ? arguments[1] : "");
        assert_false(parsed.command.has_value());
        assert_false(parsed.is_help);
        assert_false(parsed.text.empty());
    }
    const std::string long_reason(513, 'r');
    assert_false(parse({"request", "web", "--reason", long_reason.c_str()}).command.has_value());
}

void every_verb_has_help_and_json(void **)
{
    for (const char *verb : {"request", "extend", "pending", "approve", "deny", "status", "roles",
                             "list", "drop", "revoke", "cancel", "pins", "sudoers", "doctor"}) {
        const Parsed parsed = parse({verb, "--help"});
        assert_true(parsed.is_help);
        assert_true(parsed.text.find(std::string{"jitctl "} + verb) != parsed.text.npos);
        assert_true(parsed.text.find("--json") != parsed.text.npos);
    }
    for (const char *verb : {"check", "explain", "simulate", "test"}) {
        const Parsed parsed = parse({"policy", verb, "--help"});
        assert_true(parsed.is_help && parsed.text.find("--json") != parsed.text.npos);
    }
    assert_true(parse({"--help"}).is_help);
    assert_true(parse({"-h"}).is_help);
    assert_true(parse({"--version"}).command->verb == Verb::version);
}

void policy_check_takes_a_folder_or_none(void **)
{
    const Parsed none = parse({"policy", "check"});
    assert_true(none.command->verb == Verb::policy_check);
    assert_false(none.command->directory.has_value());
    const Parsed draft = parse({"policy", "check", "draft", "--json"});
    assert_text(*draft.command->directory, "draft");
    assert_true(draft.command->json);
}

void policy_explain_takes_who_what_when_and_whence(void **)
{
    const Parsed all =
        parse({"policy", "explain", "draft", "--user", "bob", "--role", "web", "--for", "1h30m",
               "--at", "2026-11-30T09:15:00Z", "--from", "10.0.0.1", "--reason", "", "--no-tty",
               "--claims", "bob.json", "--json"});
    assert_true(all.command.has_value());
    const Command &command = *all.command;
    assert_true(command.verb == Verb::policy_explain);
    assert_text(*command.directory, "draft");
    assert_text(*command.user, "bob");
    assert_text(*command.role, "web");
    assert_true(*command.duration == 90min);
    assert_text(jit::format_time(*command.at), "2026-11-30T09:15:00Z");
    assert_text(*command.from, "10.0.0.1");
    assert_text(*command.reason, ""); // given, and none
    assert_text(*command.file, "bob.json");
    assert_false(command.has_terminal);
    assert_true(command.json);
    assert_text(
        parse({"policy", "explain", "--user", "bob", "--role", "web", "--from", "db1"}).text,
        "--from takes an address such as 192.0.2.7 or 2001:db8::7");
    const Parsed least = parse({"policy", "explain", "--user", "bob", "--role", "web"});
    assert_true(least.command.has_value());
    assert_false(least.command->directory || least.command->duration || least.command->at ||
                 least.command->from || least.command->reason || least.command->file);
    assert_true(least.command->has_terminal);
}

void policy_simulate_takes_a_time_or_how_long_ago(void **)
{
    const Parsed time = parse({"policy", "simulate", "draft", "--since", "2026-11-01T00:00:00Z"});
    assert_true(time.command->verb == Verb::policy_simulate);
    assert_text(*time.command->directory, "draft");
    assert_text(jit::format_time(*time.command->at), "2026-11-01T00:00:00Z");
    const auto before = jit::wall_time();
    const Parsed ago = parse({"policy", "simulate", "--since", "30d", "--json"});
    assert_true(ago.command.has_value());
    assert_false(ago.command->directory.has_value());
    assert_true(ago.command->at >= before - 720h && ago.command->at <= jit::wall_time() - 720h);
    assert_true(ago.command->json);
}

void policy_test_takes_a_file(void **)
{
    const Parsed parsed = parse({"policy", "test", "web-test.toml", "--json"});
    assert_true(parsed.command->verb == Verb::policy_test);
    assert_text(*parsed.command->file, "web-test.toml");
    assert_true(parsed.command->json);
}

void sudoers_takes_one_of_two_styles(void **)
{
    const Parsed none = parse({"sudoers"});
    assert_true(none.command->verb == Verb::sudoers);
    assert_false(none.command->is_group_style || none.command->is_checked);
    assert_false(parse({"sudoers", "--style", "gate"}).command->is_group_style);
    const Parsed group = parse({"sudoers", "--style", "group", "--check", "--json"});
    assert_true(group.command->is_group_style && group.command->is_checked && group.command->json);
}

} // namespace

int main()
{
    const CMUnitTest tests[] = {
        cmocka_unit_test(request_takes_all_its_options),
        cmocka_unit_test(request_without_options_leaves_them_to_jitd),
        cmocka_unit_test(json_counts_in_arguments_that_are_wrong),
        cmocka_unit_test(drop_tells_an_id_from_a_role),
        cmocka_unit_test(revoke_takes_exactly_one_of_four),
        cmocka_unit_test(extend_takes_a_role_or_an_id),
        cmocka_unit_test(pins_lists_or_changes_one),
        cmocka_unit_test(approve_and_deny_take_an_id),
        cmocka_unit_test(what_is_wrong_is_told_and_is_no_command),
        cmocka_unit_test(every_verb_has_help_and_json),
        cmocka_unit_test(policy_check_takes_a_folder_or_none),
        cmocka_unit_test(policy_explain_takes_who_what_when_and_whence),
        cmocka_unit_test(policy_simulate_takes_a_time_or_how_long_ago),
        cmocka_unit_test(policy_test_takes_a_file),
        cmocka_unit_test(sudoers_takes_one_of_two_styles),
    };
    return cmocka_run_group_tests_name("jitctl/cli", tests, nullptr, nullptr);
}
