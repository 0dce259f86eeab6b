// Who may approve, and when that is enough.
#include "tests/unit/cmocka_cpp.h"

#include <algorithm>
#include <cstdio>

#include "policy/approving.h"
#include "tests/unit/policy/asking.h"
#include "tests/unit/policy/situation.h"

using namespace jit::policy;
using namespace jit::policy::test;

namespace {

using Standing = ApproverStanding;
using Oids = std::vector<std::string>;

constexpr const char *alice_oid = "a11ce000-0000-4000-8000-000000000001";
constexpr const char *bob_oid = "b0b00000-0000-4000-8000-000000000002";
constexpr const char *carol_oid = "ca501000-0000-4000-8000-000000000003";
constexpr const char *dave_oid = "dafe0000-0000-4000-8000-000000000004";
constexpr const char *dbas = "9a000000-0000-4000-8000-000000000001";

Role role_of(std::vector<Approver> approvers, unsigned quorum = 1)
{
    Role role;
    role.name = "dba";
    role.approval.mode = Approval::Mode::approver;
    role.approval.approvers = std::move(approvers);
    role.approval.quorum = quorum;
    return role;
}

Role by_people(unsigned quorum = 1)
{
    return role_of({{Approver::Kind::user, bob_oid}, {Approver::Kind::user, carol_oid}}, quorum);
}

Role by_group(unsigned quorum = 1)
{
    return role_of({{Approver::Kind::group, dbas}}, quorum);
}

Person known(std::string oid)
{
    Person person;
    person.user = "somebody";
    person.oid = std::move(oid);
    return person;
}

Person signed_in(std::string oid, std::optional<std::vector<std::string>> groups = std::nullopt)
{
    Person person = known(std::move(oid));
    person.signed_in = true;
    person.groups = std::move(groups);
    return person;
}

void a_person_in_the_list_approves(void **)
{
    for (const char *oid : {bob_oid, carol_oid, "B0B00000-0000-4000-8000-000000000002"}) {
        assert_true(approver_standing(by_people(), alice_oid, known(oid)) == Standing::approver);
        assert_true(approver_standing(by_people(), alice_oid, signed_in(oid)) ==
                    Standing::approver);
    }
    assert_true(approver_standing(by_people(), alice_oid, known(dave_oid)) == Standing::stranger);
    // A `sub` is compared as it is.
    const Role other = role_of({{Approver::Kind::user, "Bob"}});
    assert_true(approver_standing(other, "alice", known("Bob")) == Standing::approver);
    assert_true(approver_standing(other, "alice", known("bob")) == Standing::stranger);
    // An id of a group is nobody's.
    assert_true(approver_standing(by_group(), alice_oid, signed_in(dbas, Oids{})) ==
                Standing::stranger);
    assert_true(approver_standing(by_people(), alice_oid, signed_in(dave_oid, Oids{bob_oid})) ==
                Standing::stranger);
}

void a_group_is_known_by_the_sign_in_alone(void **)
{
    assert_true(approver_standing(by_group(), alice_oid, known(bob_oid)) ==
                Standing::needs_sign_in);
    Person before = known(bob_oid);
    before.groups = Oids{dbas}; // from nowhere that counts
    assert_true(approver_standing(by_group(), alice_oid, before) == Standing::needs_sign_in);
    assert_true(approver_standing(by_group(), alice_oid, signed_in(bob_oid, Oids{dbas})) ==
                Standing::approver);
    assert_true(
        approver_standing(by_group(), alice_oid,
                          signed_in(bob_oid, Oids{"9A000000-0000-4000-8000-000000000001"})) ==
        Standing::approver);
    assert_true(approver_standing(by_group(), alice_oid, signed_in(bob_oid, Oids{})) ==
                Standing::stranger);
    assert_true(approver_standing(by_group(), alice_oid, signed_in(bob_oid)) == Standing::stranger);
}

void what_the_token_left_out_can_be_asked_for(void **)
{
    const Role both = role_of({{Approver::Kind::group, dbas}, {Approver::Kind::user, carol_oid}});
    assert_true(approver_groups_in_doubt(both, signed_in(bob_oid)) == Oids{dbas});
    Person overage = signed_in(bob_oid, Oids{});
    overage.group_overage = true;
    assert_true(approver_groups_in_doubt(both, overage) == Oids{dbas});
    overage.groups = Oids{dbas};
    assert_true(approver_groups_in_doubt(both, overage).empty());
    assert_true(approver_groups_in_doubt(both, signed_in(carol_oid)).empty());
    assert_true(approver_groups_in_doubt(both, signed_in(bob_oid, Oids{})).empty());
    assert_true(approver_groups_in_doubt(both, known(bob_oid)).empty());
    assert_true(approver_groups_in_doubt(both, signed_in("")).empty());
    assert_true(approver_groups_in_doubt(by_people(), signed_in(dave_oid)).empty());
    Role other = both;
    other.approval.mode = Approval::Mode::self;
    assert_true(approver_groups_in_doubt(other, signed_in(bob_oid)).empty());
}

void the_requester_is_the_requester_whatever_he_is_called(void **)
{
    for (const Role &role : {by_people(), by_group()})
        for (const char *oid : {bob_oid, "B0B00000-0000-4000-8000-000000000002"}) {
            assert_true(approver_standing(role, oid, known(bob_oid)) == Standing::requester);
            Person person = signed_in(bob_oid, Oids{dbas});
            person.user = "another.name";
            assert_true(approver_standing(role, oid, person) == Standing::requester);
        }
}

void what_is_not_known_approves_nothing(void **)
{
    assert_true(approver_standing(by_people(), "", known(bob_oid)) == Standing::stranger);
    assert_true(approver_standing(by_people(), alice_oid, known("")) == Standing::stranger);
    assert_true(approver_standing(by_people(), "", known("")) == Standing::stranger);
    assert_true(approver_standing(by_group(), alice_oid, signed_in("", Oids{dbas})) ==
                Standing::stranger);
    Person found = known("");
    found.found_by_sign_in = true;
    assert_true(approver_standing(by_people(), alice_oid, found) == Standing::needs_sign_in);
    found.signed_in = true;
    assert_true(approver_standing(by_people(), alice_oid, found) == Standing::stranger);
    // An entry or an id that is empty meets nothing.
    const Role empty = role_of({{Approver::Kind::user, ""}, {Approver::Kind::group, ""}});
    assert_true(approver_standing(empty, alice_oid, signed_in("", Oids{""})) == Standing::stranger);
    assert_true(approver_standing(empty, alice_oid, signed_in(bob_oid, Oids{""})) ==
                Standing::stranger);
    assert_true(approver_standing(role_of({}), alice_oid, known(bob_oid)) == Standing::stranger);
    assert_false(is_quorum(role_of({}), alice_oid, Oids{bob_oid}));
}

void only_the_mode_approver_has_approvers(void **)
{
    for (const Approval::Mode mode :
         {Approval::Mode::self, Approval::Mode::none, Approval::Mode::pim, Approval::Mode::watch}) {
        Role role = by_people();
        role.approval.mode = mode;
        assert_true(approver_standing(role, alice_oid, signed_in(bob_oid)) == Standing::stranger);
        assert_false(is_quorum(role, alice_oid, Oids{bob_oid, carol_oid}));
    }
}

void each_counts_once_and_the_requester_never(void **)
{
    const std::string bob_loud = "B0B00000-0000-4000-8000-000000000002";
    assert_false(is_quorum(by_people(), alice_oid, Oids{}));
    assert_true(is_quorum(by_people(), alice_oid, Oids{bob_oid}));
    assert_false(is_quorum(by_people(2), alice_oid, Oids{bob_oid}));
    assert_false(is_quorum(by_people(2), alice_oid, Oids{bob_oid, bob_oid, bob_loud}));
    assert_true(is_quorum(by_people(2), alice_oid, Oids{bob_oid, bob_oid, carol_oid}));
    for (const char *requester : {bob_oid, "B0B00000-0000-4000-8000-000000000002"}) {
        assert_false(is_quorum(by_people(), requester, Oids{bob_oid, bob_loud}));
        assert_false(is_quorum(by_people(2), requester, Oids{bob_oid, carol_oid}));
        assert_false(is_quorum(by_group(), requester, Oids{bob_loud}));
    }
    assert_false(is_quorum(by_people(), "", Oids{bob_oid}));
    assert_false(is_quorum(by_group(), alice_oid, Oids{"", ""}));
    assert_false(is_quorum(by_group(2), alice_oid, Oids{"", bob_oid}));
    // Whom the policy has taken off the list since; who of a group he is it can't say.
    assert_false(is_quorum(by_people(), alice_oid, Oids{dave_oid}));
    assert_true(is_quorum(by_group(), alice_oid, Oids{dave_oid}));
    // No reader gives that; it is not "nobody".
    Role none = by_people();
    none.approval.quorum = 0;
    assert_false(is_quorum(none, alice_oid, Oids{}));
}

// --- properties ----------------------------------------------------------------------------------

constexpr unsigned situations = 4000;

Numbers numbers_of(std::uint64_t seed)
{
    return [state = seed](std::uint64_t below) mutable {
        state += 0x9E37'79B9'7F4A'7C15;
        std::uint64_t mixed = state;
        mixed = (mixed ^ mixed >> 30) * 0xBF58'476D'1CE4'E5B9;
        mixed = (mixed ^ mixed >> 27) * 0x94D0'49BB'1331'11EB;
        return (mixed ^ mixed >> 31) % below;
    };
}

struct Approved {
    Role role;
    std::string requester;
    Person person;
    Oids oids;
};

Approved make_approved(const Numbers &below)
{
    Approved out;
    out.role = make_situation(below).web();
    out.role.approval.mode = is_one_in(below, 8) ? Approval::Mode::self : Approval::Mode::approver;
    while (out.role.approval.approvers.empty() || is_one_in(below, 2))
        out.role.approval.approvers.push_back(make_approver(below));
    out.role.approval.quorum = static_cast<unsigned>(1 + below(3));
    out.requester = pick(below, some_ids);
    make_person(out.person, below);
    out.person.oid = pick(below, some_ids);
    constexpr const char *others[] = {some_ids[0], some_ids[1], some_ids[2],
                                      some_ids[3], carol_oid,   dave_oid};
    for (auto left = below(5); left > 0; --left)
        out.oids.push_back(pick(below, others));
    return out;
}

void no_entry_makes_the_requester_an_approver(void **)
{
    for (unsigned seed = 1; seed <= situations; ++seed) {
        const Numbers below = numbers_of(seed);
        Approved made = make_approved(below);
        made.person.oid = made.requester;
        const bool is_his = is_one_in(below, 2);
        const bool had = is_quorum(made.role, made.requester, made.oids);
        for (int i = 0; i < 4; ++i) {
            assert_true(approver_standing(made.role, made.requester, made.person) !=
                        Standing::approver);
            // Nor does his own approval make a quorum of fewer.
            Oids more = made.oids;
            more.push_back(made.requester);
            assert_true(is_quorum(made.role, made.requester, more) ==
                        is_quorum(made.role, made.requester, made.oids));
            made.role.approval.approvers.push_back(
                is_his ? Approver{Approver::Kind::user, made.requester} : make_approver(below));
        }
        if (is_his) // and where he is listed nothing is won
            assert_true(is_quorum(made.role, made.requester, made.oids) == had);
    }
}

void an_approver_less_never_makes_a_quorum_or_an_approver(void **)
{
    unsigned quorums = 0;
    for (unsigned seed = 1; seed <= situations; ++seed) {
        const Approved made = make_approved(numbers_of(seed));
        const bool had = is_quorum(made.role, made.requester, made.oids);
        const Standing before = approver_standing(made.role, made.requester, made.person);
        quorums += had ? 1 : 0;
        for (std::size_t i = 0; i < made.role.approval.approvers.size(); ++i) {
            Role fewer = made.role;
            fewer.approval.approvers.erase(fewer.approval.approvers.begin() +
                                           static_cast<std::ptrdiff_t>(i));
            assert_true(had || !is_quorum(fewer, made.requester, made.oids));
            if (before != Standing::approver)
                assert_true(approver_standing(fewer, made.requester, made.person) !=
                            Standing::approver);
        }
        for (std::size_t i = 0; i < made.oids.size(); ++i) {
            Oids fewer = made.oids;
            fewer.erase(fewer.begin() + static_cast<std::ptrdiff_t>(i));
            assert_true(had || !is_quorum(made.role, made.requester, fewer));
        }
        Role stricter = made.role;
        ++stricter.approval.quorum;
        assert_true(had || !is_quorum(stricter, made.requester, made.oids));
    }
    assert_true(quorums > situations / 8 && quorums < situations - situations / 8);
}

void the_order_of_approvals_does_not_matter(void **)
{
    for (unsigned seed = 1; seed <= situations; ++seed) {
        const Approved made = make_approved(numbers_of(seed));
        Oids turned{made.oids.rbegin(), made.oids.rend()};
        turned.insert(turned.end(), made.oids.begin(), made.oids.end());
        assert_true(is_quorum(made.role, made.requester, made.oids) ==
                    is_quorum(made.role, made.requester, turned));
    }
}

} // namespace

int main()
{
    const CMUnitTest tests[] = {
        cmocka_unit_test(a_person_in_the_list_approves),
        cmocka_unit_test(a_group_is_known_by_the_sign_in_alone),
        cmocka_unit_test(what_the_token_left_out_can_be_asked_for),
        cmocka_unit_test(the_requester_is_the_requester_whatever_he_is_called),
        cmocka_unit_test(what_is_not_known_approves_nothing),
        cmocka_unit_test(only_the_mode_approver_has_approvers),
        cmocka_unit_test(each_counts_once_and_the_requester_never),
        cmocka_unit_test(no_entry_makes_the_requester_an_approver),
        cmocka_unit_test(an_approver_less_never_makes_a_quorum_or_an_approver),
        cmocka_unit_test(the_order_of_approvals_does_not_matter),
    };
    return cmocka_run_group_tests_name("policy/approving", tests, nullptr, nullptr);
}
