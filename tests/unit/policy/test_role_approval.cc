// [role.NAME.approval]: other people, Entra's activations, and what they need of the rest.
#include "tests/unit/cmocka_cpp.h"

#include <cstdio>

#include "tests/unit/policy/samples.h"

using namespace jit::policy;
using namespace std::chrono_literals;

namespace {

using Mode = Approval::Mode;

constexpr std::string_view bob_id = "b0b00000-0000-4000-8000-000000000002";
constexpr std::string_view carol_id = "ca501000-0000-4000-8000-000000000003";

std::string user(std::string_view id)
{
    return "\"user:" + std::string{id} + '"';
}

std::string group(std::string_view id)
{
    return "\"group:" + std::string{id} + '"';
}

// The first of the lines is line 8 of the text.
std::string with(std::string_view lines, std::string_view role = "")
{
    return role_with(std::string{role} + (role.empty() ? "" : "\n") + "[role.web.approval]\n" +
                     std::string{lines});
}

std::string approver(std::string_view lines, std::string_view role = "")
{
    return with("mode = \"approver\"\n" + std::string{lines}, role);
}

std::string pim(std::string_view lines, std::string_view role = "")
{
    return with("mode = \"pim\"\npim_group = \"" + std::string{group_id} + "\"\n" +
                    std::string{lines},
                role);
}

std::string watch(std::string_view lines, std::string_view role = "")
{
    return with("mode = \"watch\"\npim_group = \"" + std::string{group_id} + "\"\n" +
                    std::string{lines},
                role);
}

ParsedPolicy parse(const std::string &text, ParseOptions options = {})
{
    const std::vector<SourceFile> files{{"a", text}};
    options.find_zone = find_test_zone;
    return parse_policy(files, options);
}

Role good_role(const std::string &text, std::string_view said = "",
               const ParseOptions &options = {})
{
    const ParsedPolicy parsed = parse(text, options);
    assert_text(all_of(parsed.diagnostics), said);
    assert_true(parsed.policy.has_value());
    return parsed.policy ? parsed.policy->roles[0] : Role{};
}

// Everything that is said of a text that is refused.
void assert_refused(const std::string &text, std::string_view said,
                    const ParseOptions &options = {})
{
    const ParsedPolicy parsed = parse(text, options);
    if (parsed.policy)
        std::printf("%s", text.c_str());
    assert_false(parsed.policy.has_value());
    assert_text(all_of(parsed.diagnostics), std::string{said} + '\n');
}

// --- approver ------------------------------------------------------------------------------------

void approvers_are_read(void **)
{
    const Approval approval =
        good_role(approver("approvers = [" + group("3D0C5E5A-1111-4222-8333-444455556666") + ", " +
                           user("B0B00000-0000-4000-8000-000000000002") +
                           "]\nquorum = 32\ntimeout = \"24h\""))
            .approval;
    assert_true(approval.mode == Mode::approver && approval.has_sign_in());
    assert_int_equal(approval.approvers.size(), 2);
    assert_true(approval.approvers[0].kind == Approver::Kind::group);
    assert_text(approval.approvers[0].value, std::string{group_id});
    assert_true(approval.approvers[1].kind == Approver::Kind::user);
    assert_text(approval.approvers[1].value, std::string{bob_id});
    assert_int_equal(approval.quorum, 32);
    assert_true(approval.timeout == 24h);
    const Approval usual = good_role(approver("approvers = [" + user(bob_id) + "]")).approval;
    assert_true(usual.quorum == 1 && usual.timeout == 15min);
    assert_true(usual.pim_group.empty() && usual.window == 0s);
}

void approvers_have_to_be_there(void **)
{
    assert_refused(approver(""), "a:7:1: [role.web.approval]: approvers is missing, expected "
                                 "who may approve, such as approvers = "
                                 "[\"group:3d0c5e5a-0000-4000-8000-000000000000\"]");
    assert_refused(approver("approvers = []"),
                   "a:9:13: approvers: the list is empty, so nobody could approve");
    assert_refused(approver("approvers = \"x\""),
                   "a:9:13: approvers: expected a list of texts, found a text");
    assert_refused(approver("approvers = [1]"),
                   "a:9:14: approvers: expected a text, found a number");
}

void approvers_are_ids_of_people_and_groups(void **)
{
    const std::string such = ", such as \"group:3d0c5e5a-0000-4000-8000-000000000000\"";
    const auto refuse = [](std::string_view entry, std::string_view said) {
        assert_refused(approver("approvers = [\"" + std::string{entry} + "\"]"),
                       "a:9:14: approvers: \"" + std::string{entry} + "\": " + std::string{said});
    };
    refuse("Bob", "expected an object id with its kind" + such);
    refuse(bob_id, "expected an object id with its kind" + such);
    refuse("", "expected an object id with its kind" + such);
    refuse("group:Database admins", "expected an object id such as "
                                    "\"group:3d0c5e5a-0000-4000-8000-000000000000\", since a "
                                    "display name can be given to anything");
    refuse("user:", "expected an object id such as "
                    "\"user:3d0c5e5a-0000-4000-8000-000000000000\", since a display name can be "
                    "given to anything");
    refuse("user:bob@contoso.com", "expected an object id such as "
                                   "\"user:3d0c5e5a-0000-4000-8000-000000000000\", since a user "
                                   "principal name can be given to somebody else");
    refuse("approle:Elevate.Dba", "expected user: or group:");
    refuse("local-group:ops", "expected user: or group:");
    refuse("usr:" + std::string{bob_id}, "expected user: or group:, did you mean \"user\"?");
    refuse("User:" + std::string{bob_id}, "expected user: or group:, did you mean \"user\"?");
    // With another issuer an id is what the issuer says.
    ParseOptions issuer;
    issuer.ids_are_guids = false;
    const Role role = good_role(approver("approvers = [\"user:auth0|Bob\"]"), "", issuer);
    assert_text(role.approval.approvers[0].value, "auth0|Bob");
    assert_false(parse(approver("approvers = [\"user:a b\"]"), issuer).policy.has_value());
}

void approvers_count_once_and_are_64_at_most(void **)
{
    const std::string twice = "approvers = [" + user(bob_id) + ", " + user(bob_id) + ", " +
                              user("B0B00000-0000-4000-8000-000000000002") + "]";
    const Role role = good_role(
        approver(twice), "a:9:59: warning: approvers: \"user:" + std::string{bob_id} +
                             "\" is given twice\n"
                             "a:9:104: warning: approvers: "
                             "\"user:B0B00000-0000-4000-8000-000000000002\" is given twice\n");
    assert_int_equal(role.approval.approvers.size(), 1);
    assert_false(parse(approver(twice + "\nquorum = 2")).policy.has_value());
    const auto many = [](int count) {
        std::string out = "approvers = [";
        for (int i = 0; i < count; ++i) {
            std::string id{bob_id};
            id.replace(id.size() - 3, 3, std::to_string(100 + i));
            out += user(id) + ",";
        }
        return out + "]";
    };
    assert_int_equal(good_role(approver(many(64))).approval.approvers.size(), 64);
    assert_refused(approver(many(65)),
                   "a:9:13: approvers: more than 64 entries, expected a group: for so many");
}

void a_quorum_can_be_reached(void **)
{
    const std::string two = "approvers = [" + user(bob_id) + ", " + user(carol_id) + "]\n";
    for (const char *bad : {"0", "33", "-1", "4294967297", "1.0"})
        assert_refused(approver(two + "quorum = " + bad),
                       "a:10:10: quorum: expected a whole number, 1 to 32");
    assert_refused(approver(two + "quorum = \"2\""),
                   "a:10:10: quorum: expected a whole number, found a text");
    assert_int_equal(good_role(approver(two + "quorum = 2")).approval.quorum, 2);
    assert_refused(approver(two + "quorum = 3"),
                   "a:10:10: quorum: 3 of 2 approvers, which can't be reached, expected more "
                   "approvers, or a group:");
    // How many are in a group nothing says.
    (void)good_role(approver("approvers = [" + group(group_id) + "]\nquorum = 3"));
    // An entry that is at fault may have been one more.
    assert_refused(approver("approvers = [" + user(bob_id) + ", \"user:x\"]\nquorum = 2"),
                   "a:9:59: approvers: \"user:x\": expected an object id such as "
                   "\"user:3d0c5e5a-0000-4000-8000-000000000000\", since a display name can be "
                   "given to anything");
}

void nobody_is_his_own_only_approver(void **)
{
    const std::string alice{alice_id};
    const auto left = [](std::string_view count, std::string_view quorum,
                         std::string_view more = "") {
        return "approvers: nobody approves his own request, which leaves " + std::string{count} +
               " of them to \"user:" + std::string{alice_id} + "\"" + std::string{more} +
               ", and the quorum is " + std::string{quorum} +
               ", expected more approvers, or a group:";
    };
    assert_refused(approver("approvers = [" + user(alice) + "]"), "a:9:13: " + left("0", "1"));
    assert_refused(approver("approvers = [" + user("A11CE000-0000-4000-8000-000000000001") + "]"),
                   "a:9:13: " + left("0", "1"));
    const std::string both = "requesters = [" + user(alice) + ", " + user(bob_id) + "]";
    const std::string pair = "approvers = [" + user(alice) + ", " + user(bob_id) + "]\n";
    // They can approve each other's, unless both are wanted.
    (void)good_role(approver(pair, both));
    assert_refused(approver(pair + "quorum = 2", both), "a:9:13: " + left("1", "2", " and 1 more"));
    // Some can ask in vain, others not.
    (void)good_role(approver("approvers = [" + user(alice) + "]", both),
                    "a:9:13: warning: " + left("0", "1") + '\n');
    (void)good_role(approver("approvers = [" + user(alice) + "]",
                             "requesters = [" + user(alice) + ", " + group(group_id) + "]"),
                    "a:9:13: warning: " + left("0", "1") + '\n');
    (void)good_role(approver("approvers = [" + user(alice) + ", " + group(group_id) + "]"));
    (void)good_role(
        approver("approvers = [" + user(alice) + "]", "requesters = [" + group(group_id) + "]"));
}

// --- what is of one mode only --------------------------------------------------------------------

void keys_of_another_mode_are_refused(void **)
{
    const std::string list = "approvers = [" + user(bob_id) + "]";
    const std::string good_auto = "mode = \"auto\"\naccept_unattended = true\n";
    struct Case {
        std::string text;
        std::string_view said;
    };
    const std::string id{group_id};
    for (const Case &each : std::vector<Case>{
             {with(list), "a:8:1: approvers: only for mode = \"approver\""},
             {with("mode = \"self\"\n" + list), "a:9:1: approvers: only for mode = \"approver\""},
             {with("quorum = 1"), "a:8:1: quorum: only for mode = \"approver\""},
             {with(good_auto + "quorum = 1"), "a:10:1: quorum: only for mode = \"approver\""},
             {pim(list), "a:10:1: approvers: only for mode = \"approver\""},
             {watch("quorum = 1"), "a:10:1: quorum: only for mode = \"approver\""},
             {with("pim_group = \"" + id + "\""),
              "a:8:1: pim_group: only for mode = \"pim\" or \"watch\""},
             {approver(list + "\npim_group = \"" + id + "\""),
              "a:10:1: pim_group: only for mode = \"pim\" or \"watch\""},
             {with("window = \"0s\""), "a:8:1: window: only for mode = \"watch\""},
             {pim("window = \"0s\""), "a:10:1: window: only for mode = \"watch\""},
             {approver(list + "\nbind = \"token\""), "a:10:1: bind: only for mode = \"watch\""},
             {pim("bind = \"none\""), "a:10:1: bind: only for mode = \"watch\""},
             {approver(list + "\naccept_unattended = true"),
              "a:10:21: accept_unattended: only for mode = \"auto\""},
             {watch("accept_unattended = true"),
              "a:10:21: accept_unattended: only for mode = \"auto\""},
             {with("mode = \"two\"\nquorum = 0\nwindow = \"x\""),
              "a:8:8: mode: \"two\" is not known, expected \"self\", \"auto\", "
              "\"approver\", \"pim\" or \"watch\""},
         })
        assert_refused(each.text, each.said);
}

void others_may_take_a_day(void **)
{
    const std::string list = "approvers = [" + user(bob_id) + "]\n";
    for (const std::string &text :
         {approver(list + "timeout = \"1d\""), pim("timeout = \"1d\""), watch("timeout = \"1d\"")})
        assert_true(good_role(text).approval.timeout == 24h);
    for (const std::string &text : {approver(list + "timeout = \"24h1s\""),
                                    pim("\ntimeout = \"24h1s\""), watch("timeout = \"29s\"")})
        assert_false(parse(text).policy.has_value());
    assert_refused(with("timeout = \"61m\""), "a:8:11: timeout: 1h1m, expected 30s to 1h");
    assert_refused(with("mode = \"auto\"\naccept_unattended = true\ntimeout = \"61m\""),
                   "a:10:11: timeout: 1h1m, expected 30s to 1h");
}

// --- pim and watch -------------------------------------------------------------------------------

void a_group_of_pim_is_an_id_and_must_be_there(void **)
{
    const Approval read =
        good_role(with("mode = \"pim\"\npim_group = \"3D0C5E5A-1111-4222-8333-444455556666\""))
            .approval;
    assert_true(read.mode == Mode::pim && read.has_sign_in());
    assert_text(read.pim_group, std::string{group_id});
    for (const char *mode : {"pim", "watch"}) {
        assert_refused(with("mode = \"" + std::string{mode} + "\""),
                       "a:7:1: [role.web.approval]: pim_group is missing, expected the "
                       "object id of the group that is activated in Entra");
        for (const std::string bad : {"Database admins", "", "group:3d0c"})
            assert_refused(
                with("mode = \"" + std::string{mode} + "\"\npim_group = \"" + bad + "\""),
                "a:9:13: pim_group: \"" + bad +
                    "\" is no object id, expected that of a group (a GUID), since a "
                    "display name can be given to anything");
    }
}

void watching_is_read(void **)
{
    const Approval usual = good_role(watch("")).approval;
    assert_true(usual.mode == Mode::watch && !usual.has_sign_in());
    assert_true(usual.window == 0s && usual.bind == Approval::Bind::token);
    assert_true(usual.timeout == 15min);
    const Approval wide =
        good_role(watch("window = \"1h\"\nbind = \"none\"", "requesters = [\"local-group:ops\"]"))
            .approval;
    assert_true(wide.window == 1h && wide.bind == Approval::Bind::none);
    assert_true(good_role(watch("bind = \"token\"")).approval.bind == Approval::Bind::token);
    assert_refused(watch("window = \"61m\""), "a:10:10: window: 1h1m, expected 0s to 1h");
    assert_refused(watch("bind = \"code\""),
                   "a:10:8: bind: \"code\" is not known, expected \"token\" or \"none\"");
}

void who_is_watched_does_not_sign_in(void **)
{
    for (const std::string &each : {group(group_id), std::string{"\"approle:Elevate.Web\""}})
        assert_refused(watch("", "requesters = [" + user(alice_id) + ", " + each + "]"),
                       "a:2:14: requesters: mode \"watch\" has nobody sign in, which alone "
                       "tells of group: and approle:, expected user: and local-group: only");
    const auto refuse = [](std::string_view line, std::string_view key, std::string_view so) {
        assert_refused(watch("[role.web.conditions]\n" + std::string{line}),
                       "a:11:1: " + std::string{key} +
                           ": nobody signs in for role web, whose approval is \"watch\", so " +
                           std::string{so});
    };
    refuse("auth_context = \"c1\"", "auth_context", "it would never be met");
    refuse("auth_age = \"1h\"", "auth_age", "it would never be met");
    refuse("accept_stale_signin = true", "accept_stale_signin", "it would never be met");
    refuse("guests = true", "guests", "who is a guest would never be known");
    refuse("guests = false", "guests", "who is a guest would never be known");
    assert_refused(
        with("mode = \"auto\"\naccept_unattended = true\n[role.web.conditions]\n"
             "guests = true",
             "requesters = [\"local-group:ops\"]"),
        "a:11:1: guests: nobody signs in for role web, whose approval is \"auto\", so who "
        "is a guest would never be known");
    // What needs no sign-in holds for it as well; in pim the requester does sign in.
    (void)good_role(watch("[role.web.conditions]\ntty = true\nhours = [\"08:00-18:00\"]"));
    (void)good_role(pim("[role.web.conditions]\nauth_context = \"c1\"\nguests = true",
                        "requesters = [" + group(group_id) + ", \"approle:Elevate.Web\"]"));
}

// --- with the rest -------------------------------------------------------------------------------

void each_mode_needs_its_part_of_the_configuration(void **)
{
    const std::string approvers = approver("approvers = [" + user(bob_id) + "]");
    const auto conf = [](std::string_view lines) {
        return *parse_conf("[identity]\ntenant = \"6f1c0000-0000-4000-8000-000000000000\"\n"
                           "client_id = \"c11e0000-0000-4000-8000-000000000000\"\n" +
                           std::string{lines})
                    .config;
    };
    const Config bare = conf("");
    assert_refused(approvers,
                   "a:8:8: mode: \"approver\" has a second person sign in by a registration "
                   "of its own, expected approver_client_id in [identity] of jitd.toml",
                   options_with(&bare));
    assert_refused(watch(""),
                   "a:8:8: mode: \"watch\" asks Entra in the host's own name, expected "
                   "credential in [identity] of jitd.toml",
                   options_with(&bare));
    (void)good_role(pim(""), "", options_with(&bare));
    const Config whole =
        conf("approver_client_id = \"c11e0000-0000-4000-8000-000000000001\"\ncredential = "
             "\"imds\"");
    for (const std::string &text : {approvers, watch(""), pim("")})
        (void)good_role(text, "", options_with(&whole));
    // With another issuer there is no such thing as an activation.
    const Config other =
        *parse_conf("[identity]\nissuer = \"https://id.example.org\"\nclient_id = \"a\"\n"
                    "approver_client_id = \"b\"")
             .config;
    (void)good_role(approver("approvers = [\"user:bob\"]"), "", options_with(&other));
    for (const char *mode : {"pim", "watch"})
        assert_refused(with("mode = \"" + std::string{mode} + "\"\npim_group = \"" +
                            std::string{group_id} + "\""),
                       "a:8:8: mode: \"" + std::string{mode} +
                           "\" is Entra's alone, and jitd.toml names another issuer",
                       options_with(&other));
}

void what_is_as_good_as_root_needs_a_fresh_sign_in_where_a_sign_in_is_all(void **)
{
    const std::string root = "allow_root_equivalent = true\ngroups = [\"docker\"]";
    const std::string budget = "\n[role.web.limits]\nper_day = \"2h\"\n";
    const std::string list = "approvers = [" + user(bob_id) + "]";
    assert_refused(approver(list + budget, root),
                   "a:1:1: [role.web]: allow_root_equivalent, and a sign-in of any age would "
                   "do, expected conditions.auth_context, conditions.auth_age, or "
                   "conditions.accept_stale_signin = true");
    (void)good_role(approver(list + budget + "[role.web.conditions]\nauth_age = \"5m\"", root));
    (void)good_role(pim(budget, root));
    (void)good_role(watch(budget, root));
    for (const std::string &text : {approver(list, root), pim("", root), watch("", root)})
        assert_true(holds(all_of(parse(text).diagnostics), "needs a budget"));
}

void an_account_that_people_share_wants_a_sign_in(void **)
{
    const std::string shared = "services = [\"sshd\"]\naccounts = [\"deploy\"]\nshared = true";
    (void)good_role(approver("approvers = [" + user(bob_id) + "]", shared));
    (void)good_role(pim("", shared));
    assert_refused(watch("", shared),
                   "a:4:10: shared: who comes is known by his sign-in alone, and "
                   "approval.mode \"watch\" asks for none");
}

void modes_are_named_as_files_name_them(void **)
{
    assert_text(std::string{name_of(Mode::self)}, "self");
    assert_text(std::string{name_of(Mode::none)}, "auto");
    assert_text(std::string{name_of(Mode::approver)}, "approver");
    assert_text(std::string{name_of(Mode::pim)}, "pim");
    assert_text(std::string{name_of(Mode::watch)}, "watch");
}

} // namespace

int main()
{
    const CMUnitTest tests[] = {
        cmocka_unit_test(approvers_are_read),
        cmocka_unit_test(approvers_have_to_be_there),
        cmocka_unit_test(approvers_are_ids_of_people_and_groups),
        cmocka_unit_test(approvers_count_once_and_are_64_at_most),
        cmocka_unit_test(a_quorum_can_be_reached),
        cmocka_unit_test(nobody_is_his_own_only_approver),
        cmocka_unit_test(keys_of_another_mode_are_refused),
        cmocka_unit_test(others_may_take_a_day),
        cmocka_unit_test(a_group_of_pim_is_an_id_and_must_be_there),
        cmocka_unit_test(watching_is_read),
        cmocka_unit_test(who_is_watched_does_not_sign_in),
        cmocka_unit_test(each_mode_needs_its_part_of_the_configuration),
        cmocka_unit_test(what_is_as_good_as_root_needs_a_fresh_sign_in_where_a_sign_in_is_all),
        cmocka_unit_test(an_account_that_people_share_wants_a_sign_in),
        cmocka_unit_test(modes_are_named_as_files_name_them),
    };
    return cmocka_run_group_tests_name("policy/role_approval", tests, nullptr, nullptr);
}
