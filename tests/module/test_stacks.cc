// The module among other lines: pam-u2f let people in where it said PAM_IGNORE for a failure of its
// own (CVE-2025-23013). In no stack may a failure of ours be less than one.
#include "tests/module/stage.h"

#include <csignal>

using namespace jit::pam::test;

namespace {

constexpr int ignored = PAM_IGNORE; // what the module said, though no stack says it
const std::vector<Answers> dead = {};

struct End {
    const char *name;
    const char *arguments;
    std::vector<Answers> answers;
    int auth; // what the module says
    int account;
    bool is_interrupted = false;
    bool is_flow = false; // in a terminal, with a conversation that fails
};

const std::vector<End> &ends()
{
    static const std::vector<End> all = {
        {"live", "proven", {{live}}, PAM_SUCCESS, PAM_SUCCESS},
        {"not gated", "proven", {{not_gated}}, ignored, ignored},
        {"observe", "observe", {{refused}}, ignored, ignored},
        {"only", "only=su", {{live}}, ignored, ignored},
        {"denied", "proven", {{refused}}, PAM_AUTH_ERR, PAM_PERM_DENIED},
        {"no grant", "proven", {{want}}, PAM_AUTH_ERR, PAM_PERM_DENIED},
        {"error", "proven", {{misconfigured}}, PAM_AUTH_ERR, PAM_PERM_DENIED},
        {"dead", "proven", dead, PAM_AUTHINFO_UNAVAIL, PAM_PERM_DENIED},
        {"half", "proven", {{live.substr(0, 9)}}, PAM_AUTHINFO_UNAVAIL, PAM_PERM_DENIED},
        {"garbage", "proven", {{"x" + nul}}, PAM_SYSTEM_ERR, PAM_SYSTEM_ERR},
        {"bad line", "proven frob", {{live}}, PAM_SYSTEM_ERR, PAM_SYSTEM_ERR},
        {"interrupted", "proven", {{live}}, PAM_ABORT, PAM_ABORT, true},
        {"no talk",
         "proven",
         {{want}, {pending, code, granted}},
         PAM_CONV_ERR,
         PAM_PERM_DENIED,
         false,
         true},
    };
    return all;
}

void interrupt()
{
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGINT);
    (void)sigprocmask(SIG_BLOCK, &set, nullptr);
    (void)raise(SIGINT);
}

// Each end in one stack, where "@" is our module's path and arguments; means() tells what the whole
// stack must say for what the module said.
void assert_stack(const std::string &before, const std::string &control, const std::string &after,
                  int (*means)(int said))
{
    for (const End &end : ends())
        for (const char phase : {'a', 'c'}) {
            const std::string type = phase == 'a' ? "auth " : "account ";
            const auto line = [&](std::string rest) {
                std::string lines;
                for (; !rest.empty(); rest.erase(0, rest.find('\n') + 1)) {
                    lines += type + rest.substr(0, rest.find('\n')) + "\n";
                    if (rest.find('\n') == rest.npos)
                        break;
                }
                return lines;
            };
            write_service_file("door", line(before) +
                                           line(control + " " + module_path() +
                                                " socket=" + socket_path() + " " + end.arguments) +
                                           line(after));
            Terminal terminal;
            Wish wish;
            wish.service = "door";
            wish.phases = phase;
            if (end.is_flow) {
                wish.terminal = &terminal;
                wish.talk = Talk::fails;
            }
            if (end.is_interrupted)
                wish.before = interrupt;
            const int said = phase == 'a' ? end.auth : end.account;
            const Outcome outcome = play_wish(wish, end.answers).outcome;
            if (outcome.codes != std::vector<int>{means(said)})
                print_message("%s in %s\n", end.name, (type + control).c_str());
            assert_codes(outcome, {means(said)});
        }
}

void required_alone_passes_with_a_live_grant_alone(void **)
{
    assert_stack("", "required", "",
                 [](int said) { return said == ignored ? int{PAM_PERM_DENIED} : said; });
    assert_stack("", "requisite", "",
                 [](int said) { return said == ignored ? int{PAM_PERM_DENIED} : said; });
}

