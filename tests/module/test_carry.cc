// carry: what the shell of su gets of its caller's grant, as real supplementary groups.
#include "tests/module/stage.h"

#include <grp.h>
#include <linux/capability.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>

using namespace jit::pam::test;

namespace {

using Groups = std::vector<gid_t>;

const Groups own{27, 5000};
const Groups with_carried{27, 990, 991, 5000};
constexpr std::size_t most = 65536; // NGROUPS_MAX

int compare_groups(const Groups &expected)
{
    Groups have(most);
    const int count = getgroups(static_cast<int>(have.size()), have.data());
    have.resize(count < 0 ? 0 : static_cast<std::size_t>(count));
    std::sort(have.begin(), have.end());
    if (have == expected)
        return 0;
    for (std::size_t i = 0; i < std::min<std::size_t>(have.size(), 20); ++i)
        print_message("has group %u\n", have[i]);
    return 1;
}

// su of somebody whose process has the groups `before`, and must have `after` at the end.
Wish su(const std::string &phases, Groups after, Groups before = own,
        const std::string &service = "su", const std::string &arguments = "")
{
    write_service(service, arguments);
    Wish wish;
    wish.service = service;
    wish.user = "daemon";
    wish.ruser = "nobody";
    wish.real_uid = nobody;
    wish.phases = phases;
    wish.before = [before = std::move(before)] { (void)setgroups(before.size(), before.data()); };
    wish.after = [after = std::move(after)] { return compare_groups(after); };
    return wish;
}

Outcome play_su(const Wish &wish, const std::string &account = carried)
{
    return play_wish(wish, {{live}, {account}, {}}).outcome;
}

void the_shell_of_su_gets_the_groups_and_keeps_its_own(void **)
{
    for (const char *service : {"su", "su-l"})
        for (const char *phases : {"ace", "acs"})
            assert_codes(play_su(su(phases, with_carried, own, service)),
                         {PAM_SUCCESS, PAM_SUCCESS, PAM_SUCCESS});
    assert_codes(play_su(su("ace", {990, 991}, {})), {PAM_SUCCESS, PAM_SUCCESS, PAM_SUCCESS});
    // By an approval that has just been given, too.
    Terminal terminal;
    Wish wish = su("ace", with_carried);
    wish.terminal = &terminal;
    const Play played = play_wish(wish, {{want}, {pending, code, granted}, {carried}});
    assert_codes(played.outcome, {PAM_SUCCESS, PAM_SUCCESS, PAM_SUCCESS});
}

void what_it_has_already_is_not_added_again(void **)
{
    assert_codes(play_su(su("ace", with_carried, {27, 991, 5000})),
                 {PAM_SUCCESS, PAM_SUCCESS, PAM_SUCCESS});
    assert_codes(play_su(su("acese", with_carried)),
                 {PAM_SUCCESS, PAM_SUCCESS, PAM_SUCCESS, PAM_SUCCESS, PAM_SUCCESS});
}

void to_refresh_and_to_delete_change_nothing(void **)
{
    assert_codes(play_su(su("acrd", own)), {PAM_SUCCESS, PAM_SUCCESS, PAM_SUCCESS, PAM_SUCCESS});
    assert_codes(play_su(su("aceoxd", with_carried)),
                 {PAM_SUCCESS, PAM_SUCCESS, PAM_SUCCESS, PAM_SUCCESS, PAM_SUCCESS, PAM_SUCCESS});
}

void without_the_word_of_the_account_phase_nothing_is_added(void **)
{
    assert_codes(play_su(su("ace", own), live), {PAM_SUCCESS, PAM_SUCCESS, PAM_SUCCESS});
    // What auth was told does not count.
    assert_codes(play_wish(su("ace", own), {{carried}, {live}}).outcome,
                 {PAM_SUCCESS, PAM_SUCCESS, PAM_SUCCESS});
    assert_codes(play_wish(su("ae", own), {{carried}}).outcome, {PAM_SUCCESS, ignored_setcred});
    for (const std::string &no :
         {refused, not_gated, frame(R"("verdict":"observed","carry":[990])"),
          frame(R"("verdict":"denied","carry":[990])")})
        assert_int_equal(play_wish(su("ace", own), {{carried}, {no}}).outcome.codes.at(2),
                         ignored_setcred);
    assert_int_equal(play_su(su("ace", own), "").codes.at(2), ignored_setcred); // jitd is gone
}

void in_no_other_service_anything_is_added_whatever_jitd_says(void **)
{
    for (const char *service : {"sudo", "sudo-i", "sudo-su", "su-x", "runuser", "sshd", "login"}) {
        Wish wish = su("ace", own, own, service, "proven");
        wish.user = "nobody";
        const Play played = play_wish(wish, {{carried}, {carried}});
        assert_codes(played.outcome, {PAM_SUCCESS, PAM_SUCCESS, PAM_SUCCESS});
    }
}

void root_s_su_gets_nothing_and_asks_nobody(void **)
{
    Wish wish = su("ace", own);
    wish.real_uid = 0;
    wish.ruser = "root";
    const Play played = play_wish(wish, {{carried}, {carried}});
    assert_codes(played.outcome, {ignored_auth, ignored_account, ignored_setcred});
    assert_int_equal(played.calls.size(), 0);
}

void who_only_observes_adds_nothing(void **)
{
    const Play played =
        play_wish(su("ace", own, own, "su", "observe"), {{carried}, {carried}, {carried}});
    assert_codes(played.outcome, {ignored_auth, ignored_account, ignored_setcred});
}

void root_s_group_and_more_groups_than_a_role_has_are_no_answer(void **)
{
    for (const char *gids : {"0", "990,0", "4294967295", "-1", "4294968286", "\"990\"",
                             "1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17"}) {
        const std::string answer =
            frame(R"("verdict":"live","role":"web","carry":[)" + std::string{gids} + "]");
        assert_codes(play_su(su("ace", own), answer),
                     {PAM_SUCCESS, PAM_SYSTEM_ERR, ignored_setcred});
    }
}

// Less than was granted is no reason to refuse.
void where_groups_cannot_be_added_all_stays_as_it_is(void **)
{
    Groups full;
    for (gid_t gid = 100000; full.size() < most; ++gid)
        full.push_back(gid);
    assert_codes(play_su(su("ace", full, full)), {PAM_SUCCESS, PAM_SUCCESS, PAM_SUCCESS});
    full.resize(most - 1); // one of two would fit
    assert_codes(play_su(su("ace", full, full)), {PAM_SUCCESS, PAM_SUCCESS, PAM_SUCCESS});

    Wish wish = su("ace", own);
    wish.before = [] {
        (void)setgroups(own.size(), own.data());
        __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
        __user_cap_data_struct data[2] = {};
        (void)syscall(SYS_capget, &header, data);
        data[0].effective &= ~(1U << CAP_SETGID);
        data[0].permitted &= ~(1U << CAP_SETGID);
        if (syscall(SYS_capset, &header, data) != 0)
            std::_Exit(97);
    };
    assert_codes(play_su(wish), {PAM_SUCCESS, PAM_SUCCESS, PAM_SUCCESS});
}

} // namespace

int main(int, char **argv)
{
    const CMUnitTest tests[] = {
        cmocka_unit_test(the_shell_of_su_gets_the_groups_and_keeps_its_own),
        cmocka_unit_test(what_it_has_already_is_not_added_again),
        cmocka_unit_test(to_refresh_and_to_delete_change_nothing),
        cmocka_unit_test(without_the_word_of_the_account_phase_nothing_is_added),
        cmocka_unit_test(in_no_other_service_anything_is_added_whatever_jitd_says),
        cmocka_unit_test(root_s_su_gets_nothing_and_asks_nobody),
        cmocka_unit_test(who_only_observes_adds_nothing),
        cmocka_unit_test(root_s_group_and_more_groups_than_a_role_has_are_no_answer),
        cmocka_unit_test(where_groups_cannot_be_added_all_stays_as_it_is),
    };
    return JIT_RUN_STAGE("module/carry", argv, tests);
}
