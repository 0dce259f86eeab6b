// Memory or descriptors run out at every place where they can: never a yes without a live grant,
// never PAM_IGNORE for it, never a crash.
#include "tests/module/stage.h"

#include <dlfcn.h>
#include <fcntl.h>
#include <pwd.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>

using namespace jit::pam::test;

namespace {

constexpr int is_short = 77; // the program's own exit, when something did run out

struct Scene {
    const char *name;
    std::vector<Answers> answers;
    bool is_in_terminal;
    const char *service;
    bool is_live;
};

const std::vector<Scene> &scenes()
{
    static const std::vector<Scene> all = {
        {"refused", {{refused}, {refused}}, false, "door", false},
        {"refused, in sudo", {{refused}, {refused}}, false, "sudo", false},
        {"no grant", {{want}, {want}}, false, "door", false},
        {"dead", {}, false, "sudo", false},
        {"garbage", {{"x" + nul}, {"x" + nul}}, false, "door", false},
        {"declined", {{want}, {pending, code, declined}, {want}}, true, "door", false},
        {"chosen and declined", {{choice}, {pending, code, declined}, {want}}, true, "sudo", false},
        {"live", {{live}, {live}}, false, "sudo", true},
        {"live, and its groups carried on", {{live}, {carried}}, false, "su", true},
        {"granted", {{want}, {pending, code, granted}, {live}}, true, "door", true},
    };
    return all;
}

// A transaction of all phases in which something runs short from before() to after().
Outcome play_scene(const Scene &scene, std::function<void()> before, std::function<int()> after)
{
    Terminal terminal;
    Wish wish;
    wish.service = scene.service;
    const bool is_by_uid = wish.service != "door";
    write_service(wish.service, is_by_uid ? "" : "proven");
    if (is_by_uid) {
        wish.real_uid = nobody;
        wish.ruser = "nobody";
    }
    wish.phases = "acsox";
    wish.answer = "1";
    if (scene.is_in_terminal)
        wish.terminal = &terminal;
    wish.before = std::move(before);
    wish.after = std::move(after);
    return play_wish(wish, scene.answers).outcome;
}

void assert_no_harm(const Scene &scene, const Outcome &outcome, long n)
{
    const bool ended = WIFEXITED(outcome.status) && outcome.codes.size() == 5 &&
                       (outcome.status == 0 || WEXITSTATUS(outcome.status) == is_short);
    bool harmed = !ended;
    if (ended && !scene.is_live)
        harmed = outcome.codes[0] == PAM_SUCCESS || outcome.codes[1] == PAM_SUCCESS ||
                 outcome.codes[2] == PAM_SUCCESS;
    // Gated in every scene: that is never none of our business.
    if (ended)
        harmed = harmed || outcome.codes[0] == ignored_auth || outcome.codes[1] == ignored_account;
    if (!harmed)
        return;
    print_message("%s, at %ld: status %d, codes", scene.name, n, outcome.status);
    for (const int each : outcome.codes)
        print_message(" %d", each);
    print_message(", shown: %s\n", outcome.shown.c_str());
    assert_false(harmed);
}

template <typename Function> Function *find(const char *name)
{
    return reinterpret_cast<Function *>(dlsym(RTLD_DEFAULT, name));
}

// Whoever calls PAM has looked for a user before; where he has not, the C library itself crashes
// when it finds no memory for what it reads of nsswitch.conf.
void warm_name_service()
{
    (void)getpwnam("root");
    (void)getpwuid(54321);
}

// Every allocation in turn, in libpam, the module and the C library, and if it is to last, all
// after.
void starve(bool is_lasting)
{
    auto *const starve_at = find<void(long, bool)>("starve_at");
    auto *const has_failed = find<bool()>("starve_has_failed");
    assert_non_null(starve_at);
    assert_non_null(has_failed);
    warm_name_service();
    for (const Scene &scene : scenes()) {
        long n = 0;
        for (int status = is_short; status == is_short;) {
            ++n;
            assert_true(n < 1000);
            const Outcome outcome = play_scene(
                scene, [=] { starve_at(n, is_lasting); },
                [=] {
                    const bool was_short = has_failed();
                    starve_at(0, false);
                    return was_short ? is_short : 0;
                });
            assert_no_harm(scene, outcome, n);
            status = WEXITSTATUS(outcome.status);
        }
        // The last was the whole story without a shortage, and some allocation there was to fail.
        assert_true(n > 2);
    }
}

void any_one_allocation_that_fails_is_never_a_yes_and_never_a_crash(void **)
{
    starve(false);
}

void regress_memory_gone_for_good_is_never_a_yes_a_crash_or_a_hang(void **)
{
    starve(true);
}

void regress_half_of_the_account_s_names_is_no_name(void **)
{
    auto *const starve_names = find<void(bool)>("starve_names");
    assert_non_null(starve_names);
    write_service("door", "proven");
    Wish wish;
    wish.service = "door";
    wish.phases = "c";
    wish.before = [=] { starve_names(true); };
    const Play played = play_wish(wish, {{want}});
    assert_codes(played.outcome, {PAM_PERM_DENIED});
    // The door is then gated, whoever the account is.
    assert_true(has(played.calls.at(0), R"("account":"nobody","account_names":[])"));
}

// The limit below which so many descriptors are free.
rlim_t leave_free(rlim_t count)
{
    int limit = 0;
    for (; count > 0 || fcntl(limit, F_GETFD) >= 0; ++limit)
        if (fcntl(limit, F_GETFD) < 0)
            --count;
    return static_cast<rlim_t>(limit);
}

void descriptors_exhausted_is_never_a_yes_and_never_a_crash(void **)
{
    for (const Scene &scene : scenes())
        for (rlim_t few = 0; few < 8; ++few) {
            const Outcome outcome = play_scene(
                scene,
                [few] {
                    const rlimit limit{leave_free(few), 4096};
                    if (setrlimit(RLIMIT_NOFILE, &limit) != 0)
                        std::_Exit(95);
                },
                [] {
                    const rlimit limit{4096, 4096};
                    return setrlimit(RLIMIT_NOFILE, &limit) == 0 ? 0 : 95;
                });
            assert_no_harm(scene, outcome, static_cast<long>(few));
            if (few == 0 && !scene.is_live)
                assert_true(outcome.codes[1] != PAM_SUCCESS);
            // Enough for a terminal, a signal descriptor, a socket and what the name service opens.
            if (few == 7 && scene.is_live)
                assert_int_equal(outcome.codes[0], PAM_SUCCESS);
        }
}

} // namespace

int main(int, char **argv)
{
    const CMUnitTest tests[] = {
        cmocka_unit_test(any_one_allocation_that_fails_is_never_a_yes_and_never_a_crash),
        cmocka_unit_test(regress_memory_gone_for_good_is_never_a_yes_a_crash_or_a_hang),
        cmocka_unit_test(regress_half_of_the_account_s_names_is_no_name),
        cmocka_unit_test(descriptors_exhausted_is_never_a_yes_and_never_a_crash),
    };
    return JIT_RUN_STAGE("module/shortage", argv, tests, "starve.so");
}
