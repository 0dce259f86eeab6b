#include "tests/unit/cmocka_cpp.h"

#include <algorithm>
#include <cstdio>

#include "lib/base/text.h"
#include "policy/common_text.h"
#include "policy/limits.h"
#include "policy/overlap_search.h"
#include "tests/unit/policy/random_roles.h"

using namespace jit::policy;

namespace {

using Earlier = std::vector<std::optional<std::size_t>>;

Role make_role(std::vector<std::string> services, std::vector<AccountPattern> accounts)
{
    Role role;
    role.services = std::move(services);
    role.accounts = std::move(accounts);
    return role;
}

std::string by_description(const Role &role)
{
    return role.description;
}

// Every pair, one after the other.
Earlier walk(const std::vector<Role> &roles, std::string (*sharing)(const Role &))
{
    Earlier out(roles.size());
    for (std::size_t second = 0; second < roles.size(); ++second)
        for (std::size_t first = 0; first < second && !out[second]; ++first) {
            const std::string key = sharing(roles[first]);
            const bool may_share = !key.empty() && key == sharing(roles[second]);
            if (!may_share && find_overlap(roles[first], roles[second]))
                out[second] = first;
        }
    return out;
}

void check_search(const std::vector<Role> &roles, unsigned seed)
{
    for (const auto sharing : {&sharing_of, &by_description}) {
        const Overlaps found = find_overlaps(roles, max_overlap_steps, sharing);
        assert_false(found.gave_up_at.has_value());
        if (found.earlier != walk(roles, sharing))
            std::printf("seed %u\n", seed);
        assert_true(found.earlier == walk(roles, sharing));
    }
}

void search_finds_what_a_walk_over_all_pairs_finds(void **)
{
    std::size_t overlaps = 0;
    for (unsigned seed = 0; seed < 500; ++seed) {
        RandomRoles random{seed};
        const auto roles = random.roles(2 + random.below(24), seed % 11);
        check_search(roles, seed);
        for (const auto &earlier : walk(roles, &sharing_of))
            overlaps += earlier ? 1 : 0;
    }
    assert_true(overlaps > 1000); // it was worth looking
}

void search_finds_none_among_no_roles_or_one(void **)
{
    assert_true(find_overlaps({}, max_overlap_steps).earlier.empty());
    const std::vector<Role> one{make_role({"sudo"}, {{false, "*"}})};
    assert_true(find_overlaps(one, max_overlap_steps).earlier == Earlier(1));
}

void search_names_the_first_of_many_that_overlap(void **)
{
    const std::vector<Role> roles{
        make_role({"su"}, {{false, "root"}}),         make_role({"sudo"}, {{false, "db*"}}),
        make_role({"sudo"}, {{false, "root"}}),       make_role({"sudo-i"}, {{false, "db7"}}),
        make_role({"sudo", "su"}, {{false, "root"}}),
    };
    assert_true(find_overlaps(roles, max_overlap_steps).earlier ==
                (Earlier{std::nullopt, std::nullopt, std::nullopt, 1, 0}));
}

void search_judges_two_patterns_as_a_pair_is_judged(void **)
{
    const std::vector<Role> apart{
        make_role({"sudo"}, {{false, "db*"}, {true, "app*"}}),
        make_role({"sudo"}, {{false, "app*"}}), make_role({"su"}, {{false, "app*"}}),
        make_role({"sudo"}, {{false, "*"}, {true, "*"}}), // matches nothing
    };
    assert_true(find_overlaps(apart, max_overlap_steps).earlier == Earlier(4));
    // Nothing is common, but nothing says so.
    const std::vector<Role> perhaps{
        make_role({"sudo"}, {{false, "d*"}, {true, "db"}, {true, "d?*b"}}),
        make_role({"sudo"}, {{false, "*b"}, {true, "d*c"}})};
    assert_true(find_overlaps(perhaps, max_overlap_steps).earlier[1] == 0U);
}

// Names have to be common for it, and not only wildcards.
void regress_patterns_without_a_common_name_do_not_overlap(void **)
{
    std::vector<Role> roles;
    for (const char *glob : {"a*", "b*", "c*1", "c*2", "c?3", "c??3", "da*", "d?"})
        roles.push_back(make_role({"sshd"}, {{false, glob}}));
    Earlier expected(roles.size());
    expected[7] = 6; // da
    assert_true(find_overlaps(roles, max_overlap_steps).earlier == expected);
    const auto overlap = find_overlap(roles[6], roles[7]);
    assert_true(overlap.has_value());
    assert_text(overlap->account, "d?");
    assert_text(overlap->other, "da*");
    const auto within =
        find_overlap(make_role({"su"}, {{false, "db1*"}}), make_role({"su"}, {{false, "db*"}}));
    assert_text(within->account, "db1*");
    assert_text(within->other, "");
}

// One pattern each, no two of which have a name in common: as good as names.
void search_takes_few_steps_where_patterns_begin_in_many_ways(void **)
{
    std::vector<Role> roles;
    for (int i = 0; i < 10'000; ++i)
        roles.push_back(make_role({"sudo"}, {{false, "app" + std::to_string(i) + "-*"}}));
    const Overlaps found = find_overlaps(roles, 32 * roles.size());
    assert_false(found.gave_up_at.has_value());
    assert_true(found.earlier == Earlier(roles.size()));
}

// Every name of letters that occur in the globs, up to a length.
std::vector<std::string> all_names(std::size_t longest)
{
    std::vector<std::string> out{""};
    for (std::size_t at = 0; at < out.size(); ++at)
        if (out[at].size() < longest)
            for (const char c : {'a', 'b', 'c'})
                out.push_back(out[at] + c);
    return out;
}

void globs_have_a_text_in_common_if_there_is_one(void **)
{
    const auto names = all_names(6);
    RandomRoles random{7};
    const auto make_glob = [&] {
        std::string glob;
        for (std::size_t left = random.below(5); left > 0; --left)
            glob += "ab*?*"[random.below(5)];
        return glob;
    };
    std::size_t common = 0;
    std::size_t apart = 0;
    for (int i = 0; i < 20'000; ++i) {
        const std::string a = make_glob();
        const std::string b = make_glob();
        const bool is_there = std::any_of(names.begin(), names.end(), [&](const std::string &name) {
            return jit::matches_glob(a, name) && jit::matches_glob(b, name);
        });
        if (have_common_text(a, b) != is_there || have_common_text(b, a) != is_there)
            std::printf("%s and %s\n", a.c_str(), b.c_str());
        assert_int_equal(have_common_text(a, b), is_there);
        assert_int_equal(have_common_text(b, a), is_there);
        ++(is_there ? common : apart);
    }
    assert_true(common > 4000 && apart > 4000);
}

// Ten thousand, each pair of which overlaps.
void search_is_quick_where_all_roles_gate_every_account(void **)
{
    const std::vector<Role> roles(10'000, make_role({"sudo"}, {{false, "*"}}));
    const Overlaps found = find_overlaps(roles, 100);
    assert_false(found.gave_up_at.has_value());
    assert_false(found.earlier[0].has_value());
    for (std::size_t i = 1; i < roles.size(); ++i)
        assert_true(found.earlier[i] == 0U);
}

void search_takes_few_steps_where_roles_name_their_accounts(void **)
{
    std::vector<Role> roles{make_role({"sudo"}, {{false, "db*"}})};
    for (int i = 0; i < 10'000; ++i)
        roles.push_back(make_role({"sudo"}, {{false, "app" + std::to_string(i)}}));
    const Overlaps found = find_overlaps(roles, 4 * roles.size());
    assert_false(found.gave_up_at.has_value());
    assert_true(found.earlier == Earlier(roles.size()));
}

void search_gives_up_before_it_takes_more_steps_than_it_may(void **)
{
    std::vector<Role> roles;
    for (int i = 0; i < 2000; ++i) // kept apart by the negation, which is compared in each pair
        roles.push_back(make_role({"sudo"}, {{false, "*a" + std::to_string(i)}, {true, "*a*"}}));
    assert_true(find_overlaps(roles, 10'000).gave_up_at.has_value());
    assert_true(find_overlaps(roles, max_overlap_steps).earlier == Earlier(roles.size()));
    // The same by way of a name that all of them match.
    std::vector<Role> named(1, make_role({"sudo"}, {{false, "db1"}}));
    named.push_back(make_role({"sudo"}, {{false, std::string(200, '*')}, {true, "db1"}}));
    assert_true(find_overlaps(named, 1).gave_up_at.has_value());
    assert_false(find_overlaps(named, 100).gave_up_at.has_value());
}

} // namespace

int main()
{
    const CMUnitTest tests[] = {
        cmocka_unit_test(search_finds_what_a_walk_over_all_pairs_finds),
        cmocka_unit_test(search_finds_none_among_no_roles_or_one),
        cmocka_unit_test(search_names_the_first_of_many_that_overlap),
        cmocka_unit_test(search_judges_two_patterns_as_a_pair_is_judged),
        cmocka_unit_test(regress_patterns_without_a_common_name_do_not_overlap),
        cmocka_unit_test(search_takes_few_steps_where_patterns_begin_in_many_ways),
        cmocka_unit_test(globs_have_a_text_in_common_if_there_is_one),
        cmocka_unit_test(search_is_quick_where_all_roles_gate_every_account),
        cmocka_unit_test(search_takes_few_steps_where_roles_name_their_accounts),
        cmocka_unit_test(search_gives_up_before_it_takes_more_steps_than_it_may),
    };
    return cmocka_run_group_tests_name("policy/overlap", tests, nullptr, nullptr);
}