void regress_required_after_a_password_fails_for_every_failure(void **)
{
    assert_stack("required pam_permit.so", "required", "",
                 [](int said) { return said == ignored ? int{PAM_SUCCESS} : said; });
}

void required_before_a_password_fails_for_every_failure(void **)
{
    for (const char *control : {"required", "requisite"})
        assert_stack("", control, "required pam_permit.so",
                     [](int said) { return said == ignored ? int{PAM_SUCCESS} : said; });
}

void sufficient_passes_with_a_live_grant_alone(void **)
{
    assert_stack("", "sufficient", "required pam_deny.so",
                 [](int said) { return said == PAM_SUCCESS ? said : int{PAM_AUTH_ERR}; });
}

// What jitctl doctor finds: what follows decides.
void a_refusal_is_forgotten_by_what_the_manual_warns_of(void **)
{
    for (const char *control :
         {"sufficient", "optional", "[default=ignore]", "[success=ok default=ignore]"})
        assert_stack("", control, "required pam_permit.so", [](int) { return int{PAM_SUCCESS}; });
}

void a_jump_over_a_line_that_denies_keeps_a_refusal(void **)
{
    for (const char *deny : {"requisite", "required"})
        assert_stack("", "[success=1 default=ignore]",
                     std::string{deny} + " pam_deny.so\nrequired pam_permit.so",
                     [](int said) { return said == PAM_SUCCESS ? said : int{PAM_AUTH_ERR}; });
}

// What is not named is bad to libpam: no failure passes, whatever the jump is over.
void a_jump_without_a_default_keeps_every_failure(void **)
{
    for (const char *after : {"requisite pam_deny.so\nrequired pam_permit.so",
                              "optional pam_permit.so\nrequired pam_permit.so"})
        assert_stack("", "[success=1]", after,
                     [](int said) { return said == ignored ? int{PAM_PERM_DENIED} : said; });
}

void default_ignore_never_passes_by_itself(void **)
{
    assert_stack("", "[default=ignore]", "required pam_deny.so",
                 [](int) { return int{PAM_AUTH_ERR}; });
    assert_stack("", "[default=ignore]", "", [](int) { return int{PAM_PERM_DENIED}; });
    assert_stack("", "[success=ok default=ignore]", "",
                 [](int said) { return said == PAM_SUCCESS ? said : int{PAM_PERM_DENIED}; });
}

void optional_alone_passes_with_a_live_grant_alone(void **)
{
    assert_stack("", "optional", "",
                 [](int said) { return said == PAM_SUCCESS ? said : int{PAM_PERM_DENIED}; });
}

void the_lines_of_the_manual_stop_at_every_failure(void **)
{
    assert_stack("", "[success=done ignore=ignore default=die]", "required pam_permit.so",
                 [](int said) { return said == ignored ? int{PAM_SUCCESS} : said; });
    assert_stack("", "[success=done ignore=ignore default=die]", "required pam_deny.so",
                 [](int said) { return said == ignored ? int{PAM_AUTH_ERR} : said; });
}

} // namespace

int main(int, char **argv)
{
    const CMUnitTest tests[] = {
        cmocka_unit_test(required_alone_passes_with_a_live_grant_alone),
        cmocka_unit_test(regress_required_after_a_password_fails_for_every_failure),
        cmocka_unit_test(required_before_a_password_fails_for_every_failure),
        cmocka_unit_test(sufficient_passes_with_a_live_grant_alone),
        cmocka_unit_test(a_refusal_is_forgotten_by_what_the_manual_warns_of),
        cmocka_unit_test(a_jump_over_a_line_that_denies_keeps_a_refusal),
        cmocka_unit_test(a_jump_without_a_default_keeps_every_failure),
        cmocka_unit_test(default_ignore_never_passes_by_itself),
        cmocka_unit_test(optional_alone_passes_with_a_live_grant_alone),
        cmocka_unit_test(the_lines_of_the_manual_stop_at_every_failure),
    };
    return JIT_RUN_STAGE("module/stacks", argv, tests);
}
