// Some thousand situations, always the same, and what must be true in each of them.
#include "tests/unit/cmocka_cpp.h"

#include <algorithm>
#include <cstdio>

#include "lib/base/text.h"
#include "policy/argue.h"
#include "tests/unit/policy/decide_judge.h"

using namespace jit::policy;
using namespace jit::policy::test;
using namespace jit::policy::judge;

namespace {

constexpr unsigned situations = 3000;

// SplitMix64: small, and the same everywhere.
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

// The number of a situation is all that is needed to make it again.
void assert_for_each(const std::function<const char *(const Situation &, const Numbers &)> &look)
{
    for (unsigned seed = 1; seed <= situations; ++seed) {
        const Numbers below = numbers_of(seed);
        const Situation situation = make_situation(below);
        if (const char *fault = look(situation, below)) {
            std::printf("situation %u: %s\n", seed, fault);
            assert_null(fault);
        }
    }
}

void no_grant_goes_past_what_was_asked_the_role_the_hours_or_the_budget(void **)
{
    assert_for_each(
        [](const Situation &situation, const Numbers &) { return find_fault(situation); });
}

void one_more_condition_never_grants_more(void **)
{
    assert_for_each([](const Situation &situation, const Numbers &below) -> const char * {
        const Decision before = situation.decide();
        for (unsigned number = 0; number < condition_count; ++number) {
            Situation narrower = situation;
            add_condition(narrower, number, below);
            if (is_more(before, narrower.decide())) {
                std::printf("condition %u\n", number);
                return "more than without the condition";
            }
        }
        return nullptr;
    });
}

// Who says yes, how many, and what of an activation counts, is nothing that a decision knows: it
// says the same before they do and after. Another mode for the requester's own sign-in gives no
// more than that.
void who_has_to_approve_changes_nothing_of_what_is_decided(void **)
{
    unsigned changed[condition_count] = {};
    assert_for_each([&](const Situation &situation, const Numbers &below) -> const char * {
        const Decision before = situation.decide();
        for (unsigned number = condition_of_approval; number < condition_count; ++number) {
            Situation stricter = situation;
            if (!add_to_approval(stricter.web(), number - condition_of_approval, below))
                continue;
            ++changed[number];
            if (!is_same(before, stricter.decide()))
                return "another answer by who approves";
        }
        return nullptr;
    });
    for (unsigned number = condition_of_approval; number < condition_count; ++number)
        assert_true(changed[number] > situations / 16);
}

void one_requester_less_never_grants_more(void **)
{
    assert_for_each([](const Situation &situation, const Numbers &) -> const char * {
        const Decision before = situation.decide();
        for (std::size_t i = 0; i < situation.web().requesters.size(); ++i) {
            Situation fewer = situation;
            auto &requesters = fewer.web().requesters;
            requesters.erase(requesters.begin() + static_cast<std::ptrdiff_t>(i));
            if (is_more(before, fewer.decide()))
                return "more than with the requester";
        }
        Situation none = situation;
        none.web().requesters.clear();
        return none.decide().is_refused() ? nullptr : "a role of nobody's is granted";
    });
}

void more_that_was_had_never_grants_more(void **)
{
    assert_for_each([](const Situation &situation, const Numbers &below) -> const char * {
        Situation more = situation;
        make_use(more, below);
        more.use.others_active = situation.use.others_active + below(2);
        return is_more(situation.decide(), more.decide()) ? "more than who had less" : nullptr;
    });
}

void the_same_question_has_the_same_answer(void **)
{
    assert_for_each([](const Situation &situation, const Numbers &) -> const char * {
        const Decision first = situation.decide();
        if (!is_same(first, situation.decide()))
            return "another answer at the second time";
        // Neither does it matter where things stand in a list.
        Situation turned = situation;
        std::reverse(turned.web().requesters.begin(), turned.web().requesters.end());
        std::reverse(turned.web().conditions.hours.begin(), turned.web().conditions.hours.end());
        std::reverse(turned.use.spells.begin(), turned.use.spells.end());
        turned.policy.roles.push_back(turned.web());
        turned.policy.roles.back().name = "zone";
        return is_same(first, turned.decide()) ? nullptr : "another answer in another order";
    });
}

// By which rules a refusal may be, as policy files name them.
std::vector<std::string_view> rules_of(Refusal refusal)
{
    switch (refusal) {
    case Refusal::wrong_host:
        return {"hosts"};
    case Refusal::no_terminal:
        return {"conditions.tty"};
    case Refusal::wrong_place:
        return {"conditions.from"};
    case Refusal::no_person:
        return {"person"};
    case Refusal::not_vouched:
        return {"allow_root_equivalent"};
    case Refusal::not_requester:
    case Refusal::group_overage:
    case Refusal::groups_unknown:
        return {"requesters"};
    case Refusal::guest:
        return {"conditions.guests"};
    case Refusal::no_context:
        return {"conditions.auth_context"};
    case Refusal::stale_sign_in:
        return {"conditions.auth_age"};
    case Refusal::no_reason:
    case Refusal::other_reason:
        return {"justification"};
    case Refusal::too_long:
        return {"max_duration"};
    case Refusal::outside_hours:
        return {"conditions.hours"};
    case Refusal::cooling:
        return {"limits.cooldown"};
    case Refusal::used_up:
        return {"limits.per_day"};
    case Refusal::no_place:
        return {"limits.max_active"};
    case Refusal::none:
    case Refusal::unknown_role:
        break;
    }
    return {};
}

// The first rule that is not met is the refusal, and there is one exactly if it is refused.
void what_is_argued_is_what_is_decided(void **)
{
    assert_for_each([](const Situation &situation, const Numbers &) -> const char * {
        const Decision decision = situation.decide();
        if (decision.role == nullptr)
            return nullptr; // nothing to argue about
        const auto findings = argue(situation.web(),
                                    {situation.role,
                                     situation.asked,
                                     situation.reason,
                                     situation.may_add_reason,
                                     {situation.tty, situation.rhost}},
                                    situation.person, situation.host, situation.use, situation.now);
        std::vector<std::string_view> rules;
        bool is_later = false;
        const Finding *unmet = nullptr;
        for (const Finding &finding : findings) {
            if (std::find(rules.begin(), rules.end(), finding.rule) != rules.end())
                return "a rule twice";
            rules.push_back(finding.rule);
            if (finding.text.empty() != (finding.verdict == Finding::Verdict::unset))
                return "a text too many, or none";
            if (jit::safe_text(finding.text, finding.text.size()) != finding.text)
                return "a text that is not safe";
            if (finding.verdict == Finding::Verdict::unmet && unmet == nullptr)
                unmet = &finding;
            is_later = is_later || (finding.verdict == Finding::Verdict::later &&
                                    finding.rule != "justification" && finding.rule != "approval");
        }
        if ((unmet != nullptr) != decision.is_refused())
            return unmet != nullptr ? "argued against, and granted" : "argued for, and refused";
        const auto by = rules_of(decision.refusal);
        if (unmet != nullptr && std::find(by.begin(), by.end(), unmet->rule) == by.end()) {
            std::printf("%s, argued by %s\n", std::string{name_of(decision.refusal)}.c_str(),
                        std::string{unmet->rule}.c_str());
            return "another refusal than is argued";
        }
        // Who needs no sign-in has had it, or the role wants none: nothing is left to it.
        const bool wants_one = is_signed_in_for(situation.web());
        if (is_later && wants_one && situation.person.signed_in && !situation.person.oid.empty())
            return "a sign-in that there was is yet to tell";
        return nullptr;
    });
}

// The situations are worth something only if they lead everywhere.
void every_refusal_comes_up_among_them(void **)
{
    std::map<Refusal, unsigned> seen;
    for (unsigned seed = 1; seed <= situations; ++seed)
        ++seen[make_situation(numbers_of(seed)).decide().refusal];
    for (int i = 0; i <= static_cast<int>(Refusal::no_place); ++i) {
        const auto refusal = static_cast<Refusal>(i);
        if (seen[refusal] < 5)
            std::printf("%s: %u\n", std::string{name_of(refusal)}.c_str(), seen[refusal]);
        assert_true(seen[refusal] >= 5);
    }
    assert_true(seen[Refusal::none] > situations / 8);
}

} // namespace

int main()
{
    const CMUnitTest tests[] = {
        cmocka_unit_test(no_grant_goes_past_what_was_asked_the_role_the_hours_or_the_budget),
        cmocka_unit_test(one_more_condition_never_grants_more),
        cmocka_unit_test(who_has_to_approve_changes_nothing_of_what_is_decided),
        cmocka_unit_test(one_requester_less_never_grants_more),
        cmocka_unit_test(more_that_was_had_never_grants_more),
        cmocka_unit_test(the_same_question_has_the_same_answer),
        cmocka_unit_test(what_is_argued_is_what_is_decided),
        cmocka_unit_test(every_refusal_comes_up_among_them),
    };
    return cmocka_run_group_tests_name("policy/decide_properties", tests, nullptr, nullptr);
}
