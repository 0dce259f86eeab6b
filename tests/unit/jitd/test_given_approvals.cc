// What of the approvals that were given counts, over some thousand made-up lists: each person once,
// never who asks, and nobody whom the policy of now does not name.
#include "tests/unit/cmocka_cpp.h"

#include <algorithm>
#include <random>
#include <set>

#include "jitd/given_approvals.h"
#include "lib/base/text.h"

using namespace jit;
using namespace jit::daemon;

namespace {

constexpr unsigned lists = 5000;
const std::string oids[] = {
    "a11ce000-0000-4000-8000-000000000001", "b0b00000-0000-4000-8000-000000000002",
    "B0B00000-0000-4000-8000-000000000002", "ca501000-0000-4000-8000-000000000003",
    "da7e0000-0000-4000-8000-000000000004", "",
};
const std::string groups[] = {"9a000000-0000-4000-8000-000000000001",
                              "9a000000-0000-4000-8000-000000000002"};
using Kind = policy::Approver::Kind;

struct Made {
    policy::Role role;
    std::string requester;
    std::vector<GivenApproval> given;

    std::size_t count() const { return count_approvals(role, requester, given); }
};

class Maker
{
  public:
    explicit Maker(unsigned seed) : random_(seed) {}
    unsigned below(std::size_t end) { return static_cast<unsigned>(random_() % end); }

    policy::Approver approver()
    {
        // An entry is never empty: the reader sees to it.
        return below(3) == 0 ? policy::Approver{Kind::group, groups[below(2)]}
                             : policy::Approver{Kind::user, oids[below(std::size(oids) - 1)]};
    }
    GivenApproval yes()
    {
        GivenApproval one;
        one.oid = oids[below(std::size(oids))];
        one.user = "user" + std::to_string(below(3));
        for (const std::string &group : groups)
            if (below(3) == 0)
                one.groups.push_back(group);
        return one;
    }
    Made made()
    {
        Made out;
        out.role.approval.mode =
            below(12) == 0 ? policy::Approval::Mode::self : policy::Approval::Mode::approver;
        for (unsigned left = 1 + below(3); left > 0; --left)
            out.role.approval.approvers.push_back(approver());
        out.requester = oids[below(12) == 0 ? 5 : below(3)];
        for (unsigned left = below(6); left > 0; --left)
            out.given.push_back(yes());
        return out;
    }

  private:
    std::mt19937 random_;
};

// Told once more, by people and not by the list.
std::size_t people_of(const Made &made)
{
    if (made.role.approval.mode != policy::Approval::Mode::approver || made.requester.empty())
        return 0;
    std::set<std::string> people;
    for (const GivenApproval &one : made.given) {
        const auto &approvers = made.role.approval.approvers;
        const bool is_named =
            std::any_of(approvers.begin(), approvers.end(), [&](const policy::Approver &entry) {
                return entry.kind == Kind::user ? to_lower(entry.value) == to_lower(one.oid)
                                                : std::find(one.groups.begin(), one.groups.end(),
                                                            entry.value) != one.groups.end();
            });
        if (is_named && !one.oid.empty() && to_lower(one.oid) != to_lower(made.requester))
            people.insert(to_lower(one.oid));
    }
    return people.size();
}

void each_person_counts_once_and_the_requester_never(void **)
{
    Maker maker{1};
    std::size_t counted = 0;
    for (unsigned i = 0; i < lists; ++i) {
        Made made = maker.made();
        const std::size_t before = made.count();
        assert_int_equal(before, people_of(made));
        counted += before > 1 ? 1 : 0;
        // His own changes nothing, under whatever name, in whatever letters and groups.
        GivenApproval own = maker.yes();
        own.oid = maker.below(2) == 0 ? made.requester : to_lower(made.requester);
        made.given.push_back(own);
        assert_int_equal(made.count(), before);
        // Nor what was said twice, and in another order.
        const auto once = made.given;
        made.given.insert(made.given.end(), once.rbegin(), once.rend());
        for (GivenApproval &one : made.given)
            one.user += "x";
        assert_int_equal(made.count(), before);
    }
    assert_true(counted > lists / 16);
}

void one_approver_or_approval_less_never_counts_more(void **)
{
    Maker maker{2};
    for (unsigned i = 0; i < lists; ++i) {
        const Made made = maker.made();
        const std::size_t before = made.count();
        for (std::size_t at = 0; at < made.role.approval.approvers.size(); ++at) {
            Made fewer = made;
            auto &approvers = fewer.role.approval.approvers;
            approvers.erase(approvers.begin() + static_cast<std::ptrdiff_t>(at));
            assert_true(fewer.count() <= before);
            approvers.clear();
            assert_int_equal(fewer.count(), 0);
        }
        for (std::size_t at = 0; at < made.given.size(); ++at) {
            Made fewer = made;
            fewer.given.erase(fewer.given.begin() + static_cast<std::ptrdiff_t>(at));
            assert_in_range(fewer.count(), before > 0 ? before - 1 : 0, before);
        }
        Made more = made;
        more.given.push_back(maker.yes());
        assert_in_range(more.count(), before, before + 1);
    }
}

void another_mode_or_nobodys_request_counts_nothing(void **)
{
    using Mode = policy::Approval::Mode;
    Maker maker{3};
    for (unsigned i = 0; i < lists; ++i) {
        Made made = maker.made();
        for (const Mode mode : {Mode::self, Mode::none, Mode::pim, Mode::watch}) {
            made.role.approval.mode = mode;
            assert_int_equal(made.count(), 0);
        }
        made.role.approval.mode = Mode::approver;
        made.requester.clear();
        assert_int_equal(made.count(), 0);
    }
}

void names_are_split_as_they_were_joined(void **)
{
    Maker maker{4};
    for (unsigned i = 0; i < lists; ++i) {
        std::vector<std::string> names;
        for (const GivenApproval &one : maker.made().given)
            if (!one.oid.empty())
                names.push_back(one.oid);
        assert_true(split_approvers(name_approvers(names)) == names);
    }
    assert_true(split_approvers("").empty());
    assert_true(split_approvers("  ").empty());
}

} // namespace

int main()
{
    const CMUnitTest tests[] = {
        cmocka_unit_test(each_person_counts_once_and_the_requester_never),
        cmocka_unit_test(one_approver_or_approval_less_never_counts_more),
        cmocka_unit_test(another_mode_or_nobodys_request_counts_nothing),
        cmocka_unit_test(names_are_split_as_they_were_joined),
    };
    return cmocka_run_group_tests_name("jitd/given_approvals", tests, nullptr, nullptr);
}
